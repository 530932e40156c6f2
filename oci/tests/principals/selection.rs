//! Which principal it is, and what must never be seen of it.

use serde_json::json;

use crate::support::{KEYS, World, every_form, function, jwt, key, minutes, start, status, token};

fn with_everything() -> World {
    let world = function().with("KUBERNETES_SERVICE_HOST", "10.0.0.1");
    let config = format!(
        "[DEFAULT]\nuser = u\ntenancy = t\nkey_file = {}\nsecurity_token_file = /nowhere\n",
        world.path("private.pem").display()
    );
    world.with_file("OCI_CONFIG_FILE", "config", &config)
}

#[tokio::test]
async fn what_the_operator_names_is_taken() {
    let cases = [
        ("resource_principal", "resource principal 2.2"),
        ("api_key", "API key of profile DEFAULT"),
        ("security_token", "session of profile DEFAULT"),
        ("Security_Token ", "session of profile DEFAULT"),
        ("auto", "resource principal 2.2"),
    ];

    for (auth, name) in cases {
        for variable in ["OCI_MCP_AUTH_TYPE", "OCI_CLI_AUTH"] {
            let world = with_everything().with(variable, auth);

            assert_eq!(world.principal().name(), name);
        }
    }
    let both = with_everything()
        .with("OCI_MCP_AUTH_TYPE", "api_key")
        .with("OCI_CLI_AUTH", "resource_principal");
    assert_eq!(both.principal().name(), "API key of profile DEFAULT");
}

#[tokio::test]
async fn a_resource_principal_may_act_for_a_user() {
    let world = with_everything()
        .with("OCI_MCP_AUTH_TYPE", "resource_principal_delegation")
        .with_file("OCI_MCP_DELEGATION_TOKEN_FILE", "obo", "token-of-user");

    let credential = world.credential().await;

    assert_eq!(credential.delegation_token(), Some("token-of-user"));
}

#[tokio::test]
async fn names_that_are_unknown_or_not_ours_are_refused() {
    let unknown = with_everything()
        .with("OCI_CLI_AUTH", "apikey")
        .refusal()
        .await;
    let not_ours = with_everything()
        .with("OCI_MCP_AUTH_TYPE", "identity_domain_upst")
        .refusal()
        .await;

    assert!(
        unknown.starts_with("`OCI_CLI_AUTH` is `apikey`; it must be `auto`, `"),
        "{unknown}"
    );
    assert!(
        not_ours.contains("no caller's token is sent on"),
        "{not_ours}"
    );
}

#[cfg(not(feature = "session-keys"))]
#[tokio::test]
async fn what_needs_a_feature_that_is_not_there_says_so() {
    for auth in [
        "instance_principal",
        "instance_obo_user",
        "oke_workload_identity",
    ] {
        let refusal = with_everything()
            .with("OCI_MCP_AUTH_TYPE", auth)
            .refusal()
            .await;

        assert!(
            refusal.contains("build with feature `session-keys`"),
            "{refusal}"
        );
    }
    let refusal = with_everything()
        .with("OCI_RESOURCE_PRINCIPAL_VERSION", "1.1")
        .refusal()
        .await;
    assert!(
        refusal.contains("build with feature `session-keys`"),
        "{refusal}"
    );
}

#[tokio::test]
async fn by_itself_a_resource_comes_before_a_profile() {
    let resource = with_everything();
    let profile = with_everything().without("OCI_RESOURCE_PRINCIPAL_VERSION");

    assert_eq!(resource.principal().name(), "resource principal 2.2");
    assert_eq!(profile.principal().name(), "session of profile DEFAULT");
}

#[cfg(feature = "session-keys")]
#[tokio::test]
async fn by_itself_a_pod_has_a_version_but_neither_token_nor_endpoint() {
    let pod = with_everything().without("OCI_RESOURCE_PRINCIPAL_RPST");
    let resource = with_everything();

    assert_eq!(pod.principal().name(), "OKE workload identity");
    assert_eq!(resource.principal().name(), "resource principal 2.2");
}

#[tokio::test]
async fn an_unknown_version_is_refused() {
    let refusal = function()
        .with("OCI_RESOURCE_PRINCIPAL_VERSION", "4.0")
        .refusal()
        .await;

    assert!(
        refusal.starts_with("`OCI_RESOURCE_PRINCIPAL_VERSION` is `4.0`;"),
        "{refusal}"
    );
}

#[tokio::test]
async fn nothing_found_lists_what_was_looked_for_and_what_to_do_on_each_host() {
    // Whatever is asked makes this fail: the metadata service above all.
    let world = World::new().with("OCI_RESOURCE_PRINCIPAL_REGION", "phx");

    let refusal = world.refusal().await;

    for part in [
        "`OCI_MCP_AUTH_TYPE`: not set",
        "`OCI_RESOURCE_PRINCIPAL_VERSION`: not set",
        "`OCI_RESOURCE_PRINCIPAL_REGION`: set",
        "`KUBERNETES_SERVICE_HOST`: not set",
        "`/nowhere/.oci/config`: there is no such file",
        "resource.type = 'fnfunc'",
        "resource.type = 'datasciencemodeldeployment'",
        "resource.type = 'computecontainerinstance'",
        "request.principal.type = 'workload'",
        "hosted application: ",
        "laptop: run `oci session authenticate`",
        "Allow dynamic-group <group> to read all-resources in compartment <name>",
    ] {
        assert!(refusal.contains(part), "{part}\n{refusal}");
    }
}

#[tokio::test]
async fn an_empty_profile_is_nothing_and_an_unknown_one_an_error() {
    let empty = World::new().with_file("OCI_CONFIG_FILE", "config", "[DEFAULT]\nregion = phx\n");
    let unknown = with_everything()
        .without("OCI_RESOURCE_PRINCIPAL_VERSION")
        .with("OCI_CLI_PROFILE", "DEV");
    let odd = World::new().with_file(
        "OCI_CONFIG_FILE",
        "config",
        "[DEFAULT]\nauthentication_type = magic\n",
    );

    let refusal = empty.refusal().await;
    assert!(
        refusal.contains("profile `DEFAULT` has neither an API key nor a session"),
        "{refusal}"
    );
    let refusal = unknown.refusal().await;
    assert!(refusal.contains("there is no profile `DEV`"), "{refusal}");
    assert!(refusal.contains("it has `DEFAULT`"), "{refusal}");
    let refusal = odd.refusal().await;
    assert!(
        refusal.contains("is `magic`; it may be `instance_principal`"),
        "{refusal}"
    );
}

#[tokio::test(start_paused = true)]
async fn no_form_of_principals_and_errors_shows_a_secret() {
    let literal = token(&key(0), start(), minutes(20));
    let worlds = [
        function(),
        function()
            .with("OCI_RESOURCE_PRINCIPAL_RPST", &literal)
            .with("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM", KEYS[0]),
        function()
            .with("OCI_MCP_AUTH_TYPE", "resource_principal_delegation")
            .with_file("OCI_MCP_DELEGATION_TOKEN_FILE", "obo", "secret-of-user"),
        with_everything()
            .with("OCI_MCP_AUTH_TYPE", "api_key")
            .with("OCI_CLI_PASSPHRASE", "secret-phrase"),
        World::new()
            .with("OCI_CLI_USER", "u")
            .with("OCI_CLI_TENANCY", "t")
            .with("OCI_CLI_KEY_CONTENT", KEYS[0])
            .with("OCI_CLI_PASSPHRASE", "secret-phrase"),
        resource_2_1(),
        pod(&literal),
    ];

    for world in worlds {
        let mut text = String::new();
        let Ok(principal) = world.find() else {
            // Without feature `session-keys`.
            continue;
        };
        for _ in 0..2 {
            let seen = match principal.credential().await {
                Ok(credential) => format!("{credential:?}"),
                Err(error) => every_form(&error),
            };
            text = format!("{text} {seen} {principal:?} {principal:#?}");
            world.pass(minutes(600));
        }

        let lines = KEYS[0].lines().filter(|line| !line.starts_with('-'));
        let secrets = ["eyJ", "secret-", "BEGIN", literal.as_str(), &literal[..20]];
        for secret in lines.chain(secrets) {
            assert!(!text.contains(secret), "{secret} is in {text}");
        }
    }
}

/// A resource whose service answers with what it was told.
fn resource_2_1() -> World {
    let world = World::new()
        .with("OCI_RESOURCE_PRINCIPAL_VERSION", "2.1.2")
        .with("OCI_RESOURCE_PRINCIPAL_RESOURCE_ID", "r")
        .with("OCI_RESOURCE_PRINCIPAL_TENANCY_ID", "t")
        .with("OCI_RESOURCE_PRINCIPAL_SECURITY_CONTEXT", "secret-context")
        .with(
            "OCI_RESOURCE_PRINCIPAL_RPT_ENDPOINT",
            "https://things.example",
        )
        .with(
            "OCI_RESOURCE_PRINCIPAL_RPST_ENDPOINT",
            "https://auth.example",
        )
        .with("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM", KEYS[0]);
    world.answers(|request| {
        let echo = json!({ "code": "X", "message": format!("{:?}", request.headers()) });
        status(400, &echo.to_string())
    });
    world
}

/// A pod whose cluster answers with what it was told.
fn pod(account: &str) -> World {
    let account = format!("{account}.{}", jwt(&json!({})));
    let world = World::new()
        .with("OCI_MCP_AUTH_TYPE", "oke_workload_identity")
        .with("OCI_RESOURCE_PRINCIPAL_REGION", "phx")
        .with("KUBERNETES_SERVICE_HOST", "10.0.0.1")
        .with("OCI_KUBERNETES_SERVICE_ACCOUNT_TOKEN_STRING", &account)
        .with_file(
            "OCI_KUBERNETES_SERVICE_ACCOUNT_CERT_PATH",
            "ca",
            "authorities",
        );
    world.answers(|request| {
        let bearer = request.headers()["authorization"].to_str().unwrap();
        status(400, &json!({ "code": "X", "message": bearer }).to_string())
    });
    world
}
