//! `oci-mcp render apigateway`: the two deployments of a gateway, as `oci api-gateway deployment create --from-json` takes
//! them.

mod specification;

use oci_mcp::ConfigError;
use serde_json::{Value, json};

use super::environment::{self, Checked, Settings};
use super::limits::{hold, is_open, ocid};
use super::{container_instance, functions};

/// The deployment that MCP clients call, or the one that tells them where to get a token.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The deployment `/.well-known`, which everybody may read, instead of the server's
    #[arg(long)]
    metadata: bool,
    /// The OCID of the compartment
    #[arg(long, default_value = "<COMPARTMENT_ID>")]
    compartment: String,
    /// The OCID of the gateway
    #[arg(long, default_value = "<GATEWAY_ID>")]
    gateway: String,
    /// The gateway's name in URLs
    #[arg(long, default_value = "<GATEWAY_HOSTNAME>")]
    hostname: String,
    /// What the deployments are called
    #[arg(long, default_value = "oci-mcp")]
    name: String,
    /// What URLs of the server begin with
    #[arg(long, default_value = "/v1")]
    path_prefix: String,
    /// The OCID of the function behind
    #[arg(long, default_value = "<FUNCTION_ID>", conflicts_with = "url")]
    function: String,
    /// The server behind, if it is no function: `http://10.0.1.5:8080`
    #[arg(long)]
    url: Option<String>,
    /// How long a server behind a URL may take
    #[arg(long, default_value_t = 300)]
    timeout_in_seconds: u32,
    /// Who tokens are from, as they have it in `iss`
    #[arg(long, value_delimiter = ',', default_value = "<ISSUER>")]
    issuers: Vec<String>,
    /// For whom tokens are
    #[arg(long, value_delimiter = ',', default_value = "<AUDIENCE>")]
    audiences: Vec<String>,
    /// Where the issuer's keys are
    #[arg(long, default_value = "<JWKS_URL>")]
    jwks_url: String,
    /// Where clients get a token; if the server asks for tokens, it is its issuer
    #[arg(long, value_delimiter = ',', default_value = "<AUTHORIZATION_SERVER>")]
    authorization_servers: Vec<String>,
    /// Web pages that may call, if the gateway asks for tokens
    #[arg(long, value_delimiter = ',')]
    allowed_origins: Vec<String>,
    /// How many requests a client's address may send
    #[arg(long, default_value_t = 100)]
    requests_per_second: u32,
    #[command(flatten)]
    overrides: environment::Overrides,
}

/// Who asks callers for their token, as `OCI_MCP_ACCESS` says.
#[derive(Clone, Copy, PartialEq)]
enum Asks {
    Gateway,
    /// And tells the server, which knows the gateway by a secret.
    GatewayAndTells,
    Server,
}

/// The request.
///
/// # Errors
///
/// Every problem of the settings, and every limit of API Gateway that is not kept.
pub(super) fn document(args: &Args) -> Result<Value, ConfigError> {
    let place = match args.url {
        Some(_) => &container_instance::PLACE,
        None => &functions::PLACE,
    };
    let (settings, mut vars) = environment::read(&args.overrides, place);
    let asks = match settings.get("OCI_MCP_ACCESS").map(String::as_str) {
        Some("jwt" | "introspection" | "static") => Asks::Server,
        Some("gateway") => Asks::GatewayAndTells,
        _ => Asks::Gateway,
    };
    check(args, asks, &settings, &mut vars);
    let mcp_path = environment::path(&settings);
    let metadata = format!("/oauth-protected-resource{}{mcp_path}", args.path_prefix);
    let (name, prefix, specification) = if args.metadata {
        let servers = ["OCI_MCP_ACCESS_IDENTITY_DOMAIN", "OCI_MCP_ACCESS_ISSUER"];
        let server = servers.iter().find_map(|name| settings.get(*name));
        let servers = match server {
            Some(server) if asks == Asks::Server => vec![server.clone()],
            _ => args.authorization_servers.clone(),
        };
        let name = format!("{}-metadata", args.name);
        let specification = specification::metadata(args, mcp_path, &metadata, &servers);
        (name, "/.well-known", specification)
    } else {
        let specification = specification::server(args, asks, mcp_path, &metadata);
        (args.name.clone(), &*args.path_prefix, specification)
    };
    let document = json!({
        "compartmentId": args.compartment,
        "displayName": name,
        "gatewayId": args.gateway,
        "pathPrefix": prefix,
        "specification": specification,
    });
    vars.finish(Some(document))
}

fn check(args: &Args, asks: Asks, settings: &Settings, vars: &mut Checked) {
    let kinds = ["compartment", "tenancy"];
    ocid(vars, "--compartment", &args.compartment, &kinds);
    ocid(vars, "--gateway", &args.gateway, &["apigateway"]);
    ocid(vars, "--function", &args.function, &["fnfunc"]);
    let is_prefix = args.path_prefix.starts_with('/')
        && !args.path_prefix.ends_with('/')
        && !args.path_prefix.starts_with("/.well-known")
        && args.path_prefix.len() <= 255;
    let limit =
        "a path such as /v1, of up to 255 characters, and not /.well-known, which the metadata has";
    hold(vars, "--path-prefix", &args.path_prefix, is_prefix, limit);
    let seconds = args.timeout_in_seconds;
    let is_short = (1..=300).contains(&seconds);
    let limit = "a gateway waits from 1 to 300 seconds";
    hold(vars, "--timeout-in-seconds", seconds, is_short, limit);
    let rate = args.requests_per_second;
    hold(vars, "--requests-per-second", rate, rate > 0, "at least 1");
    if let Some(url) = &args.url {
        let is_host = authority(url).is_some();
        hold(
            vars,
            "--url",
            url,
            is_host,
            "http:// or https:// with a host, perhaps a port, and no path",
        );
    }
    for url in args.authorization_servers.iter().chain([&args.jwks_url]) {
        let is_secure = is_open(url) || url.starts_with("https://");
        hold(
            vars,
            "--authorization-servers and --jwks-url",
            url,
            is_secure,
            "each must be a URL, https://…",
        );
    }
    for page in &args.allowed_origins {
        let is_origin = authority(page).is_some() && !page.contains('*');
        let limit = "an origin is https:// and a host, without a path or a wildcard";
        hold(vars, "--allowed-origins", page, is_origin, limit);
    }
    let pages = args.allowed_origins.join(",");
    match (asks, settings.get("OCI_MCP_ALLOWED_ORIGINS")) {
        (Asks::Server, _) => hold(
            vars,
            "--allowed-origins",
            &pages,
            pages.is_empty(),
            "the server asks for tokens, so that it says which pages may call: `OCI_MCP_ALLOWED_ORIGINS`",
        ),
        (_, Some(theirs)) => hold(
            vars,
            "OCI_MCP_ALLOWED_ORIGINS",
            theirs,
            false,
            "the gateway asks for tokens, so that it says which pages may call: --allowed-origins",
        ),
        (_, None) => {}
    }
}

/// The host of an HTTP URL that has nothing behind it.
fn authority(url: &str) -> Option<&str> {
    let schemes = ["http://", "https://"];
    let host = schemes.iter().find_map(|scheme| url.strip_prefix(scheme))?;
    (!host.is_empty() && !host.contains('/')).then_some(host)
}
