variable "compartment_id" {
  type        = string
  description = "OCID of the compartment for the container instance."

  validation {
    condition     = can(regex("^ocid1\\.(compartment|tenancy)\\.", var.compartment_id))
    error_message = "compartment_id is the OCID of a compartment: ocid1.compartment.…"
  }
}

variable "name" {
  type        = string
  description = "What the container instance is called by."
  default     = "oci-mcp"
}

variable "availability_domain" {
  type        = string
  description = "Where it runs, as `oci iam availability-domain list` names it."
}

variable "subnet_id" {
  type        = string
  description = "Its subnet; a private one."
}

variable "nsg_ids" {
  type        = list(string)
  description = "Its security groups."
  default     = []
}

variable "private_ip" {
  type        = string
  description = "An address that it keeps when it is replaced; null: any."
  default     = null
}

variable "image" {
  type        = string
  description = "The image, with its tag."

  validation {
    condition     = can(regex("^[^/]+/.+[:@][^/]+$", var.image)) && !endswith(var.image, ":latest")
    error_message = "image has a registry and a tag other than latest: ocir.us-ashburn-1.oci.oraclecloud.com/NAMESPACE/oci-mcp:0.1.0"
  }
}

variable "image_pull_secret_id" {
  type        = string
  description = "OCID of a secret in Vault by which the image is pulled; null: by the policy `read repos`."
  default     = null
}

variable "shape" {
  type        = string
  description = "The processor: that of the image."
  default     = "CI.Standard.E4.Flex"

  validation {
    condition     = can(regex("^CI\\.Standard\\..+\\.Flex$", var.shape))
    error_message = "shape is one of container instances, such as CI.Standard.E4.Flex."
  }
}

variable "ocpus" {
  type        = number
  description = "Processors."
  default     = 1
}

variable "memory_in_gbs" {
  type        = number
  description = "Memory."
  default     = 1
}

variable "port" {
  type        = number
  description = "OCI_MCP_PORT."
  default     = 8080

  validation {
    condition     = var.port >= 1024 && var.port <= 65535
    error_message = "port is from 1024 to 65535: the server is no root."
  }
}

variable "settings" {
  type        = map(string)
  description = "Settings of the server; OCI_MCP_ACCESS, who may call, must be among them. Whoever may read the instance reads them: no secrets."

  validation {
    condition     = contains(keys(var.settings), "OCI_MCP_ACCESS")
    error_message = "settings must have OCI_MCP_ACCESS: jwt, introspection, static or gateway, or none if the network alone is to decide who calls."
  }
  validation {
    condition     = sum(concat([0], [for name, value in var.settings : length(name) + length(value)])) <= 65536
    error_message = "A container has at most 64 KB of settings."
  }
}

variable "files" {
  type        = map(string)
  description = "Files in /etc/oci-mcp, which settings can name: {\"policy.json\" = file(\"policy.json\")}. They are in the state."
  default     = {}
  sensitive   = true

  validation {
    condition     = alltrue([for name in keys(var.files) : can(regex("^[A-Za-z0-9_.-]+$", name))])
    error_message = "A file has a name and no path."
  }
}
