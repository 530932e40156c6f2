resource "oci_artifacts_container_repository" "this" {
  compartment_id = var.compartment_id
  display_name   = var.name
  is_public      = false
  is_immutable   = var.is_immutable
}
