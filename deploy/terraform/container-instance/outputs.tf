output "url" {
  description = "The server without a path, for an API gateway's backend."
  value       = "http://${oci_container_instances_container_instance.this.vnics[0].private_ip}:${var.port}"
}

output "container_instance_id" {
  description = "OCID of the container instance."
  value       = oci_container_instances_container_instance.this.id
}
