variable "tenancy_id" {
  type        = string
  description = "OCID of the tenancy, which is where dynamic groups are."

  validation {
    condition     = can(regex("^ocid1\\.tenancy\\.", var.tenancy_id))
    error_message = "tenancy_id is the OCID of a tenancy: ocid1.tenancy.…"
  }
}

variable "compartment_id" {
  type        = string
  description = "OCID of the compartment that has the servers, and to which their permissions are limited."

  validation {
    condition     = can(regex("^ocid1\\.compartment\\.", var.compartment_id))
    error_message = "compartment_id is the OCID of a compartment: ocid1.compartment.…; the whole tenancy is too much."
  }
}

variable "name" {
  type        = string
  description = "What dynamic groups and policies are called by."
  default     = "oci-mcp"

  validation {
    condition     = can(regex("^[A-Za-z0-9._-]{1,80}$", var.name))
    error_message = "name has up to 80 letters, digits, dots, underscores and hyphens."
  }
}

variable "hosts" {
  type        = set(string)
  description = "Where servers run: functions, container-instance, datascience."

  validation {
    condition     = length(setsubtract(var.hosts, ["functions", "container-instance", "datascience"])) == 0
    error_message = "hosts are functions, container-instance and datascience; OKE goes by workload, and for hosted applications use statements."
  }
}

variable "permissions" {
  type        = list(string)
  description = "What tools may do in the compartment, such as \"read instances\"."
  default     = []

  validation {
    condition = alltrue([for permission in var.permissions :
    can(regex("^(inspect|read|use|manage) [a-z][a-z-]*$", permission)) && !endswith(permission, " all-resources")])
    error_message = "A permission is a verb (inspect, read, use, manage) and a type of resources: \"read instances\". Not all-resources: name what the tools need."
  }
}

variable "is_gateway_in_front" {
  type        = bool
  description = "Whether an API gateway of the compartment may invoke its functions."
  default     = false
}

variable "workload" {
  type = object({
    cluster_id      = string
    namespace       = string
    service_account = string
  })
  description = "The pods of an enhanced OKE cluster that have the permissions."
  default     = null

  validation {
    condition     = var.workload == null || can(regex("^ocid1\\.cluster\\.", var.workload.cluster_id))
    error_message = "workload.cluster_id is the OCID of a cluster: ocid1.cluster.…"
  }
}

variable "statements" {
  type        = list(string)
  description = "More statements for the policy, as they are."
  default     = []
}
