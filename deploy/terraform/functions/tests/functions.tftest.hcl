mock_provider "oci" {}

variables {
  compartment_id = "ocid1.compartment.oc1..mcp"
  subnet_ids     = ["ocid1.subnet.oc1..servers"]
  image          = "ocir.us-ashburn-1.oci.oraclecloud.com/namespace/oci-mcp:0.1.0"
}

run "nothing_is_kept_started_or_logged_unasked" {
  assert {
    condition     = oci_functions_function.this.provisioned_concurrency_config[0].strategy == "NONE"
    error_message = "instances are kept"
  }
  assert {
    condition     = length(oci_logging_log.invocations) == 0
    error_message = "there is a log without a group"
  }
}

run "instances_can_be_kept_and_logs_written" {
  variables {
    provisioned_instances = 20
    log_group_id          = "ocid1.loggroup.oc1..mcp"
    settings              = { OCI_MCP_LOG = "debug" }
  }
  assert {
    condition     = oci_functions_function.this.provisioned_concurrency_config[0].count == 20
    error_message = "they are not kept"
  }
  assert {
    condition     = oci_logging_log.invocations[0].configuration[0].source[0].resource == oci_functions_application.this.id
    error_message = "the log is of something else"
  }
  assert {
    condition     = oci_functions_function.this.config["OCI_MCP_LOG"] == "debug"
    error_message = "settings do not reach the function"
  }
}

run "what_the_platform_has_not_is_refused" {
  command = plan
  variables {
    memory_in_mbs      = 300
    timeout_in_seconds = 301
    shape              = "GENERIC_RISCV"
    image              = "docker.io/library/oci-mcp:latest"
    subnet_ids         = []
  }
  expect_failures = [var.memory_in_mbs, var.timeout_in_seconds, var.shape, var.image, var.subnet_ids]
}

run "more_than_4_kb_of_settings_are_refused" {
  command = plan
  variables {
    settings = { OCI_MCP_ALLOWED_ORIGINS = format("%4096s", "x") }
  }
  expect_failures = [var.settings]
}

run "settings_of_the_platform_are_refused" {
  command = plan
  variables {
    settings = { FN_LISTENER = "unix:/tmp/mine.sock" }
  }
  expect_failures = [var.settings]
}
