output "mcp_url" {
  description = "What a client is given, and OCI_MCP_ACCESS_RESOURCE of a server that asks for tokens itself."
  value       = local.resource
}

output "metadata_url" {
  description = "Where clients read who gives out tokens (RFC 9728)."
  value       = "https://${local.hostname}/.well-known${local.metadata}"
}

output "gateway_id" {
  description = "OCID of the gateway, and OCI_MCP_ACCESS_GATEWAY of a function with OCI_MCP_ACCESS=gateway."
  value       = oci_apigateway_gateway.this.id
}

output "ip_addresses" {
  description = "For the record of a name of your own."
  value       = oci_apigateway_gateway.this.ip_addresses[*].ip_address
}
