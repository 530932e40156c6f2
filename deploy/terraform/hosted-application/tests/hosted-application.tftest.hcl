mock_provider "oci" {}

override_resource {
  target = oci_generative_ai_hosted_application.this
  values = { id = "ocid1.generativeaihostedapplication.oc1..mcp" }
}

variables {
  compartment_id  = "ocid1.compartment.oc1..mcp"
  region          = "us-chicago-1"
  image           = "ocir.us-chicago-1.oci.oraclecloud.com/namespace/oci-mcp"
  tag             = "0.1.0"
  identity_domain = { url = "https://idcs-1.identity.oraclecloud.com", scope = "mcp", audience = "https://tools.example/" }
  settings        = { OCI_MCP_ACCESS = "none" }
}

run "the_platform_asks_callers_for_tokens" {
  assert {
    condition     = oci_generative_ai_hosted_application.this.inbound_auth_config[0].inbound_auth_config_type == "IDCS_AUTH_CONFIG"
    error_message = "it lets everybody in"
  }
  assert {
    condition     = output.mcp_url == "https://application.generativeai.us-chicago-1.oci.oraclecloud.com/20251112/hostedApplications/ocid1.generativeaihostedapplication.oc1..mcp/actions/invoke/mcp"
    error_message = "the URL is another"
  }
  assert {
    condition = ({ for variable in oci_generative_ai_hosted_application.this.environment_variables : variable.name => variable.value }
    == { OCI_MCP_ACCESS = "none", OCI_MCP_HOST = "container" })
    error_message = "the server is told something else"
  }
  assert {
    condition     = oci_generative_ai_hosted_deployment.this.active_artifact[0].tag == "0.1.0"
    error_message = "another image is deployed"
  }
}

run "a_server_without_a_word_on_who_may_call_is_refused" {
  command = plan
  variables {
    settings = { OCI_MCP_LOG = "info" }
  }
  expect_failures = [var.settings]
}

run "what_the_platform_has_not_is_refused" {
  command = plan
  variables {
    settings        = { OCI_MCP_ACCESS = "none", OCI_MCP_PORT = "9000" }
    image           = "ocir.us-chicago-1.oci.oraclecloud.com/namespace/oci-mcp:0.1.0"
    tag             = "latest"
    identity_domain = { url = "http://idcs-1.identity.oraclecloud.com", scope = "mcp", audience = "https://tools.example/" }
    replicas        = { least = 3, most = 2 }
  }
  expect_failures = [var.settings, var.image, var.tag, var.identity_domain, var.replicas]
}
