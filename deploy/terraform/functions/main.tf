resource "oci_functions_application" "this" {
  compartment_id             = var.compartment_id
  display_name               = var.name
  subnet_ids                 = var.subnet_ids
  network_security_group_ids = var.nsg_ids
  shape                      = var.shape
}

resource "oci_functions_function" "this" {
  application_id     = oci_functions_application.this.id
  display_name       = var.name
  image              = var.image
  memory_in_mbs      = var.memory_in_mbs
  timeout_in_seconds = var.timeout_in_seconds
  config             = var.settings

  provisioned_concurrency_config {
    strategy = var.provisioned_instances > 0 ? "CONSTANT" : "NONE"
    count    = var.provisioned_instances > 0 ? var.provisioned_instances : null
  }
}

resource "oci_logging_log" "invocations" {
  count = var.log_group_id == null ? 0 : 1

  log_group_id = var.log_group_id
  display_name = "${var.name}-invocations"
  log_type     = "SERVICE"
  is_enabled   = true

  configuration {
    compartment_id = var.compartment_id

    source {
      source_type = "OCISERVICE"
      service     = "functions"
      resource    = oci_functions_application.this.id
      category    = "invoke"
    }
  }
}
