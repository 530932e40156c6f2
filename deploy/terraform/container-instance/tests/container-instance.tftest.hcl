mock_provider "oci" {}

variables {
  compartment_id      = "ocid1.compartment.oc1..mcp"
  availability_domain = "Uocm:US-ASHBURN-AD-1"
  subnet_id           = "ocid1.subnet.oc1..servers"
  image               = "ocir.us-ashburn-1.oci.oraclecloud.com/namespace/oci-mcp:0.1.0"
  private_ip          = "10.0.1.5"
  settings            = { OCI_MCP_ACCESS = "none" }
}

run "a_container_is_private_and_may_do_nothing_but_serve" {
  assert {
    condition     = oci_container_instances_container_instance.this.vnics[0].is_public_ip_assigned == false
    error_message = "it has a public address"
  }
  assert {
    condition = (oci_container_instances_container_instance.this.containers[0].security_context[0].is_root_file_system_readonly
      && oci_container_instances_container_instance.this.containers[0].security_context[0].run_as_user == 1000
    && oci_container_instances_container_instance.this.containers[0].security_context[0].capabilities[0].drop_capabilities[0] == "ALL")
    error_message = "it may do more"
  }
  assert {
    condition     = output.url == "http://10.0.1.5:8080"
    error_message = "the gateway would ask elsewhere"
  }
  assert {
    condition     = length(oci_container_instances_container_instance.this.volumes) == 0 && length(oci_container_instances_container_instance.this.image_pull_secrets) == 0
    error_message = "there is something that nobody asked for"
  }
}

run "port_health_and_settings_agree" {
  variables {
    port     = 9000
    settings = { OCI_MCP_ACCESS = "none", OCI_MCP_LOG = "debug" }
  }
  assert {
    condition = oci_container_instances_container_instance.this.containers[0].environment_variables == tomap({
      OCI_MCP_ACCESS = "none", OCI_MCP_LOG = "debug", OCI_MCP_HOST = "container", OCI_MCP_BIND = "0.0.0.0", OCI_MCP_PORT = "9000"
    })
    error_message = "the server is told something else"
  }
  assert {
    condition     = oci_container_instances_container_instance.this.containers[0].health_checks[0].port == 9000
    error_message = "health is asked for elsewhere"
  }
}

run "files_are_where_settings_name_them" {
  variables {
    files                = { gateway-secret = "0123456789abcdef0123456789abcdef" }
    image_pull_secret_id = "ocid1.vaultsecret.oc1..pull"
    settings = {
      OCI_MCP_ACCESS             = "gateway"
      OCI_MCP_ACCESS_SECRET_FILE = "/etc/oci-mcp/gateway-secret"
    }
  }
  assert {
    condition     = oci_container_instances_container_instance.this.volumes[0].configs[0].data == base64encode("0123456789abcdef0123456789abcdef")
    error_message = "the file is another"
  }
  assert {
    condition     = "${oci_container_instances_container_instance.this.containers[0].volume_mounts[0].mount_path}/${oci_container_instances_container_instance.this.volumes[0].configs[0].file_name}" == "/etc/oci-mcp/gateway-secret"
    error_message = "the file is elsewhere"
  }
  assert {
    condition     = oci_container_instances_container_instance.this.image_pull_secrets[0].registry_endpoint == "https://ocir.us-ashburn-1.oci.oraclecloud.com"
    error_message = "the secret is for another registry"
  }
}

run "a_server_without_a_word_on_who_may_call_is_refused" {
  command = plan
  variables {
    settings = {}
  }
  expect_failures = [var.settings]
}

run "what_cannot_run_is_refused" {
  command = plan
  variables {
    port  = 443
    shape = "VM.Standard.E4.Flex"
    image = "oci-mcp:latest"
    files = { "../policy.json" = "{}" }
  }
  expect_failures = [var.port, var.shape, var.image, var.files]
}
