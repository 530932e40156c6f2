locals {
  any          = "0.0.0.0/0"
  tcp          = "6"
  icmp         = "1"
  oci          = one([for service in data.oci_core_services.all.services : service if strcontains(service.cidr_block, "all-")])
  client_cidrs = coalesce(var.client_cidrs, [var.cidr])
}

data "oci_core_services" "all" {}

resource "oci_core_vcn" "this" {
  compartment_id = var.compartment_id
  display_name   = var.name
  cidr_blocks    = [var.cidr]
  dns_label      = substr(replace(var.name, "/[^a-z0-9]/", ""), 0, 15)
}

# What may pass is said by security groups alone: the list that every subnet has lets nothing through but the
# message that a packet is too large.
resource "oci_core_default_security_list" "this" {
  manage_default_resource_id = oci_core_vcn.this.default_security_list_id

  ingress_security_rules {
    protocol = local.icmp
    source   = local.any

    icmp_options {
      type = 3
      code = 4
    }
  }
}

resource "oci_core_nat_gateway" "this" {
  compartment_id = var.compartment_id
  vcn_id         = oci_core_vcn.this.id
  display_name   = var.name
}

resource "oci_core_service_gateway" "this" {
  compartment_id = var.compartment_id
  vcn_id         = oci_core_vcn.this.id
  display_name   = var.name

  services {
    service_id = local.oci.id
  }
}

resource "oci_core_internet_gateway" "this" {
  count = var.is_gateway_public ? 1 : 0

  compartment_id = var.compartment_id
  vcn_id         = oci_core_vcn.this.id
  display_name   = var.name
}

resource "oci_core_route_table" "private" {
  compartment_id = var.compartment_id
  vcn_id         = oci_core_vcn.this.id
  display_name   = "${var.name}-private"

  route_rules {
    network_entity_id = oci_core_nat_gateway.this.id
    destination       = local.any
  }

  route_rules {
    network_entity_id = oci_core_service_gateway.this.id
    destination       = local.oci.cidr_block
    destination_type  = "SERVICE_CIDR_BLOCK"
  }
}

resource "oci_core_route_table" "public" {
  count = var.is_gateway_public ? 1 : 0

  compartment_id = var.compartment_id
  vcn_id         = oci_core_vcn.this.id
  display_name   = "${var.name}-public"

  route_rules {
    network_entity_id = oci_core_internet_gateway.this[0].id
    destination       = local.any
  }
}

resource "oci_core_subnet" "gateway" {
  compartment_id             = var.compartment_id
  vcn_id                     = oci_core_vcn.this.id
  display_name               = "${var.name}-gateway"
  cidr_block                 = cidrsubnet(var.cidr, 8, 0)
  route_table_id             = one(oci_core_route_table.public[*].id) == null ? oci_core_route_table.private.id : oci_core_route_table.public[0].id
  prohibit_public_ip_on_vnic = !var.is_gateway_public

  lifecycle {
    precondition {
      condition     = !var.is_gateway_public || var.client_cidrs != null
      error_message = "client_cidrs must say who may reach a gateway that is public."
    }
  }
}

resource "oci_core_subnet" "servers" {
  compartment_id             = var.compartment_id
  vcn_id                     = oci_core_vcn.this.id
  display_name               = "${var.name}-servers"
  cidr_block                 = cidrsubnet(var.cidr, 8, 1)
  route_table_id             = oci_core_route_table.private.id
  prohibit_public_ip_on_vnic = true
}

resource "oci_core_network_security_group" "gateway" {
  compartment_id = var.compartment_id
  vcn_id         = oci_core_vcn.this.id
  display_name   = "${var.name}-gateway"
}

resource "oci_core_network_security_group" "servers" {
  compartment_id = var.compartment_id
  vcn_id         = oci_core_vcn.this.id
  display_name   = "${var.name}-servers"
}

resource "oci_core_network_security_group_security_rule" "clients_to_gateway" {
  for_each = toset(local.client_cidrs)

  network_security_group_id = oci_core_network_security_group.gateway.id
  description               = "clients"
  direction                 = "INGRESS"
  protocol                  = local.tcp
  source_type               = "CIDR_BLOCK"
  source                    = each.value

  tcp_options {
    destination_port_range {
      min = 443
      max = 443
    }
  }
}

# Functions, and the keys of whoever issues tokens.
resource "oci_core_network_security_group_security_rule" "gateway_to_https" {
  network_security_group_id = oci_core_network_security_group.gateway.id
  description               = "functions, keys of the issuer"
  direction                 = "EGRESS"
  protocol                  = local.tcp
  destination_type          = "CIDR_BLOCK"
  destination               = local.any

  tcp_options {
    destination_port_range {
      min = 443
      max = 443
    }
  }
}

resource "oci_core_network_security_group_security_rule" "gateway_to_servers" {
  network_security_group_id = oci_core_network_security_group.gateway.id
  description               = "servers"
  direction                 = "EGRESS"
  protocol                  = local.tcp
  destination_type          = "NETWORK_SECURITY_GROUP"
  destination               = oci_core_network_security_group.servers.id

  tcp_options {
    destination_port_range {
      min = var.server_port
      max = var.server_port
    }
  }
}

resource "oci_core_network_security_group_security_rule" "servers_from_gateway" {
  network_security_group_id = oci_core_network_security_group.servers.id
  description               = "gateway"
  direction                 = "INGRESS"
  protocol                  = local.tcp
  source_type               = "NETWORK_SECURITY_GROUP"
  source                    = oci_core_network_security_group.gateway.id

  tcp_options {
    destination_port_range {
      min = var.server_port
      max = var.server_port
    }
  }
}

resource "oci_core_network_security_group_security_rule" "servers_to_https" {
  network_security_group_id = oci_core_network_security_group.servers.id
  description               = "OCI, and the internet if it is open"
  direction                 = "EGRESS"
  protocol                  = local.tcp
  destination_type          = var.is_internet_open_to_servers ? "CIDR_BLOCK" : "SERVICE_CIDR_BLOCK"
  destination               = var.is_internet_open_to_servers ? local.any : local.oci.cidr_block

  tcp_options {
    destination_port_range {
      min = 443
      max = 443
    }
  }
}
