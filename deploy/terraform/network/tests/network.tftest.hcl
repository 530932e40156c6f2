mock_provider "oci" {
  mock_data "oci_core_services" {
    defaults = {
      services = [
        { id = "ocid1.service.oc1..storage", cidr_block = "oci-iad-objectstorage", name = "OCI IAD Object Storage", description = "" },
        { id = "ocid1.service.oc1..all", cidr_block = "all-iad-services-in-oracle-services-network", name = "All IAD Services", description = "" },
      ]
    }
  }
}

variables {
  compartment_id = "ocid1.compartment.oc1..mcp"
}

run "nothing_is_reached_from_outside_unasked" {
  assert {
    condition     = oci_core_subnet.gateway.prohibit_public_ip_on_vnic && oci_core_subnet.servers.prohibit_public_ip_on_vnic
    error_message = "a subnet has public addresses"
  }
  assert {
    condition     = length(oci_core_internet_gateway.this) == 0
    error_message = "there is a way in"
  }
  assert {
    condition     = keys(oci_core_network_security_group_security_rule.clients_to_gateway) == ["10.0.0.0/16"]
    error_message = "others than the network reach the gateway"
  }
  assert {
    condition     = oci_core_network_security_group_security_rule.servers_to_https.destination == "all-iad-services-in-oracle-services-network"
    error_message = "servers reach the internet"
  }
  assert {
    condition     = [for rule in oci_core_default_security_list.this.ingress_security_rules : rule.protocol] == ["1"] && length(oci_core_default_security_list.this.egress_security_rules) == 0
    error_message = "the default list lets something through"
  }
}

run "servers_are_reached_by_the_gateway_alone" {
  variables {
    server_port = 9000
  }
  assert {
    condition     = oci_core_network_security_group_security_rule.servers_from_gateway.source == oci_core_network_security_group.gateway.id
    error_message = "others reach them"
  }
  assert {
    condition     = oci_core_network_security_group_security_rule.servers_from_gateway.tcp_options[0].destination_port_range[0].min == 9000 && oci_core_network_security_group_security_rule.gateway_to_servers.tcp_options[0].destination_port_range[0].max == 9000
    error_message = "at another port"
  }
}

run "a_public_gateway_says_who_may_reach_it" {
  command = plan
  variables {
    is_gateway_public = true
  }
  expect_failures = [oci_core_subnet.gateway]
}

run "a_public_gateway_leaves_servers_private" {
  variables {
    is_gateway_public           = true
    client_cidrs                = ["192.0.2.0/24", "198.51.100.0/24"]
    is_internet_open_to_servers = true
  }
  assert {
    condition     = oci_core_subnet.gateway.route_table_id == oci_core_route_table.public[0].id && !oci_core_subnet.gateway.prohibit_public_ip_on_vnic
    error_message = "the gateway cannot be reached"
  }
  assert {
    condition     = oci_core_subnet.servers.route_table_id == oci_core_route_table.private.id && oci_core_subnet.servers.prohibit_public_ip_on_vnic
    error_message = "the servers can"
  }
  assert {
    condition     = length(oci_core_network_security_group_security_rule.clients_to_gateway) == 2
    error_message = "others may call"
  }
  assert {
    condition     = oci_core_network_security_group_security_rule.servers_to_https.destination == "0.0.0.0/0"
    error_message = "the issuer is out of reach"
  }
}

run "what_is_no_network_is_refused" {
  command = plan
  variables {
    cidr           = "10.0.0.0/24"
    compartment_id = "mcp"
    server_port    = 0
  }
  expect_failures = [var.cidr, var.compartment_id, var.server_port]
}
