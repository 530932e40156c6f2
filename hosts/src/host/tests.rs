use super::*;

fn choose(set: &[(&str, &str)]) -> Result<Host, String> {
    let mut vars = Vars::new(|name: &str| {
        let found = set.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| (*value).to_owned())
    });
    let config = Config::read(&mut vars);
    let host = Host::choose(&mut vars, &config);
    vars.finish(host).map_err(|error| error.to_string())
}

const FUNCTION: (&str, &str) = ("FN_LISTENER", "unix:/tmp/iofs/lsnr.sock");
const DEPLOYMENT: (&str, &str) = ("MODEL_DEPLOYMENT_OCID", "ocid1.x");

#[test]
fn the_platforms_variables_tell_the_host() {
    let function = choose(&[FUNCTION]);
    let broken_function = choose(&[("FN_FORMAT", "http-stream")]);
    let model_deployment = choose(&[DEPLOYMENT]);
    let anywhere_else = choose(&[]);

    assert!(matches!(function, Ok(Host::Functions(_))));
    assert!(broken_function.is_err_and(|e| e.contains("`FN_LISTENER`")));
    assert!(matches!(model_deployment, Ok(Host::DataScience(_))));
    assert!(matches!(anywhere_else, Ok(Host::Container(_))));
}

#[test]
fn a_named_host_overrides_them_must_exist_and_find_what_it_needs() {
    let named = |host| ("OCI_MCP_HOST", host);

    assert!(matches!(
        choose(&[DEPLOYMENT, named("container")]),
        Ok(Host::Container(_))
    ));
    assert!(matches!(
        choose(&[named("datascience")]),
        Ok(Host::DataScience(_))
    ));
    assert!(choose(&[named("lambda")]).is_err_and(|e| e.contains("`lambda`")));
    assert!(choose(&[named("functions")]).is_err_and(|e| e.contains("`FN_LISTENER`")));
}

#[test]
fn the_transport_of_the_guides_chooses_stdio_unless_the_host_is_another() {
    for name in ["OCI_MCP_TRANSPORT", "MCP_TRANSPORT"] {
        let stdio = (name, "stdio");

        assert!(matches!(choose(&[stdio]), Ok(Host::Stdio(_))), "{name}");
        for http in ["streamable_http", "streamable-http"] {
            assert!(matches!(choose(&[(name, http)]), Ok(Host::Container(_))));
            assert!(matches!(
                choose(&[(name, http), FUNCTION]),
                Ok(Host::Functions(_))
            ));
        }
        assert!(choose(&[stdio, FUNCTION]).is_err_and(|e| e.contains("`functions`")));
        assert!(choose(&[(name, "sse")]).is_err_and(|e| e.contains(name)));
    }
}

#[test]
fn an_address_that_is_none_is_refused() {
    for (name, value) in [
        ("OCI_MCP_BIND", "localhost"),
        ("OCI_MCP_PORT", "65536"),
        ("MCP_PORT", "x"),
    ] {
        assert!(
            choose(&[(name, value)]).is_err_and(|e| e.contains(name)),
            "{name}"
        );
    }
    assert!(choose(&[("OCI_MCP_BIND", "0.0.0.0"), ("MCP_PORT", "9000")]).is_ok());
}

#[test]
fn a_port_that_kubernetes_sets_for_a_service_of_that_name_is_not_the_servers() {
    for service in ["OCI_MCP", "MCP"] {
        let host = format!("{service}_SERVICE_HOST");
        let port = format!("{service}_PORT");
        let link = (&*port, "tcp://10.0.0.11:8080");

        let linked = choose(&[(&*host, "10.0.0.11"), link]);
        let lonely = choose(&[link]);

        assert!(matches!(linked, Ok(Host::Container(_))), "{service}");
        assert!(lonely.is_err_and(|e| e.contains(&*port)), "{service}");
    }
}

#[test]
fn a_port_that_a_model_deployment_cannot_have_is_refused_with_the_reason() {
    for name in ["OCI_MCP_PORT", "MCP_PORT"] {
        for port in ["0", "1023", "8446", "8447", "24224"] {
            let refused = choose(&[DEPLOYMENT, (name, port)]);

            assert!(refused.is_err_and(|e| e.contains(name) && e.contains(port)));
        }
        assert!(choose(&[DEPLOYMENT, (name, "1024")]).is_ok());
    }
}

#[test]
fn a_predict_endpoint_that_is_no_path_is_refused() {
    let remap = |path| [DEPLOYMENT, ("MODEL_DEPLOY_PREDICT_ENDPOINT", path)];

    assert!(choose(&remap("mcp")).is_err_and(|e| e.contains("MODEL_DEPLOY_PREDICT_ENDPOINT")));
    assert!(choose(&remap("/mcp/")).is_ok());
}

#[test]
fn a_limit_over_the_platforms_is_refused() {
    for (platform, limit, over) in [
        (FUNCTION, "6291456", "6291457"),
        (DEPLOYMENT, "10485760", "10485761"),
    ] {
        for name in ["OCI_MCP_MAX_RESPONSE_BYTES", "OCI_MCP_MAX_BODY_BYTES"] {
            let set = |limit| [platform, (name, limit)];

            assert!(choose(&set(limit)).is_ok());
            assert!(choose(&set(over)).is_err_and(|e| e.contains(name)));
            assert!(choose(&set("0")).is_err_and(|e| e.contains(name)));
        }
    }
}

#[test]
fn every_problem_is_told_at_once() {
    let error = choose(&[
        DEPLOYMENT,
        ("OCI_MCP_PATH", "mcp"),
        ("OCI_MCP_PORT", "80"),
        ("OCI_MCP_BIND", "me"),
        ("OCI_MCP_MAX_BODY_BYTES", "1GB"),
        ("MODEL_DEPLOY_PREDICT_ENDPOINT", "x"),
    ])
    .err()
    .unwrap();

    assert_eq!(error.matches("; `").count(), 5, "{error}");
}
