output "function_id" {
  description = "OCID of the function, for an API gateway."
  value       = oci_functions_function.this.id
}

output "application_id" {
  description = "OCID of the application, for `fn` and the console."
  value       = oci_functions_application.this.id
}

output "invoke_url" {
  description = "Where a signed request invokes the function without a gateway."
  value       = "${oci_functions_function.this.invoke_endpoint}/20181201/functions/${oci_functions_function.this.id}/actions/invoke"
}
