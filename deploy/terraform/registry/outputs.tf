output "repository" {
  description = "What to tag images with, but for the version: docker tag oci-mcp:0.1.0 REPOSITORY:0.1.0"
  value       = "ocir.${var.region}.oci.oraclecloud.com/${oci_artifacts_container_repository.this.namespace}/${oci_artifacts_container_repository.this.display_name}"
}
