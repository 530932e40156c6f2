locals {
  base64 = filebase64(var.artifact)
  # Terraform tells no file's size; four characters are three bytes, but for the padding.
  artifact_bytes = length(local.base64) / 4 * 3 - (endswith(local.base64, "==") ? 2 : endswith(local.base64, "=") ? 1 : 0)
}

resource "oci_datascience_project" "this" {
  compartment_id = var.compartment_id
  display_name   = var.name
}

# A deployment needs a model, even where the server is an image.
resource "oci_datascience_model" "this" {
  compartment_id               = var.compartment_id
  project_id                   = oci_datascience_project.this.id
  display_name                 = var.name
  model_artifact               = var.artifact
  artifact_content_length      = local.artifact_bytes
  artifact_content_disposition = "attachment; filename=${basename(var.artifact)}"
}

resource "oci_datascience_model_deployment" "this" {
  compartment_id = var.compartment_id
  project_id     = oci_datascience_project.this.id
  display_name   = var.name

  model_deployment_configuration_details {
    deployment_type = "SINGLE_MODEL"

    model_configuration_details {
      model_id = oci_datascience_model.this.id

      instance_configuration {
        instance_shape_name = var.shape
        network_access_type = var.subnet_id == null ? "MANAGED_NETWORKING_NO_INTERNET_ACCESS" : "CUSTOM_NETWORKING"
        subnet_id           = var.subnet_id

        model_deployment_instance_shape_config_details {
          ocpus         = var.ocpus
          memory_in_gbs = var.memory_in_gbs
        }
      }

      scaling_policy {
        policy_type    = "FIXED_SIZE"
        instance_count = var.instances
      }
    }

    environment_configuration_details {
      environment_configuration_type = var.image == null ? "DEFAULT" : "OCIR_CONTAINER"
      image                          = var.image
      server_port                    = var.image == null ? null : var.port
      health_check_port              = var.image == null ? null : var.port
      environment_variables          = var.port == 8080 ? var.settings : merge(var.settings, { OCI_MCP_PORT = tostring(var.port) })

      dynamic "custom_http_endpoints" {
        for_each = var.image == null ? {} : { "/mcp" = ["POST", "GET", "DELETE"], "/mcp/stream" = ["POST"] }

        content {
          endpoint_uri_suffix = custom_http_endpoints.key
          http_methods        = custom_http_endpoints.value
        }
      }
    }
  }

  dynamic "category_log_details" {
    for_each = var.log_group_id == null ? [] : [var.log_group_id]

    content {
      access {
        log_group_id = category_log_details.value
        log_id       = oci_logging_log.this["access"].id
      }

      predict {
        log_group_id = category_log_details.value
        log_id       = oci_logging_log.this["predict"].id
      }
    }
  }
}

# The deployment writes to these itself, for which it needs `use log-content`.
resource "oci_logging_log" "this" {
  for_each = toset(var.log_group_id == null ? [] : ["access", "predict"])

  log_group_id = var.log_group_id
  display_name = "${var.name}-${each.key}"
  log_type     = "CUSTOM"
}
