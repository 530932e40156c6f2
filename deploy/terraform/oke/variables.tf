variable "compartment_id" {
  type        = string
  description = "OCID of the compartment for the cluster."

  validation {
    condition     = can(regex("^ocid1\\.(compartment|tenancy)\\.", var.compartment_id))
    error_message = "compartment_id is the OCID of a compartment: ocid1.compartment.…"
  }
}

variable "name" {
  type        = string
  description = "What cluster and nodes are called by."
  default     = "oci-mcp"
}

variable "kubernetes_version" {
  type        = string
  description = "As `oci ce cluster-options get --cluster-option-id all` lists it, such as v1.34.1."

  validation {
    condition     = can(regex("^v1\\.[0-9]+\\.[0-9]+$", var.kubernetes_version))
    error_message = "kubernetes_version is one such as v1.34.1."
  }
}

variable "vcn_id" {
  type        = string
  description = "OCID of the network."
}

variable "endpoint" {
  type = object({
    subnet_id = string
    nsg_ids   = optional(list(string), [])
  })
  description = "Where the Kubernetes API is: a private subnet."
}

variable "nodes" {
  type = object({
    subnet_id            = string
    pod_subnet_id        = string
    nsg_ids              = optional(list(string), [])
    pod_nsg_ids          = optional(list(string), [])
    image_id             = string
    availability_domains = list(string)
    count                = optional(number, 2)
    shape                = optional(string, "VM.Standard.E4.Flex")
    ocpus                = optional(number, 1)
    memory_in_gbs        = optional(number, 8)
  })
  description = "The machines: private subnets for them and their pods, and an image that `oci ce node-pool-options get --node-pool-option-id all` lists."

  validation {
    condition     = length(var.nodes.availability_domains) > 0 && var.nodes.count >= 1
    error_message = "nodes has one availability domain and one machine at least."
  }
}

variable "load_balancer_subnet_ids" {
  type        = list(string)
  description = "Where load balancers of services go."
  default     = []
}
