variable "compartment_id" {
  type        = string
  description = "OCID of the compartment for the application."

  validation {
    condition     = can(regex("^ocid1\\.(compartment|tenancy)\\.", var.compartment_id))
    error_message = "compartment_id is the OCID of a compartment: ocid1.compartment.…"
  }
}

variable "name" {
  type        = string
  description = "The name of the application and of its function."
  default     = "oci-mcp"
}

variable "subnet_ids" {
  type        = list(string)
  description = "Where the function's requests come from: private subnets will do."

  validation {
    condition     = length(var.subnet_ids) >= 1 && length(var.subnet_ids) <= 3
    error_message = "An application has one to three subnets."
  }
}

variable "nsg_ids" {
  type        = list(string)
  description = "Security groups of the function's requests."
  default     = []
}

variable "shape" {
  type        = string
  description = "The processor: that of the image."
  default     = "GENERIC_X86"

  validation {
    condition     = contains(["GENERIC_X86", "GENERIC_ARM", "GENERIC_X86_ARM"], var.shape)
    error_message = "shape is GENERIC_X86, GENERIC_ARM or GENERIC_X86_ARM."
  }
}

variable "image" {
  type        = string
  description = "The image in OCIR, with its tag."

  validation {
    condition     = can(regex("^[a-z0-9.-]*ocir\\.[^/]+/[^:@]+:[^:@]+$", var.image)) && !endswith(var.image, ":latest")
    error_message = "image is in OCIR and has a tag other than latest: ocir.us-ashburn-1.oci.oraclecloud.com/NAMESPACE/oci-mcp:0.1.0"
  }
}

variable "memory_in_mbs" {
  type        = number
  description = "Memory of an instance, and with it its processor."
  default     = 256

  validation {
    condition     = contains([128, 256, 512, 1024, 2048, 3072], var.memory_in_mbs)
    error_message = "memory_in_mbs is 128, 256, 512, 1024, 2048 or 3072."
  }
}

variable "timeout_in_seconds" {
  type        = number
  description = "The longest that a request may take; tools are stopped a second before."
  default     = 120

  validation {
    condition     = var.timeout_in_seconds >= 5 && var.timeout_in_seconds <= 300
    error_message = "timeout_in_seconds is from 5 to 300."
  }
}

variable "provisioned_instances" {
  type        = number
  description = "Instances that are kept started, and paid for; 0: none."
  default     = 0

  validation {
    condition     = var.provisioned_instances >= 0 && floor(var.provisioned_instances) == var.provisioned_instances
    error_message = "provisioned_instances is a whole number."
  }
}

variable "settings" {
  type        = map(string)
  description = "Settings of the server, such as OCI_MCP_LOG. Whoever may read functions reads them: no secrets."
  default     = {}

  validation {
    condition     = sum(concat([0], [for name, value in var.settings : length(name) + length(value)])) <= 4096
    error_message = "A function has at most 4 KB of settings."
  }
  validation {
    condition     = alltrue([for name in keys(var.settings) : can(regex("^[A-Z][A-Z0-9_]*$", name)) && !startswith(name, "FN_") && !startswith(name, "OCI_RESOURCE_PRINCIPAL_")])
    error_message = "A setting's name has capital letters, digits and underscores; FN_ and OCI_RESOURCE_PRINCIPAL_ are the platform's."
  }
}

variable "log_group_id" {
  type        = string
  description = "The log group for what the function writes to stderr; null: nowhere."
  default     = null
}
