variable "compartment_id" {
  type        = string
  description = "OCID of the compartment for the gateway."

  validation {
    condition     = can(regex("^ocid1\\.(compartment|tenancy)\\.", var.compartment_id))
    error_message = "compartment_id is the OCID of a compartment: ocid1.compartment.…"
  }
}

variable "name" {
  type        = string
  description = "What the gateway and its deployments are called by."
  default     = "oci-mcp"
}

variable "subnet_id" {
  type        = string
  description = "Where the gateway is; one with public addresses if is_public."
}

variable "nsg_ids" {
  type        = list(string)
  description = "Security groups of the gateway."
  default     = []
}

variable "is_public" {
  type        = bool
  description = "Whether the gateway has a public address. Agents outside of the network need it."
  default     = false
}

variable "hostname" {
  type        = string
  description = "A name of your own for the gateway, with certificate_id; null: the one that OCI gives it."
  default     = null
}

variable "certificate_id" {
  type        = string
  description = "OCID of the certificate for hostname."
  default     = null
}

variable "path_prefix" {
  type        = string
  description = "What URLs of this server begin with."
  default     = "/v1"

  validation {
    condition     = can(regex("^(/[A-Za-z0-9_.-]+)+$", var.path_prefix)) && length(var.path_prefix) <= 255 && !startswith(var.path_prefix, "/.well-known")
    error_message = "path_prefix is a path such as /v1, up to 255 characters, and not /.well-known, which the metadata has."
  }
}

variable "mcp_path" {
  type        = string
  description = "OCI_MCP_PATH of the server."
  default     = "/mcp"

  validation {
    condition     = can(regex("^(/[A-Za-z0-9_.-]+)+$", var.mcp_path))
    error_message = "mcp_path is a path such as /mcp."
  }
}

variable "backend" {
  type = object({
    function_id = optional(string)
    url         = optional(string)
  })
  description = "What is behind: a function, or a server by its URL without a path, such as http://10.0.1.5:8080."

  validation {
    condition     = (var.backend.function_id == null) != (var.backend.url == null)
    error_message = "backend has a function_id or a url, and not both."
  }
  validation {
    condition     = var.backend.url == null || can(regex("^https?://[^/]+$", var.backend.url))
    error_message = "backend.url is http:// or https:// with a host, perhaps a port, and no path."
  }
}

variable "timeout_in_seconds" {
  type        = number
  description = "How long a server behind a url may take; a function has a limit of its own."
  default     = 300

  validation {
    condition     = var.timeout_in_seconds >= 1 && var.timeout_in_seconds <= 300
    error_message = "timeout_in_seconds is from 1 to 300."
  }
}

variable "authentication" {
  type = object({
    by                    = string
    issuers               = optional(list(string), [])
    audiences             = optional(list(string), [])
    jwks_uri              = optional(string)
    function_id           = optional(string)
    required_scopes       = optional(list(string), [])
    authorization_servers = list(string)
    scopes                = optional(list(string), [])
  })
  description = <<-EOT
    Who asks callers for their token. `by` is `token`: the gateway does, for JWTs of `issuers` and for `audiences`, with
    the keys at `jwks_uri`; `function`: the gateway asks the authorizer `function_id`; `server`: nobody but the server
    behind, which must have OCI_MCP_ACCESS. `required_scopes`: any of them is needed. `authorization_servers` and
    `scopes` are what clients are told of where to get a token, and for what.
  EOT

  validation {
    condition     = contains(["token", "function", "server"], var.authentication.by)
    error_message = "authentication.by is token, function or server."
  }
  validation {
    condition = var.authentication.by != "token" || (
      length(var.authentication.issuers) > 0 && length(var.authentication.audiences) > 0
    && can(regex("^https://", var.authentication.jwks_uri)))
    error_message = "authentication by token needs issuers, audiences and jwks_uri, which is https."
  }
  validation {
    condition     = (var.authentication.by == "function") == (var.authentication.function_id != null)
    error_message = "authentication.function_id is for authentication by function, which needs it."
  }
  validation {
    condition     = length(var.authentication.authorization_servers) > 0 && alltrue([for url in var.authentication.authorization_servers : startswith(url, "https://")])
    error_message = "authentication.authorization_servers are https URLs, one at least: without it no client finds its way."
  }
}

variable "gateway_secret" {
  type        = string
  description = "The secret by which a server with OCI_MCP_ACCESS=gateway knows this gateway; it is in the state and in the deployment. null: none is sent."
  default     = null
  sensitive   = true

  validation {
    condition     = var.gateway_secret == null || can(regex("^[!-~]{32,}$", var.gateway_secret))
    error_message = "gateway_secret has 32 characters or more, without spaces."
  }
}

variable "allowed_origins" {
  type        = list(string)
  description = "Web pages that may call, such as https://inspector.example. With authentication by server they are the server's to allow."
  default     = []

  validation {
    condition     = alltrue([for origin in var.allowed_origins : can(regex("^https?://[^/*]+$", origin))])
    error_message = "An origin is https:// and a host, without a path or a wildcard."
  }
}

variable "requests_per_second" {
  type        = number
  description = "How many a client's address may send; more get 429."
  default     = 100

  validation {
    condition     = var.requests_per_second >= 1 && floor(var.requests_per_second) == var.requests_per_second
    error_message = "requests_per_second is a whole number from 1."
  }
}

variable "log_group_id" {
  type        = string
  description = "The log group for the gateway's logs of accesses and errors; null: nowhere."
  default     = null
}
