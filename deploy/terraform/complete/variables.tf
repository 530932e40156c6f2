variable "tenancy_ocid" {
  type        = string
  description = "OCID of the tenancy. Resource Manager fills it in."
}

variable "region" {
  type        = string
  description = "The region, such as us-ashburn-1. Resource Manager fills it in."
}

variable "compartment_ocid" {
  type        = string
  description = "OCID of the compartment for everything. Resource Manager fills it in."
}

variable "name" {
  type        = string
  description = "What everything is called by."
  default     = "oci-mcp"
}

variable "host" {
  type        = string
  description = "Where the server runs: functions, or container-instance."
  default     = "functions"

  validation {
    condition     = contains(["functions", "container-instance"], var.host)
    error_message = "host is functions or container-instance; datascience, hosted-application and oke have modules of their own."
  }
}

variable "image_tag" {
  type        = string
  description = "The tag of the image in the registry; empty: only the registry is made, for the image to be pushed."
  default     = ""
}

variable "is_public" {
  type        = bool
  description = "Whether the gateway has a public address."
  default     = false
}

variable "client_cidrs" {
  type        = list(string)
  description = "Who may reach the gateway; 0.0.0.0/0 is everybody. Must be set if it is public; empty otherwise: the network itself."
  default     = []
}

variable "issuer" {
  type        = string
  description = "Who signs tokens, as they have it in iss; an identity domain's is https://identity.oraclecloud.com/"
  default     = "https://identity.oraclecloud.com/"
}

variable "authorization_server" {
  type        = string
  description = "Where clients get tokens: the URL of the identity domain, or of another issuer."

  validation {
    condition     = can(regex("^https://[^/]+", var.authorization_server))
    error_message = "authorization_server is an https URL."
  }
}

variable "jwks_uri" {
  type        = string
  description = "The issuer's keys; empty: where identity domains have them, which everybody must be allowed to read."
  default     = ""
}

variable "audience" {
  type        = string
  description = "The audience of tokens for this server."
}

variable "scopes" {
  type        = list(string)
  description = "The scopes for which clients ask; a token needs one of them. Empty: any token of the issuer for the audience."
  default     = []
}

variable "gateway_secret" {
  type        = string
  description = "32 characters or more by which a container knows the gateway; empty: the network alone keeps others away from it."
  default     = ""
  sensitive   = true
}

variable "permissions" {
  type        = list(string)
  description = "What tools may do in the compartment, such as \"read instances\"."
  default     = []
}

variable "settings" {
  type        = map(string)
  description = "Settings of the server, such as OCI_MCP_LOG."
  default     = {}
}
