mock_provider "oci" {}

variables {
  compartment_id     = "ocid1.compartment.oc1..mcp"
  kubernetes_version = "v1.34.1"
  vcn_id             = "ocid1.vcn.oc1..mcp"
  endpoint           = { subnet_id = "ocid1.subnet.oc1..endpoint" }
  nodes = {
    subnet_id            = "ocid1.subnet.oc1..nodes"
    pod_subnet_id        = "ocid1.subnet.oc1..pods"
    image_id             = "ocid1.image.oc1..node"
    availability_domains = ["Uocm:US-ASHBURN-AD-1", "Uocm:US-ASHBURN-AD-2"]
  }
}

run "a_cluster_has_workload_identity_and_no_public_address" {
  assert {
    condition     = oci_containerengine_cluster.this.type == "ENHANCED_CLUSTER"
    error_message = "pods have no identity"
  }
  assert {
    condition     = oci_containerengine_cluster.this.endpoint_config[0].is_public_ip_enabled == false
    error_message = "its API is public"
  }
  assert {
    condition     = length(oci_containerengine_node_pool.this.node_config_details[0].placement_configs) == 2
    error_message = "its nodes are in one place"
  }
}

run "what_cannot_be_is_refused" {
  command = plan
  variables {
    kubernetes_version = "1.34"
    nodes = {
      subnet_id            = "ocid1.subnet.oc1..nodes"
      pod_subnet_id        = "ocid1.subnet.oc1..pods"
      image_id             = "ocid1.image.oc1..node"
      availability_domains = []
    }
  }
  expect_failures = [var.kubernetes_version, var.nodes]
}
