terraform {
  # Resource Manager has 1.5.
  required_version = ">= 1.5"

  required_providers {
    oci = {
      source  = "oracle/oci"
      version = ">= 8.24"
    }
  }
}
