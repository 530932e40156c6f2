variable "compartment_id" {
  type        = string
  description = "OCID of the compartment for the repository."

  validation {
    condition     = can(regex("^ocid1\\.(compartment|tenancy)\\.", var.compartment_id))
    error_message = "compartment_id is the OCID of a compartment: ocid1.compartment.…"
  }
}

variable "region" {
  type        = string
  description = "The region, such as us-ashburn-1; functions and model deployments pull from their own."

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+-[0-9]+$", var.region))
    error_message = "region is the identifier of a region, such as us-ashburn-1."
  }
}

variable "name" {
  type        = string
  description = "The name of the repository."
  default     = "oci-mcp"

  validation {
    condition     = can(regex("^[a-z0-9]+([._/-][a-z0-9]+)*$", var.name))
    error_message = "name has lower-case letters and digits, with . _ - or / between them."
  }
}

variable "is_immutable" {
  type        = bool
  description = "Whether a tag stays what it is once it was pushed."
  default     = true
}
