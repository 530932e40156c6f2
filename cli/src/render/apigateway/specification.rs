//! What a gateway's deployments do with requests: `ApiSpecification` of OCI's API.

use serde_json::{Value, json};

use super::{Args, Asks};

/// The server's deployment.
pub(super) fn server(args: &Args, asks: Asks, mcp_path: &str, metadata: &str) -> Value {
    let by_gateway = asks != Asks::Server;
    let authentication = by_gateway.then(|| authentication(args, metadata));
    let backend = match &args.url {
        Some(url) => json!({
            "connectTimeoutInSeconds": 10,
            "readTimeoutInSeconds": args.timeout_in_seconds,
            "sendTimeoutInSeconds": args.timeout_in_seconds,
            "type": "HTTP_BACKEND",
            "url": format!("{url}{mcp_path}"),
        }),
        None => json!({ "functionId": args.function, "type": "ORACLE_FUNCTIONS_BACKEND" }),
    };
    // GET and DELETE are the server's to refuse, in the way that clients expect; so is a preflight, if it asks.
    let mut methods = vec!["POST", "GET", "DELETE"];
    if !by_gateway {
        methods.push("OPTIONS");
    }
    let policies = by_gateway.then(|| {
        json!({
            "authorization": { "type": "AUTHENTICATION_ONLY" },
            "headerTransformations": transformations(asks),
        })
    });
    // A preflight has no token, so that who asks for one must also answer it.
    let cors = by_gateway.then(|| cors(args, CORS)).flatten();
    json!({
        "loggingPolicies": { "executionLog": { "isEnabled": true, "logLevel": "INFO" } },
        "requestPolicies": {
            "authentication": authentication,
            "cors": cors,
            "rateLimiting": rate(args),
        },
        "routes": [{
            "backend": backend,
            "methods": methods,
            "path": mcp_path,
            "requestPolicies": policies,
        }],
    })
}

/// How the gateway asks for tokens.
fn authentication(args: &Args, metadata: &str) -> Value {
    let challenge = format!(
        "Bearer resource_metadata=\"https://{}/.well-known{metadata}\"",
        args.hostname
    );
    // No anonymous access at all: only then is it sure that whoever lacks a token gets the failure policy's answer.
    json!({
        "isAnonymousAccessAllowed": false,
        "maxClockSkewInSeconds": 10,
        "tokenAuthScheme": "Bearer",
        "tokenHeader": "Authorization",
        "type": "TOKEN_AUTHENTICATION",
        // Without this header an MCP client does not find out where to get a token.
        "validationFailurePolicy": {
            "responseCode": "401",
            "responseHeaderTransformations": set_headers(&[("WWW-Authenticate", &challenge)]),
            "responseMessage": r#"{"error":"invalid_token"}"#,
            "type": "MODIFY_RESPONSE",
        },
        "validationPolicy": {
            "additionalValidationPolicy": { "audiences": args.audiences, "issuers": args.issuers },
            "isSslVerifyDisabled": false,
            "maxCacheDurationInHours": 1,
            "type": "REMOTE_JWKS",
            "uri": args.jwks_url,
        },
    })
}

/// What the route does to headers: a token goes no further than to who asks for it, and what tells of the caller comes from
/// nobody but the gateway.
fn transformations(asks: Asks) -> Value {
    let mut withheld = vec!["Authorization", "Origin"];
    let mut set = Value::Null;
    if asks == Asks::GatewayAndTells {
        let headers = set_headers(&IDENTITY);
        set = headers.get("setHeaders").cloned().unwrap_or_default();
    } else {
        withheld.extend(IDENTITY.map(|(name, _)| name));
    }
    let items: Vec<_> = withheld
        .iter()
        .map(|name| json!({ "name": name }))
        .collect();
    json!({ "filterHeaders": { "items": items, "type": "BLOCK" }, "setHeaders": set })
}

/// The deployment of its own for what everybody may read (RFC 9728).
pub(super) fn metadata(args: &Args, mcp_path: &str, path: &str, servers: &[String]) -> Value {
    let resource = format!("https://{}{}{mcp_path}", args.hostname, args.path_prefix);
    let body = json!({
        "authorization_servers": servers,
        "bearer_methods_supported": ["header"],
        "resource": resource,
    });
    // Clients ask with the server's path, then without.
    let routes = [path, "/oauth-protected-resource"].map(|path| {
        json!({
            "backend": {
                "body": body.to_string(),
                "headers": [{ "name": "Content-Type", "value": "application/json" }],
                "status": 200,
                "type": "STOCK_RESPONSE_BACKEND",
            },
            "methods": ["GET"],
            "path": path,
        })
    });
    json!({
        "requestPolicies": { "cors": cors(args, METADATA_CORS), "rateLimiting": rate(args) },
        "routes": routes,
    })
}

fn set_headers(headers: &[(&str, &str)]) -> Value {
    let item = |(name, value): &(&str, &str)| json!({ "ifExists": "OVERWRITE", "name": name, "values": [value] });
    let items: Vec<_> = headers.iter().map(item).collect();
    json!({ "setHeaders": { "items": items } })
}

fn cors(args: &Args, (methods, headers, exposed): Cors) -> Option<Value> {
    let exposed = (!exposed.is_empty()).then_some(exposed);
    (!args.allowed_origins.is_empty()).then(|| {
        json!({
            "allowedHeaders": headers,
            "allowedMethods": methods,
            "allowedOrigins": args.allowed_origins,
            "exposedHeaders": exposed,
            "isAllowCredentialsEnabled": false,
            "maxAgeInSeconds": 600,
        })
    })
}

fn rate(args: &Args) -> Value {
    json!({ "rateInRequestsPerSecond": args.requests_per_second, "rateKey": "CLIENT_IP" })
}

/// Methods, headers that may be sent, and those that may be read.
type Cors = (
    &'static [&'static str],
    &'static [&'static str],
    &'static [&'static str],
);

const CORS: Cors = (
    &["POST", "GET", "DELETE", "OPTIONS"],
    &[
        "Authorization",
        "Content-Type",
        "Accept",
        "MCP-Protocol-Version",
        "Mcp-Method",
        "Mcp-Name",
        "Mcp-Session-Id",
        "Last-Event-ID",
    ],
    &["WWW-Authenticate", "MCP-Protocol-Version"],
);

const METADATA_CORS: Cors = (&["GET", "OPTIONS"], &["MCP-Protocol-Version"], &[]);

/// What tells a server with `OCI_MCP_ACCESS=gateway` who calls. The secret is for a person to fill in.
const IDENTITY: [(&str, &str); 3] = [
    ("oci-mcp-gateway-secret", "<GATEWAY_SECRET>"),
    ("oci-mcp-subject", "${request.auth[sub]}"),
    ("oci-mcp-scope", "${request.auth[scope]}"),
];
