mock_provider "oci" {
  mock_resource "oci_apigateway_gateway" {
    defaults = { hostname = "abc.apigateway.us-ashburn-1.oci.customer-oci.com" }
  }
}

variables {
  compartment_id = "ocid1.compartment.oc1..mcp"
  subnet_id      = "ocid1.subnet.oc1..gateway"
  backend        = { function_id = "ocid1.fnfunc.oc1..mcp" }
  authentication = {
    by                    = "token"
    issuers               = ["https://identity.oraclecloud.com/"]
    audiences             = ["https://tools.example/"]
    jwks_uri              = "https://idcs-1.identity.oraclecloud.com/admin/v1/SigningCert/jwk"
    authorization_servers = ["https://idcs-1.identity.oraclecloud.com"]
    scopes                = ["read:tools"]
  }
}

run "a_gateway_is_private_and_lets_nobody_in_without_a_token" {
  assert {
    condition     = oci_apigateway_gateway.this.endpoint_type == "PRIVATE"
    error_message = "it is public"
  }
  assert {
    condition     = oci_apigateway_deployment.mcp.specification[0].request_policies[0].authentication[0].is_anonymous_access_allowed == false
    error_message = "anonymous access is allowed"
  }
  assert {
    condition     = oci_apigateway_deployment.mcp.specification[0].routes[0].request_policies[0].authorization[0].type == "AUTHENTICATION_ONLY"
    error_message = "the route asks for nothing"
  }
  assert {
    condition     = oci_apigateway_deployment.mcp.specification[0].request_policies[0].rate_limiting[0].rate_key == "CLIENT_IP"
    error_message = "there is no limit"
  }
}

run "a_refusal_leads_a_client_to_the_metadata_and_the_metadata_to_the_issuer" {
  assert {
    condition = (oci_apigateway_deployment.mcp.specification[0].request_policies[0].authentication[0].validation_failure_policy[0].response_header_transformations[0].set_headers[0].items[0].values[0]
    == "Bearer resource_metadata=\"${output.metadata_url}\"")
    error_message = "the challenge leads elsewhere"
  }
  assert {
    condition     = output.metadata_url == "https://abc.apigateway.us-ashburn-1.oci.customer-oci.com/.well-known/oauth-protected-resource/v1/mcp"
    error_message = "the metadata is not where RFC 9728 has it"
  }
  assert {
    condition = (oci_apigateway_deployment.metadata.path_prefix == "/.well-known"
    && oci_apigateway_deployment.metadata.specification[0].routes[0].path == "/oauth-protected-resource/v1/mcp")
    error_message = "no route has the metadata"
  }
  assert {
    condition = jsondecode(oci_apigateway_deployment.metadata.specification[0].routes[0].backend[0].body) == {
      resource                 = output.mcp_url
      authorization_servers    = ["https://idcs-1.identity.oraclecloud.com"]
      bearer_methods_supported = ["header"]
      scopes_supported         = ["read:tools"]
    }
    error_message = "the metadata says something else"
  }
}

run "a_token_stays_at_the_gateway_and_nobody_else_says_who_calls" {
  assert {
    condition = (toset(oci_apigateway_deployment.mcp.specification[0].routes[0].request_policies[0].header_transformations[0].filter_headers[0].items[*].name)
    == toset(["Authorization", "Origin", "oci-mcp-gateway-secret", "oci-mcp-subject", "oci-mcp-scope"]))
    error_message = "a header passes that must not"
  }
}

run "with_a_secret_the_gateway_says_who_calls" {
  variables {
    backend        = { url = "http://10.0.1.5:8080" }
    gateway_secret = "0123456789abcdef0123456789abcdef"
  }
  assert {
    condition = ({ for item in oci_apigateway_deployment.mcp.specification[0].routes[0].request_policies[0].header_transformations[0].set_headers[0].items : item.name => one(item.values) }
      == {
        oci-mcp-gateway-secret = "0123456789abcdef0123456789abcdef"
        oci-mcp-subject        = "$${request.auth[sub]}"
        oci-mcp-scope          = "$${request.auth[scope]}"
    })
    error_message = "the server is not told"
  }
  assert {
    condition     = alltrue([for item in oci_apigateway_deployment.mcp.specification[0].routes[0].request_policies[0].header_transformations[0].set_headers[0].items : item.if_exists == "OVERWRITE"])
    error_message = "a client could say it"
  }
  assert {
    condition     = oci_apigateway_deployment.mcp.specification[0].routes[0].backend[0].url == "http://10.0.1.5:8080/mcp"
    error_message = "the back end is another"
  }
}

run "a_server_that_asks_itself_gets_everything_preflights_too" {
  variables {
    allowed_origins = ["https://inspector.example"]
    authentication = {
      by                    = "server"
      authorization_servers = ["https://issuer.example"]
    }
  }
  assert {
    condition     = length(oci_apigateway_deployment.mcp.specification[0].request_policies[0].authentication) == 0 && length(oci_apigateway_deployment.mcp.specification[0].request_policies[0].cors) == 0
    error_message = "the gateway asks, too"
  }
  assert {
    condition     = contains(oci_apigateway_deployment.mcp.specification[0].routes[0].methods, "OPTIONS")
    error_message = "preflights do not reach the server"
  }
}

run "an_authorizer_of_ones_own_refuses_as_clients_need" {
  variables {
    allowed_origins = ["https://inspector.example"]
    authentication = {
      by                    = "function"
      function_id           = "ocid1.fnfunc.oc1..authorizer"
      required_scopes       = ["read:tools"]
      authorization_servers = ["https://issuer.example"]
    }
  }
  assert {
    condition     = oci_apigateway_deployment.mcp.specification[0].request_policies[0].authentication[0].type == "CUSTOM_AUTHENTICATION"
    error_message = "nobody asks the authorizer"
  }
  assert {
    condition     = oci_apigateway_deployment.mcp.specification[0].request_policies[0].authentication[0].validation_failure_policy[0].response_code == "401"
    error_message = "it refuses otherwise"
  }
  assert {
    condition     = oci_apigateway_deployment.mcp.specification[0].routes[0].request_policies[0].authorization[0].allowed_scope[0] == "read:tools"
    error_message = "no scope is asked for"
  }
  assert {
    condition     = oci_apigateway_deployment.mcp.specification[0].request_policies[0].cors[0].allowed_origins[0] == "https://inspector.example"
    error_message = "the page cannot call"
  }
}

run "authentication_that_would_not_hold_is_refused" {
  command = plan
  variables {
    authentication = {
      by                    = "token"
      issuers               = ["https://identity.oraclecloud.com/"]
      jwks_uri              = "http://idcs-1.identity.oraclecloud.com/admin/v1/SigningCert/jwk"
      authorization_servers = []
    }
  }
  expect_failures = [var.authentication]
}

run "a_secret_beside_a_server_that_asks_is_refused" {
  command = plan
  variables {
    gateway_secret = "0123456789abcdef0123456789abcdef"
    authentication = {
      by                    = "server"
      authorization_servers = ["https://issuer.example"]
    }
  }
  expect_failures = [oci_apigateway_deployment.mcp]
}

run "what_a_gateway_cannot_have_is_refused" {
  command = plan
  variables {
    path_prefix        = "/.well-known"
    mcp_path           = "mcp"
    backend            = { function_id = "ocid1.fnfunc.oc1..mcp", url = "http://10.0.1.5:8080/" }
    timeout_in_seconds = 301
    allowed_origins    = ["*"]
    gateway_secret     = "short"
  }
  expect_failures = [var.path_prefix, var.mcp_path, var.backend, var.timeout_in_seconds, var.allowed_origins, var.gateway_secret]
}

run "a_name_of_ones_own_needs_its_certificate" {
  command = plan
  variables {
    hostname = "tools.example"
  }
  expect_failures = [oci_apigateway_gateway.this]
}

run "a_name_of_ones_own_is_what_clients_are_told" {
  variables {
    hostname       = "tools.example"
    certificate_id = "ocid1.certificate.oc1..tools"
    path_prefix    = "/ops/v2"
  }
  assert {
    condition     = output.mcp_url == "https://tools.example/ops/v2/mcp" && output.metadata_url == "https://tools.example/.well-known/oauth-protected-resource/ops/v2/mcp"
    error_message = "clients are told another"
  }
}
