locals {
  file_names = nonsensitive(toset(keys(var.files)))
}

resource "oci_container_instances_container_instance" "this" {
  compartment_id           = var.compartment_id
  availability_domain      = var.availability_domain
  display_name             = var.name
  shape                    = var.shape
  container_restart_policy = "ALWAYS"
  # The server drains on SIGTERM.
  graceful_shutdown_timeout_in_seconds = 30

  shape_config {
    ocpus         = var.ocpus
    memory_in_gbs = var.memory_in_gbs
  }

  vnics {
    subnet_id             = var.subnet_id
    nsg_ids               = var.nsg_ids
    private_ip            = var.private_ip
    is_public_ip_assigned = false
  }

  containers {
    display_name          = var.name
    image_url             = var.image
    environment_variables = merge(var.settings, { OCI_MCP_HOST = "container", OCI_MCP_BIND = "0.0.0.0", OCI_MCP_PORT = tostring(var.port) })

    security_context {
      security_context_type          = "LINUX"
      run_as_user                    = 1000
      run_as_group                   = 1000
      is_non_root_user_check_enabled = true
      is_root_file_system_readonly   = true

      capabilities {
        drop_capabilities = ["ALL"]
      }
    }

    health_checks {
      name                     = "health"
      health_check_type        = "HTTP"
      path                     = "/health"
      port                     = var.port
      initial_delay_in_seconds = 5
      interval_in_seconds      = 30
      timeout_in_seconds       = 5
      failure_threshold        = 3
      success_threshold        = 1
      failure_action           = "KILL"
    }

    dynamic "volume_mounts" {
      for_each = length(local.file_names) > 0 ? ["files"] : []

      content {
        volume_name  = volume_mounts.value
        mount_path   = "/etc/oci-mcp"
        is_read_only = true
      }
    }
  }

  dynamic "volumes" {
    for_each = length(local.file_names) > 0 ? ["files"] : []

    content {
      name        = volumes.value
      volume_type = "CONFIGFILE"

      dynamic "configs" {
        for_each = local.file_names

        content {
          file_name = configs.value
          data      = base64encode(var.files[configs.value])
        }
      }
    }
  }

  dynamic "image_pull_secrets" {
    for_each = var.image_pull_secret_id == null ? [] : [var.image_pull_secret_id]

    content {
      secret_type       = "VAULT"
      registry_endpoint = "https://${split("/", var.image)[0]}"
      secret_id         = image_pull_secrets.value
    }
  }
}
