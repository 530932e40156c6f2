output "predict_url" {
  description = "Takes JSON-RPC, or {\"tool\": …, \"arguments\": …}; requests are signed."
  value       = "${oci_datascience_model_deployment.this.model_deployment_url}/predict"
}

output "mcp_url" {
  description = "MCP, answered with one JSON document; requests are signed. null on the conda way."
  value       = var.image == null ? null : "${oci_datascience_model_deployment.this.model_deployment_url}/predict/mcp"
}

output "mcp_stream_url" {
  description = "MCP, answered with an event stream; requests are signed. null on the conda way."
  value       = var.image == null ? null : "${oci_datascience_model_deployment.this.model_deployment_url}/predictWithResponseStream/mcp/stream"
}

output "deployment_id" {
  description = "OCID of the deployment."
  value       = oci_datascience_model_deployment.this.id
}
