output "mcp_url" {
  description = "What a client is given; the form is that of Oracle's documentation of 2026."
  value       = "https://application.generativeai.${var.region}.oci.oraclecloud.com/20251112/hostedApplications/${oci_generative_ai_hosted_application.this.id}/actions/invoke/mcp"
}

output "hosted_application_id" {
  description = "OCID of the application."
  value       = oci_generative_ai_hosted_application.this.id
}
