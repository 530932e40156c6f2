provider "oci" {
  tenancy_ocid = var.tenancy_ocid
  region       = var.region
}

# Dynamic groups and policies are made in the tenancy's home region alone.
provider "oci" {
  alias = "home"

  tenancy_ocid = var.tenancy_ocid
  region       = one([for region in data.oci_identity_region_subscriptions.all.region_subscriptions : region.region_name if region.is_home_region])
}

data "oci_identity_region_subscriptions" "all" {
  tenancy_id = var.tenancy_ocid
}

locals {
  has_image    = var.image_tag != ""
  image        = "${module.registry.repository}:${var.image_tag}"
  function     = local.has_image && var.host == "functions" ? [var.settings] : []
  container    = local.has_image && var.host == "container-instance" ? [var.settings] : []
  sends_secret = nonsensitive(var.gateway_secret != "")
  # A container believes what the gateway says of callers only together with the secret.
  access = local.sends_secret ? {
    OCI_MCP_ACCESS             = "gateway"
    OCI_MCP_ACCESS_SECRET_FILE = "/etc/oci-mcp/gateway-secret"
  } : { OCI_MCP_ACCESS = "none" }
}

data "oci_identity_availability_domains" "all" {
  compartment_id = var.tenancy_ocid
}

module "registry" {
  source = "../registry"

  compartment_id = var.compartment_ocid
  region         = var.region
  name           = var.name
}

module "iam" {
  source    = "../iam"
  providers = { oci = oci.home }

  tenancy_id          = var.tenancy_ocid
  compartment_id      = var.compartment_ocid
  name                = var.name
  hosts               = [var.host]
  permissions         = var.permissions
  is_gateway_in_front = var.host == "functions"
}

module "network" {
  source = "../network"

  compartment_id    = var.compartment_ocid
  name              = var.name
  is_gateway_public = var.is_public
  client_cidrs      = length(var.client_cidrs) > 0 ? var.client_cidrs : null
}

resource "oci_logging_log_group" "this" {
  compartment_id = var.compartment_ocid
  display_name   = var.name
}

module "function" {
  source = "../functions"
  count  = length(local.function)

  compartment_id = var.compartment_ocid
  name           = var.name
  subnet_ids     = [module.network.server_subnet_id]
  nsg_ids        = [module.network.server_nsg_id]
  image          = local.image
  settings       = var.settings
  log_group_id   = oci_logging_log_group.this.id

  depends_on = [module.iam]
}

module "container_instance" {
  source = "../container-instance"
  count  = length(local.container)

  compartment_id      = var.compartment_ocid
  name                = var.name
  availability_domain = data.oci_identity_availability_domains.all.availability_domains[0].name
  subnet_id           = module.network.server_subnet_id
  nsg_ids             = [module.network.server_nsg_id]
  image               = local.image
  settings            = merge(var.settings, local.access)
  files               = local.sends_secret ? { gateway-secret = var.gateway_secret } : {}

  # The image is pulled by the policy.
  depends_on = [module.iam]
}

module "api_gateway" {
  source = "../api-gateway"
  count  = local.has_image ? 1 : 0

  compartment_id = var.compartment_ocid
  name           = var.name
  subnet_id      = module.network.gateway_subnet_id
  nsg_ids        = [module.network.gateway_nsg_id]
  is_public      = var.is_public
  backend = {
    function_id = one(module.function[*].function_id)
    url         = one(module.container_instance[*].url)
  }
  authentication = {
    by                    = "token"
    issuers               = [var.issuer]
    audiences             = [var.audience]
    jwks_uri              = coalesce(var.jwks_uri, "${trimsuffix(var.authorization_server, "/")}/admin/v1/SigningCert/jwk")
    required_scopes       = var.scopes
    authorization_servers = [var.authorization_server]
    scopes                = var.scopes
  }
  gateway_secret = var.host == "container-instance" && local.sends_secret ? var.gateway_secret : null
  log_group_id   = oci_logging_log_group.this.id
}
