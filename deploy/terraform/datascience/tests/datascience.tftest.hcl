mock_provider "oci" {
  mock_resource "oci_datascience_model_deployment" {
    defaults = { model_deployment_url = "https://modeldeployment.us-ashburn-1.oci.customer-oci.com/ocid1.datasciencemodeldeployment.oc1..mcp" }
  }
}

variables {
  compartment_id = "ocid1.compartment.oc1..mcp"
  image          = "ocir.us-ashburn-1.oci.oraclecloud.com/namespace/oci-mcp:0.1.0"
  artifact       = "tests/artifact.zip"
}

run "an_image_has_both_ways_to_mcp" {
  assert {
    condition = ({ for endpoint in oci_datascience_model_deployment.this.model_deployment_configuration_details[0].environment_configuration_details[0].custom_http_endpoints : endpoint.endpoint_uri_suffix => endpoint.http_methods }
    == { "/mcp" = tolist(["POST", "GET", "DELETE"]), "/mcp/stream" = tolist(["POST"]) })
    error_message = "a route is missing"
  }
  assert {
    condition     = output.mcp_url == "https://modeldeployment.us-ashburn-1.oci.customer-oci.com/ocid1.datasciencemodeldeployment.oc1..mcp/predict/mcp"
    error_message = "the URL is another"
  }
  assert {
    condition     = endswith(output.mcp_stream_url, "/predictWithResponseStream/mcp/stream")
    error_message = "the URL is another"
  }
  assert {
    condition     = oci_datascience_model_deployment.this.model_deployment_configuration_details[0].model_configuration_details[0].instance_configuration[0].network_access_type == "MANAGED_NETWORKING_NO_INTERNET_ACCESS"
    error_message = "the internet is open"
  }
}

run "the_size_of_the_artifact_is_found_out" {
  assert {
    condition     = oci_datascience_model.this.artifact_content_length == "22"
    error_message = "an empty ZIP has 22 bytes"
  }
}

run "the_conda_way_has_no_image_and_no_mcp" {
  variables {
    image = null
  }
  assert {
    condition     = oci_datascience_model_deployment.this.model_deployment_configuration_details[0].environment_configuration_details[0].environment_configuration_type == "DEFAULT"
    error_message = "it is a container"
  }
  assert {
    condition     = output.mcp_url == null && length(oci_datascience_model_deployment.this.model_deployment_configuration_details[0].environment_configuration_details[0].custom_http_endpoints) == 0
    error_message = "it promises MCP"
  }
}

run "another_port_is_told_to_the_server_and_logs_are_written" {
  variables {
    port         = 9000
    subnet_id    = "ocid1.subnet.oc1..servers"
    log_group_id = "ocid1.loggroup.oc1..mcp"
  }
  assert {
    condition     = oci_datascience_model_deployment.this.model_deployment_configuration_details[0].environment_configuration_details[0].environment_variables["OCI_MCP_PORT"] == "9000"
    error_message = "platform and server disagree"
  }
  assert {
    condition     = oci_datascience_model_deployment.this.model_deployment_configuration_details[0].model_configuration_details[0].instance_configuration[0].network_access_type == "CUSTOM_NETWORKING"
    error_message = "the subnet is not used"
  }
  assert {
    condition     = oci_datascience_model_deployment.this.category_log_details[0].predict[0].log_id == oci_logging_log.this["predict"].id
    error_message = "nothing is logged"
  }
}

run "what_the_platform_has_not_is_refused" {
  command = plan
  variables {
    port      = 8446
    instances = 0
    shape     = "VM.Standard2.1"
    settings  = { "_BAD" = "1" }
  }
  expect_failures = [var.port, var.instances, var.shape, var.settings]
}

run "more_than_2048_bytes_of_settings_are_refused" {
  command = plan
  variables {
    settings = { OCI_MCP_ALLOWED_ORIGINS = format("%2048s", "x") }
  }
  expect_failures = [var.settings]
}
