variable "compartment_id" {
  type        = string
  description = "OCID of the compartment for project, model and deployment."

  validation {
    condition     = can(regex("^ocid1\\.compartment\\.", var.compartment_id))
    error_message = "compartment_id is the OCID of a compartment: ocid1.compartment.…"
  }
}

variable "name" {
  type        = string
  description = "What project, model and deployment are called by."
  default     = "oci-mcp"
}

variable "image" {
  type        = string
  description = "The image in OCIR that `make image VARIANT=datascience` builds, with its tag; null: none, the conda way."
  default     = null

  validation {
    condition     = var.image == null || can(regex("^[a-z0-9.-]*ocir\\.[^/]+/[^:@]+:[^:@]+$", var.image))
    error_message = "image is in OCIR and has a tag: ocir.us-ashburn-1.oci.oraclecloud.com/NAMESPACE/oci-mcp:0.1.0"
  }
}

variable "artifact" {
  type        = string
  description = "What `make model-artifact` makes: target/dist/empty-artifact.zip beside an image, else target/dist/model-artifact.zip."

  validation {
    condition     = endswith(var.artifact, ".zip") && fileexists(var.artifact)
    error_message = "artifact is a ZIP file that is there: make model-artifact"
  }
}

variable "shape" {
  type        = string
  description = "The machines' shape: a flexible one."
  default     = "VM.Standard.E4.Flex"

  validation {
    condition     = endswith(var.shape, ".Flex")
    error_message = "shape is a flexible one, such as VM.Standard.E4.Flex."
  }
}

variable "ocpus" {
  type        = number
  description = "Processors of a machine."
  default     = 1
}

variable "memory_in_gbs" {
  type        = number
  description = "Memory of a machine."
  default     = 16
}

variable "instances" {
  type        = number
  description = "How many machines; each is paid for while the deployment is active."
  default     = 1

  validation {
    condition     = var.instances >= 1 && floor(var.instances) == var.instances
    error_message = "instances is a whole number from 1."
  }
}

variable "port" {
  type        = number
  description = "OCI_MCP_PORT."
  default     = 8080

  validation {
    condition     = var.port >= 1024 && var.port <= 65535 && !contains([8446, 8447, 24224], var.port)
    error_message = "port is from 1024 to 65535, without 8446, 8447 and 24224, which are the platform's."
  }
}

variable "settings" {
  type        = map(string)
  description = "Settings of the server, such as OCI_MCP_LOG. Whoever may read the deployment reads them: no secrets."
  default     = {}

  validation {
    condition     = sum(concat([0], [for name, value in var.settings : length(name) + length(value)])) <= 2048
    error_message = "A model deployment has at most 2,048 bytes of settings."
  }
  validation {
    condition     = alltrue([for name in keys(var.settings) : can(regex("^[A-Za-z][A-Za-z0-9_]{0,29}[A-Za-z0-9]$", name))])
    error_message = "A setting's name has 2 to 31 letters, digits and underscores, begins with a letter and does not end with an underscore."
  }
}

variable "subnet_id" {
  type        = string
  description = "A subnet of yours for the deployment's own requests; null: the service's network, without the internet."
  default     = null
}

variable "log_group_id" {
  type        = string
  description = "The log group for what the server writes; null: nowhere."
  default     = null
}
