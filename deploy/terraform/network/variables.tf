variable "compartment_id" {
  type        = string
  description = "OCID of the compartment for the network."

  validation {
    condition     = can(regex("^ocid1\\.(compartment|tenancy)\\.", var.compartment_id))
    error_message = "compartment_id is the OCID of a compartment: ocid1.compartment.…"
  }
}

variable "name" {
  type        = string
  description = "What everything here is called by."
  default     = "oci-mcp"
}

variable "cidr" {
  type        = string
  description = "Addresses of the network; the gateway's subnet is the first 1/256 of them, the servers' the second."
  default     = "10.0.0.0/16"

  validation {
    condition     = can(cidrsubnet(var.cidr, 8, 1)) && tonumber(split("/", var.cidr)[1]) >= 16 && tonumber(split("/", var.cidr)[1]) <= 20
    error_message = "cidr is an IPv4 block from /16 to /20, such as 10.0.0.0/16."
  }
}

variable "is_gateway_public" {
  type        = bool
  description = "Whether the gateway's subnet can have public addresses. Agents outside of the network need it."
  default     = false
}

variable "client_cidrs" {
  type        = list(string)
  description = "Who may reach the gateway's port 443; null: the network itself. To let the internet in, say 0.0.0.0/0."
  default     = null
}

variable "server_port" {
  type        = number
  description = "OCI_MCP_PORT of the servers, where the gateway may reach them."
  default     = 8080

  validation {
    condition     = var.server_port >= 1 && var.server_port <= 65535
    error_message = "server_port is a port from 1 to 65535."
  }
}

variable "is_internet_open_to_servers" {
  type        = bool
  description = "Whether servers may ask hosts outside of OCI by HTTPS, such as the issuer of tokens. OCI's own they always may."
  default     = false
}
