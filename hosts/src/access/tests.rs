use std::io::Write;

use oci_mcp::Config;
use tempfile::NamedTempFile;

use super::*;
use crate::host::Host;

const TOKEN_FILE: &str = r#"{"tokens": [{"name": "ci", "scopes": [], "sha256":
    "3eb1bd439947eb762998e566ccc2e099c791118b2f40579cc4f7da2b5061b7f9"}]}"#;

const FUNCTION: (&str, &str) = ("FN_LISTENER", "unix:/tmp/iofs/lsnr.sock");
const DEPLOYMENT: (&str, &str) = ("MODEL_DEPLOYMENT_OCID", "ocid1.x");
const EVERYWHERE: (&str, &str) = ("OCI_MCP_BIND", "0.0.0.0");

/// Whether everybody who reaches the server is let in.
fn read(set: &[(&str, &str)]) -> Result<bool, String> {
    let mut vars = Vars::new(|name: &str| {
        let name = name.strip_prefix("OCI_MCP_ACCESS_").unwrap_or(name);
        let found = set.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| (*value).to_owned())
    });
    let config = Config::read(&mut vars);
    let host = Host::choose(&mut vars, &config);
    let secrets = &mut Secrets::default();
    let callers = Callers::read(&mut vars, secrets, host.as_ref().map(Host::reach));
    let callers = vars.finish(host.and(callers));
    let callers = callers.map_err(|error| error.to_string())?;
    Ok(matches!(callers, Callers::All(_)))
}

fn scheme(name: &str) -> (&str, &str) {
    ("OCI_MCP_ACCESS", name)
}

fn file(content: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(content.as_bytes()).unwrap();
    file
}

/// `set` is refused for a reason that has every one of `parts`.
#[track_caller]
fn assert_refused(set: &[(&str, &str)], parts: &[&str]) {
    let problem = read(set).expect_err("refused");
    for part in parts {
        assert!(problem.contains(part), "no {part} in {problem}");
    }
}

#[test]
fn an_address_that_others_reach_needs_a_scheme() {
    for address in ["0.0.0.0", "10.0.0.5", "::"] {
        assert_refused(
            &[("OCI_MCP_BIND", address)],
            &["`OCI_MCP_ACCESS`", "`none`"],
        );
    }
    let elsewhere = [("OCI_MCP_HOST", "datascience"), EVERYWHERE];
    assert_refused(&elsewhere, &["`OCI_MCP_ACCESS`"]);

    assert_eq!(read(&[EVERYWHERE, scheme("none")]), Ok(true));
    assert_eq!(read(&[]), Ok(true));
    assert_eq!(read(&[("OCI_MCP_BIND", "::1")]), Ok(true));
}

#[test]
fn a_platform_decides_where_there_is_one_and_nowhere_else() {
    for platform in [FUNCTION, DEPLOYMENT] {
        // The images listen everywhere, whatever they run on.
        assert_eq!(read(&[platform, EVERYWHERE]), Ok(true));
        assert_eq!(read(&[platform, scheme("platform")]), Ok(true));
    }

    assert_refused(&[scheme("platform")], &["`platform`", "no platform"]);
    assert_refused(&[EVERYWHERE, scheme("platform")], &["no platform"]);
}

#[test]
fn a_scheme_that_is_none_is_refused_and_stdio_has_but_one_caller() {
    assert_refused(&[scheme("JWT")], &["`OCI_MCP_ACCESS` is `JWT`", "`jwt`"]);

    let stdio = ("OCI_MCP_TRANSPORT", "stdio");
    assert_refused(&[stdio, scheme("static")], &["stdio"]);
    assert_eq!(read(&[stdio]), Ok(true));
    assert_eq!(read(&[stdio, scheme("none")]), Ok(true));
}

#[test]
fn a_setting_without_its_scheme_is_refused_rather_than_ignored() {
    for (name, schemes) in SETTINGS {
        let name = name.strip_prefix("OCI_MCP_ACCESS_").unwrap();
        for other in Scheme::ALL {
            if !schemes.contains(&other) {
                let set = [(name, "x"), scheme(other.name())];
                assert_refused(&set, &[name, "no effect", other.name()]);
            }
        }
        assert_refused(&[(name, "x")], &[name, "no effect"]);
    }
}

#[test]
fn tokens_come_from_a_file_that_is_one() {
    let (good, bad) = (file(TOKEN_FILE), file(r#"{"tokens": [{}]}"#));
    let with = |path| [scheme("static"), ("TOKENS_FILE", path), EVERYWHERE];

    assert_eq!(read(&with(good.path().to_str().unwrap())), Ok(false));
    assert_refused(&[scheme("static")], &["TOKENS_FILE", "required"]);
    assert_refused(&with("/nowhere"), &["TOKENS_FILE", "`/nowhere`"]);
    let bad = bad.path().to_str().unwrap();
    assert_refused(&with(bad), &["TOKENS_FILE", "missing field"]);
}

#[test]
fn a_gateway_has_a_secret_and_on_functions_a_name() {
    let (good, short) = (file(&format!("{}\n", "s".repeat(32))), file("secret\n"));
    let secret = |file: &NamedTempFile| file.path().to_str().unwrap().to_owned();
    let (good, short) = (secret(&good), secret(&short));
    let gateway = [scheme("gateway"), ("SECRET_FILE", &good)];
    let name = ("GATEWAY", "ocid1.apigateway.oc1..a");
    let and = |more: &[(&'static str, &'static str)]| read(&[&gateway[..], more].concat());

    assert_eq!(and(&[EVERYWHERE]), Ok(false));
    assert_eq!(and(&[FUNCTION, name]), Ok(false));
    assert!(and(&[FUNCTION]).is_err_and(|e| e.contains("ACCESS_GATEWAY` is required")));
    assert!(and(&[name]).is_err_and(|e| e.contains("only Functions")));
    assert_refused(&[scheme("gateway")], &["SECRET_FILE", "required"]);
    let short = [scheme("gateway"), ("SECRET_FILE", &short)];
    assert_refused(&short, &["SECRET_FILE", "at least 32"]);
}

const JWT: [(&str, &str); 3] = [
    ("OCI_MCP_ACCESS", "jwt"),
    ("ISSUER", "https://issuer.example"),
    ("RESOURCE", "https://tools.example/mcp"),
];

#[test]
fn signed_tokens_take_an_issuer_and_the_url_of_the_server() {
    let domain = ("IDENTITY_DOMAIN", "https://idcs-1.identity.oraclecloud.com");
    let url = ("JWKS_URL", "https://issuer.example/jwks");
    let and = |more: &[(&str, &str)]| read(&[&JWT[..], more].concat());

    assert_eq!(read(&JWT), Ok(false));
    assert_eq!(and(&[EVERYWHERE, url]), Ok(false));
    assert_eq!(and(&[("JWKS_FILE", "/etc/jwks.json")]), Ok(false));
    assert_eq!(read(&[JWT[0], JWT[2], domain]), Ok(false));
    assert_refused(
        &[JWT[0]],
        &["ACCESS_ISSUER` is required", "RESOURCE` is required"],
    );
    for (name, value, part) in [
        ("AUDIENCE", "a,,b", "no audience, or an empty one"),
        ("ISSUER", "http://issuer.example", "https://"),
        ("RESOURCE", "tools.example/mcp", "not a URL"),
        ("JWKS_URL", "https://a@issuer.example/", "no user"),
    ] {
        let set = [(name, value)].into_iter().chain(JWT);
        assert_refused(&set.collect::<Vec<_>>(), &[name, part]);
    }
    let both = and(&[domain, url]);
    assert!(both.is_err_and(|e| e.contains("one source")));
    let bundle = and(&[("SSL_CERT_FILE", "/nowhere")]);
    assert!(bundle.is_err_and(|e| e.contains("`SSL_CERT_FILE` is `/nowhere`")));
}

#[test]
fn introspection_takes_an_endpoint_and_credentials_for_it() {
    let secret = file("hunter2\n");
    let set = [
        scheme("introspection"),
        JWT[1],
        JWT[2],
        ("INTROSPECTION_URL", "https://issuer.example/introspect"),
        ("CLIENT_ID", "mcp"),
        ("CLIENT_SECRET_FILE", secret.path().to_str().unwrap()),
    ];
    let empty = file("\n");

    assert_eq!(read(&set), Ok(false));
    for (index, (name, _)) in set.into_iter().enumerate().skip(1) {
        let mut set = set.to_vec();
        set.remove(index);
        assert_refused(&set, &[name, "required"]);
    }
    let last = [("CLIENT_SECRET_FILE", empty.path().to_str().unwrap())];
    assert_refused(
        &[&set[..5], &last].concat(),
        &["CLIENT_SECRET_FILE", "empty"],
    );
}

#[test]
fn every_problem_is_told_at_once_and_with_those_of_the_host() {
    let problem = read(&[
        scheme("introspection"),
        ("OCI_MCP_BIND", "me"),
        ("ISSUER", "issuer"),
        ("RESOURCE", "resource"),
        ("INTROSPECTION_URL", "url"),
        ("TOKENS_FILE", "/nowhere"),
        ("SSL_CERT_FILE", "/nowhere"),
    ])
    .unwrap_err();

    // And the client's id and secret, which are missing.
    assert_eq!(problem.matches("; `").count(), 8, "{problem}");
}

#[test]
fn a_policy_is_a_file_that_is_one_and_binds_no_claims_that_nobody_has() {
    let tokens = file(TOKEN_FILE);
    let tokens = ("TOKENS_FILE", tokens.path().to_str().unwrap());
    let (open, wrong) = (file(r#"{"read": []}"#), file(r#"{"rule": []}"#));
    let binds = r#"{"bindings": [{"tools": {"glob": "*"}, "argument": "a", "claim": "b"}]}"#;
    let binds = file(binds);
    let policy = |file: &NamedTempFile| file.path().to_str().unwrap().to_owned();
    let (open, wrong, binds) = (policy(&open), policy(&wrong), policy(&binds));

    assert_eq!(
        read(&[scheme("static"), tokens, ("POLICY", &open)]),
        Ok(false)
    );
    let with = |path| [scheme("static"), tokens, ("POLICY", path)];
    assert_refused(&with("/nowhere"), &["POLICY", "`/nowhere`"]);
    assert_refused(&with(&wrong), &["POLICY", "unknown field `rule`"]);
    assert_refused(&with(&binds), &["POLICY", "`static` has none"]);
    assert_eq!(
        read(&[JWT[0], JWT[1], JWT[2], ("POLICY", &binds)]),
        Ok(false)
    );
}

#[test]
fn scopes_that_are_none_or_not_the_servers_are_refused() {
    let and = |scopes| [JWT[0], JWT[1], JWT[2], ("SCOPES", scopes)];

    assert_eq!(read(&and("read:tools  mcp")), Ok(false));
    assert_refused(&and("a\"b"), &["SCOPES", "printable ASCII"]);
    assert_refused(&and("offline_access"), &["SCOPES", "offline_access"]);
}

#[test]
fn a_secret_may_be_in_a_vault_instead_of_a_file() {
    let secret = file("0123456789abcdef0123456789abcdef");
    let secret = secret.path().to_str().unwrap();
    let id = "ocid1.vaultsecret.oc1.phx.a";
    let introspection = [
        scheme("introspection"),
        JWT[1],
        JWT[2],
        ("INTROSPECTION_URL", "https://issuer.example/introspect"),
        ("CLIENT_ID", "mcp"),
    ];
    for (set, file, name) in [
        (&[scheme("gateway")][..], "SECRET_FILE", "SECRET_ID"),
        (&introspection, "CLIENT_SECRET_FILE", "CLIENT_SECRET_ID"),
    ] {
        let and = |more: &[(&'static str, &'static str)]| [set, more].concat();
        let both = [set, &[(file, secret), (name, id)]].concat();

        assert_eq!(read(&and(&[(name, id)])), Ok(false));
        let wrong = read(&and(&[(name, "hunter2")])).unwrap_err();
        assert!(
            wrong.contains(name) && !wrong.contains("hunter2"),
            "{wrong}"
        );
        assert_refused(&both, &[file, name, "both set"]);
    }
    assert_refused(
        &[scheme("none"), ("SECRET_ID", id)],
        &["SECRET_ID", "has no effect"],
    );
}
