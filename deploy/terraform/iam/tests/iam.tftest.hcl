mock_provider "oci" {}

variables {
  tenancy_id     = "ocid1.tenancy.oc1..mcp"
  compartment_id = "ocid1.compartment.oc1..mcp"
  hosts          = ["functions"]
}

run "nothing_is_allowed_unasked" {
  assert {
    condition     = length(output.statements) == 0 && length(oci_identity_policy.this) == 0
    error_message = "there is a policy"
  }
  assert {
    condition     = oci_identity_dynamic_group.host["functions"].matching_rule == "ALL {resource.type = 'fnfunc', resource.compartment.id = 'ocid1.compartment.oc1..mcp'}"
    error_message = "others are in the group"
  }
}

run "tools_may_do_what_is_listed_in_the_compartment_and_no_more" {
  variables {
    permissions         = ["read instances", "inspect vcns"]
    is_gateway_in_front = true
  }
  assert {
    condition = oci_identity_policy.this[0].statements == tolist([
      "Allow dynamic-group oci-mcp-functions to read instances in compartment id ocid1.compartment.oc1..mcp",
      "Allow dynamic-group oci-mcp-functions to inspect vcns in compartment id ocid1.compartment.oc1..mcp",
      "Allow any-user to use functions-family in compartment id ocid1.compartment.oc1..mcp where ALL {request.principal.type = 'ApiGateway', request.resource.compartment.id = 'ocid1.compartment.oc1..mcp'}",
    ])
    error_message = "the policy says something else"
  }
}

run "each_host_pulls_its_image_as_it_must" {
  variables {
    hosts = ["container-instance", "datascience"]
  }
  assert {
    condition     = contains(output.statements, "Allow dynamic-group oci-mcp-container-instance to read repos in compartment id ocid1.compartment.oc1..mcp")
    error_message = "a container instance cannot"
  }
  assert {
    condition     = contains(output.statements, "Allow any-user to read repos in compartment id ocid1.compartment.oc1..mcp where ALL {request.principal.type = 'datasciencemodeldeployment', request.resource.compartment.id = 'ocid1.compartment.oc1..mcp'}")
    error_message = "a model deployment cannot"
  }
}

run "pods_are_known_by_their_service_account" {
  variables {
    hosts       = []
    permissions = ["read instances"]
    workload    = { cluster_id = "ocid1.cluster.oc1..mcp", namespace = "mcp", service_account = "oci-mcp" }
  }
  assert {
    condition     = one(output.statements) == "Allow any-user to read instances in compartment id ocid1.compartment.oc1..mcp where ALL {request.principal.type = 'workload', request.principal.cluster_id = 'ocid1.cluster.oc1..mcp', request.principal.namespace = 'mcp', request.principal.service_account = 'oci-mcp'}"
    error_message = "other pods may, too"
  }
}

run "too_much_is_refused" {
  command = plan
  variables {
    compartment_id = "ocid1.tenancy.oc1..mcp"
    permissions    = ["read all-resources"]
  }
  expect_failures = [var.compartment_id, var.permissions]
}

run "what_is_no_permission_is_refused" {
  command = plan
  variables {
    permissions = ["read instances in tenancy"]
    hosts       = ["lambda"]
  }
  expect_failures = [var.permissions, var.hosts]
}
