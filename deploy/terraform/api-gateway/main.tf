locals {
  hostname     = coalesce(var.hostname, oci_apigateway_gateway.this.hostname)
  resource     = "https://${local.hostname}${var.path_prefix}${var.mcp_path}"
  metadata     = "/oauth-protected-resource${var.path_prefix}${var.mcp_path}"
  asks_gateway = var.authentication.by != "server"
  asks_server  = var.authentication.by == "server"
  challenge    = "Bearer resource_metadata=\"https://${local.hostname}/.well-known${local.metadata}\""
  sends_secret = nonsensitive(var.gateway_secret != null)

  # Set anew in each request, so that no client can send its own.
  identity = local.sends_secret ? {
    oci-mcp-gateway-secret = var.gateway_secret
    oci-mcp-subject        = "$${request.auth[sub]}"
    oci-mcp-scope          = "$${request.auth[scope]}"
  } : {}
  # A token goes no further than to who asks for it; who is allowed by the gateway's CORS is not the server's to ask.
  withheld = concat(["Authorization", "Origin"], local.sends_secret ? [] : ["oci-mcp-gateway-secret", "oci-mcp-subject", "oci-mcp-scope"])
}

resource "oci_apigateway_gateway" "this" {
  compartment_id             = var.compartment_id
  display_name               = var.name
  endpoint_type              = var.is_public ? "PUBLIC" : "PRIVATE"
  subnet_id                  = var.subnet_id
  network_security_group_ids = var.nsg_ids
  certificate_id             = var.certificate_id

  lifecycle {
    precondition {
      condition     = (var.hostname == null) == (var.certificate_id == null)
      error_message = "hostname and certificate_id go together."
    }
  }
}

resource "oci_apigateway_deployment" "mcp" {
  compartment_id = var.compartment_id
  gateway_id     = oci_apigateway_gateway.this.id
  display_name   = var.name
  path_prefix    = var.path_prefix

  specification {
    request_policies {
      # No anonymous access at all: only then is it sure that whoever lacks a token gets the failure policy's answer.
      dynamic "authentication" {
        for_each = local.asks_gateway ? [var.authentication] : []

        content {
          type                        = authentication.value.by == "token" ? "TOKEN_AUTHENTICATION" : "CUSTOM_AUTHENTICATION"
          is_anonymous_access_allowed = false
          token_header                = "Authorization"
          token_auth_scheme           = authentication.value.by == "token" ? "Bearer" : null
          max_clock_skew_in_seconds   = authentication.value.by == "token" ? 10 : null
          function_id                 = authentication.value.function_id

          dynamic "validation_policy" {
            for_each = authentication.value.by == "token" ? [authentication.value] : []

            content {
              type                        = "REMOTE_JWKS"
              uri                         = validation_policy.value.jwks_uri
              is_ssl_verify_disabled      = false
              max_cache_duration_in_hours = 1

              additional_validation_policy {
                issuers   = validation_policy.value.issuers
                audiences = validation_policy.value.audiences
              }
            }
          }

          # Without this header an MCP client does not find out where to get a token.
          validation_failure_policy {
            type             = "MODIFY_RESPONSE"
            response_code    = "401"
            response_message = jsonencode({ error = "invalid_token" })

            response_header_transformations {
              set_headers {
                items {
                  name      = "WWW-Authenticate"
                  values    = [local.challenge]
                  if_exists = "OVERWRITE"
                }
              }
            }
          }
        }
      }

      # A preflight has no token, so that who asks for one must also answer it.
      dynamic "cors" {
        for_each = local.asks_gateway && length(var.allowed_origins) > 0 ? [var.allowed_origins] : []

        content {
          allowed_origins              = cors.value
          allowed_methods              = ["POST", "GET", "DELETE", "OPTIONS"]
          allowed_headers              = ["Authorization", "Content-Type", "Accept", "MCP-Protocol-Version", "Mcp-Method", "Mcp-Name", "Mcp-Session-Id", "Last-Event-ID"]
          exposed_headers              = ["WWW-Authenticate", "MCP-Protocol-Version"]
          is_allow_credentials_enabled = false
          max_age_in_seconds           = 600
        }
      }

      rate_limiting {
        rate_in_requests_per_second = var.requests_per_second
        rate_key                    = "CLIENT_IP"
      }
    }

    logging_policies {
      execution_log {
        is_enabled = true
        log_level  = "INFO"
      }
    }

    routes {
      path = var.mcp_path
      # GET and DELETE are the server's to refuse, in the way that clients expect.
      methods = local.asks_server ? ["POST", "GET", "DELETE", "OPTIONS"] : ["POST", "GET", "DELETE"]

      backend {
        type                       = var.backend.url == null ? "ORACLE_FUNCTIONS_BACKEND" : "HTTP_BACKEND"
        function_id                = var.backend.function_id
        url                        = var.backend.url == null ? null : "${var.backend.url}${var.mcp_path}"
        connect_timeout_in_seconds = var.backend.url == null ? null : 10
        read_timeout_in_seconds    = var.backend.url == null ? null : var.timeout_in_seconds
        send_timeout_in_seconds    = var.backend.url == null ? null : var.timeout_in_seconds
      }

      dynamic "request_policies" {
        for_each = local.asks_gateway ? [var.authentication.required_scopes] : []

        content {
          authorization {
            type          = length(request_policies.value) > 0 ? "ANY_OF" : "AUTHENTICATION_ONLY"
            allowed_scope = length(request_policies.value) > 0 ? request_policies.value : null
          }

          header_transformations {
            dynamic "set_headers" {
              for_each = local.sends_secret ? [local.identity] : []

              content {
                dynamic "items" {
                  for_each = nonsensitive(toset(keys(set_headers.value)))

                  content {
                    name      = items.value
                    values    = [local.identity[items.value]]
                    if_exists = "OVERWRITE"
                  }
                }
              }
            }

            filter_headers {
              type = "BLOCK"

              dynamic "items" {
                for_each = local.withheld

                content {
                  name = items.value
                }
              }
            }
          }
        }
      }
    }
  }

  lifecycle {
    precondition {
      condition     = !(local.asks_server && local.sends_secret)
      error_message = "gateway_secret would say that the gateway knows who calls: not with authentication by server."
    }
  }
}

# Of its own, because everybody may read it, and where everybody may, the deployment above could not be sure to answer a
# missing token as it must.
resource "oci_apigateway_deployment" "metadata" {
  compartment_id = var.compartment_id
  gateway_id     = oci_apigateway_gateway.this.id
  display_name   = "${var.name}-metadata"
  path_prefix    = "/.well-known"

  specification {
    request_policies {
      dynamic "cors" {
        for_each = length(var.allowed_origins) > 0 ? [var.allowed_origins] : []

        content {
          allowed_origins              = cors.value
          allowed_methods              = ["GET", "OPTIONS"]
          allowed_headers              = ["MCP-Protocol-Version"]
          is_allow_credentials_enabled = false
          max_age_in_seconds           = 600
        }
      }

      rate_limiting {
        rate_in_requests_per_second = var.requests_per_second
        rate_key                    = "CLIENT_IP"
      }
    }

    # RFC 9728: clients ask with the server's path, then without.
    dynamic "routes" {
      for_each = [local.metadata, "/oauth-protected-resource"]

      content {
        path    = routes.value
        methods = ["GET"]

        backend {
          type   = "STOCK_RESPONSE_BACKEND"
          status = 200
          body = jsonencode(merge({
            resource                 = local.resource
            authorization_servers    = var.authentication.authorization_servers
            bearer_methods_supported = ["header"]
          }, length(var.authentication.scopes) > 0 ? { scopes_supported = var.authentication.scopes } : {}))

          headers {
            name  = "Content-Type"
            value = "application/json"
          }
        }
      }
    }
  }
}

resource "oci_logging_log" "gateway" {
  for_each = toset(var.log_group_id == null ? [] : ["access", "execution"])

  log_group_id = var.log_group_id
  display_name = "${var.name}-gateway-${each.key}"
  log_type     = "SERVICE"
  is_enabled   = true

  configuration {
    compartment_id = var.compartment_id

    source {
      source_type = "OCISERVICE"
      service     = "apigateway"
      resource    = oci_apigateway_deployment.mcp.id
      category    = each.key
    }
  }
}
