variable "compartment_id" {
  type        = string
  description = "OCID of the compartment for the application."

  validation {
    condition     = can(regex("^ocid1\\.(compartment|tenancy)\\.", var.compartment_id))
    error_message = "compartment_id is the OCID of a compartment: ocid1.compartment.…"
  }
}

variable "region" {
  type        = string
  description = "The region, such as us-chicago-1."

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+-[0-9]+$", var.region))
    error_message = "region is the identifier of a region, such as us-chicago-1."
  }
}

variable "name" {
  type        = string
  description = "What application and deployment are called by."
  default     = "oci-mcp"
}

variable "image" {
  type        = string
  description = "The image in OCIR without its tag; of linux/amd64."

  validation {
    condition     = can(regex("^[a-z0-9.-]*ocir\\.[^/]+/[^:@]+$", var.image))
    error_message = "image is in OCIR and has no tag: ocir.us-chicago-1.oci.oraclecloud.com/NAMESPACE/oci-mcp"
  }
}

variable "tag" {
  type        = string
  description = "The image's tag."

  validation {
    condition     = can(regex("^[A-Za-z0-9_][A-Za-z0-9_.-]*$", var.tag)) && var.tag != "latest"
    error_message = "tag is a version, not latest."
  }
}

variable "identity_domain" {
  type = object({
    url      = string
    scope    = string
    audience = string
  })
  description = "Whose tokens the platform asks of callers, with which scope and audience."

  validation {
    condition     = startswith(var.identity_domain.url, "https://")
    error_message = "identity_domain.url is an https URL."
  }
}

variable "settings" {
  type        = map(string)
  description = "Settings of the server; OCI_MCP_ACCESS must be among them: none leaves it to the platform who calls."

  validation {
    condition     = contains(keys(var.settings), "OCI_MCP_ACCESS")
    error_message = "settings must have OCI_MCP_ACCESS: none if the platform alone is to ask for tokens, jwt if the server is to, too."
  }
  validation {
    condition     = !contains(keys(var.settings), "OCI_MCP_PORT") && !contains(keys(var.settings), "OCI_MCP_BIND")
    error_message = "The platform asks at 0.0.0.0:8080, which is what the image has."
  }
}

variable "replicas" {
  type = object({
    least = optional(number, 1)
    most  = optional(number, 2)
  })
  description = "How many replicas there are."
  default     = {}

  validation {
    condition     = var.replicas.least >= 0 && var.replicas.most >= max(1, var.replicas.least)
    error_message = "replicas.most is at least replicas.least, and 1."
  }
}
