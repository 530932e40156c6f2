resource "oci_generative_ai_hosted_application" "this" {
  compartment_id = var.compartment_id
  display_name   = var.name

  inbound_auth_config {
    inbound_auth_config_type = "IDCS_AUTH_CONFIG"

    idcs_config {
      domain_url = var.identity_domain.url
      scope      = var.identity_domain.scope
      audience   = var.identity_domain.audience
    }
  }

  scaling_config {
    scaling_type         = "CPU"
    target_cpu_threshold = 70
    min_replica          = var.replicas.least
    max_replica          = var.replicas.most
  }

  dynamic "environment_variables" {
    for_each = merge(var.settings, { OCI_MCP_HOST = "container" })

    content {
      name  = environment_variables.key
      type  = "PLAINTEXT"
      value = environment_variables.value
    }
  }
}

resource "oci_generative_ai_hosted_deployment" "this" {
  compartment_id        = var.compartment_id
  display_name          = var.name
  hosted_application_id = oci_generative_ai_hosted_application.this.id

  active_artifact {
    artifact_type = "SIMPLE_DOCKER_ARTIFACT"
    container_uri = var.image
    tag           = var.tag
  }
}
