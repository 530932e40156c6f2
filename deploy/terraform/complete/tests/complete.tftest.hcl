mock_provider "oci" {
  alias = "home"
}

mock_provider "oci" {
  mock_data "oci_identity_region_subscriptions" {
    defaults = {
      region_subscriptions = [{ region_key = "PHX", region_name = "us-phoenix-1", status = "READY", is_home_region = true }]
    }
  }
  mock_data "oci_core_services" {
    defaults = {
      services = [{ id = "ocid1.service.oc1..all", cidr_block = "all-iad-services-in-oracle-services-network", name = "All IAD Services", description = "" }]
    }
  }
  mock_data "oci_identity_availability_domains" {
    defaults = {
      availability_domains = [{ id = "1", compartment_id = "ocid1.tenancy.oc1..mcp", name = "Uocm:US-ASHBURN-AD-1" }]
    }
  }
  mock_resource "oci_artifacts_container_repository" {
    defaults = { namespace = "axaxnpcrorw5" }
  }
  mock_resource "oci_apigateway_gateway" {
    defaults = { hostname = "abc.apigateway.us-ashburn-1.oci.customer-oci.com" }
  }
  mock_resource "oci_container_instances_container_instance" {
    defaults = { vnics = { private_ip = "10.0.1.5" } }
  }
}

variables {
  tenancy_ocid         = "ocid1.tenancy.oc1..mcp"
  compartment_ocid     = "ocid1.compartment.oc1..mcp"
  region               = "us-ashburn-1"
  authorization_server = "https://idcs-1.identity.oraclecloud.com/"
  audience             = "https://tools.example/"
}

run "first_there_is_a_registry_and_no_server" {
  assert {
    condition     = output.repository == "ocir.us-ashburn-1.oci.oraclecloud.com/axaxnpcrorw5/oci-mcp"
    error_message = "the image has nowhere to go"
  }
  assert {
    condition     = output.mcp_url == null
    error_message = "there is a URL without a server"
  }
}

run "with_an_image_there_is_a_function_behind_a_gateway" {
  variables {
    image_tag   = "0.1.0"
    permissions = ["read instances"]
  }
  assert {
    condition     = output.mcp_url == "https://abc.apigateway.us-ashburn-1.oci.customer-oci.com/v1/mcp"
    error_message = "the URL is another"
  }
  assert {
    condition     = length(module.container_instance) == 0 && length(output.policy_statements) == 2
    error_message = "there is more than was asked for"
  }
}

run "or_a_container_instance_that_knows_its_gateway" {
  variables {
    host           = "container-instance"
    image_tag      = "0.1.0"
    gateway_secret = "0123456789abcdef0123456789abcdef"
    is_public      = true
    client_cidrs   = ["0.0.0.0/0"]
    jwks_uri       = "https://issuer.example/keys"
  }
  assert {
    condition     = output.mcp_url == "https://abc.apigateway.us-ashburn-1.oci.customer-oci.com/v1/mcp" && length(module.function) == 0
    error_message = "it is another host"
  }
}

run "a_host_that_is_none_is_refused" {
  command = plan
  variables {
    host                 = "lambda"
    authorization_server = "http://issuer.example"
  }
  expect_failures = [var.host, var.authorization_server]
}
