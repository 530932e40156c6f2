output "vcn_id" {
  description = "OCID of the network."
  value       = oci_core_vcn.this.id
}

output "gateway_subnet_id" {
  description = "Where the API gateway goes."
  value       = oci_core_subnet.gateway.id
}

output "gateway_nsg_id" {
  description = "The gateway's security group: clients reach it, it reaches servers and HTTPS."
  value       = oci_core_network_security_group.gateway.id
}

output "server_subnet_id" {
  description = "Where servers go; without public addresses."
  value       = oci_core_subnet.servers.id
}

output "server_nsg_id" {
  description = "The servers' security group: the gateway alone reaches them."
  value       = oci_core_network_security_group.servers.id
}
