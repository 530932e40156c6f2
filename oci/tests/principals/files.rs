//! Resource principal 2.2.

use std::time::Duration;

use crate::support::{KEYS, World, function, key, minutes, start, token};

const RPST: &str = "OCI_RESOURCE_PRINCIPAL_RPST";
const PEM: &str = "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM";
const REGION: &str = "OCI_RESOURCE_PRINCIPAL_REGION";

#[tokio::test]
async fn token_and_key_are_read_from_files() {
    let world = function();

    let principal = world.principal();
    let credential = principal.credential().await.unwrap();

    assert_eq!(principal.name(), "resource principal 2.2");
    let token = token(&key(0), start(), minutes(20));
    assert_eq!(credential.key_id(), format!("ST${token}"));
    assert_eq!(credential.key().fingerprint(), key(0).fingerprint());
    assert_eq!(credential.expires(), Some(start() + minutes(20)));
    assert_eq!(credential.tenancy(), Some("ocid1.tenancy.oc1..token"));
    assert_eq!(credential.region().unwrap().id(), "us-phoenix-1");
}

#[tokio::test]
async fn what_is_no_absolute_path_is_the_value_itself() {
    let text = token(&key(0), start(), minutes(20));
    let one_line = KEYS[0].replace('\n', "\\n");
    let cases = [
        function().with(RPST, &text),
        function().with(PEM, KEYS[0]),
        function().with(PEM, &one_line),
        function().with(RPST, &text).with(PEM, KEYS[0]),
    ];

    for world in cases {
        let credential = world.credential().await;

        assert_eq!(credential.key_id(), format!("ST${text}"));
    }
}

#[tokio::test]
async fn a_region_may_be_a_short_code_in_any_case() {
    for region in ["phx", "PHX", "US-Phoenix-1", " us-phoenix-1 "] {
        let credential = function().with(REGION, region).credential().await;

        assert_eq!(credential.region().unwrap().id(), "us-phoenix-1");
    }
}

#[tokio::test]
async fn white_space_around_a_token_is_left_out() {
    let world = function();
    let text = token(&key(0), start(), minutes(20));

    for around in [
        format!("{text}\n"),
        format!("\u{feff}{text}\r\n"),
        format!(" {text} "),
    ] {
        world.write("rpst", &around);

        assert_eq!(world.credential().await.key_id(), format!("ST${text}"));
    }
}

#[tokio::test]
async fn a_token_that_names_no_key_is_taken() {
    let claims = serde_json::json!({ "exp": 1_800_001_000 });
    let world = function().with(RPST, &crate::support::jwt(&claims));

    assert!(world.find().unwrap().credential().await.is_ok());
}

#[cfg(feature = "encrypted-keys")]
#[tokio::test]
async fn a_pass_phrase_is_where_the_key_is() {
    const PASSPHRASE: &str = "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM_PASSPHRASE";
    let encrypted = crate::support::read("keys/pbes2_aes256.pem");

    let in_files = function()
        .with_file(PEM, "private.pem", &encrypted)
        .with_file(PASSPHRASE, "passphrase", "secret\n");
    let in_variables = function().with(PEM, &encrypted).with(PASSPHRASE, "secret");
    let mixed = function().with(PEM, &encrypted).with(PASSPHRASE, "/secret");

    assert!(in_files.find().unwrap().credential().await.is_ok());
    assert!(in_variables.find().unwrap().credential().await.is_ok());
    assert_eq!(
        mixed.refusal().await,
        "resource principal 2.2 is not configured: `OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM` and \
         `OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM_PASSPHRASE` must both be absolute paths, or both be \
         the values themselves; the host of the workload sets these variables, so do not change or \
         clear them",
    );
}

#[tokio::test]
async fn every_missing_variable_is_named_at_once() {
    let world = function().without(RPST).without(PEM).without(REGION);
    // Without these two it would be the principal of an OKE pod, or of a profile.
    let refusal = world.refusal().await;

    for name in [RPST, PEM, REGION] {
        assert!(
            refusal.contains(&format!("`{name}` is not set")),
            "{refusal}"
        );
    }
}

#[tokio::test]
async fn a_region_that_is_none_is_refused() {
    let refusal = function().with(REGION, "evil/host").refusal().await;

    assert!(
        refusal.contains("`OCI_RESOURCE_PRINCIPAL_REGION`: `evil/host` is not a region"),
        "{refusal}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_a_file_is_said_within_two_seconds() {
    type Damage = fn(&World);
    let cases: [(Damage, &str); 6] = [
        (
            |world| std::fs::remove_file(world.path("rpst")).unwrap(),
            "`OCI_RESOURCE_PRINCIPAL_RPST`, file `{}/rpst` cannot be read: there is no such file",
        ),
        (
            |world| std::fs::remove_file(world.path("private.pem")).unwrap(),
            "`OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM`: `{}/private.pem` cannot be read: there is no \
             such file",
        ),
        (
            |world| drop(world.write("rpst", "")),
            "`OCI_RESOURCE_PRINCIPAL_RPST`, file `{}/rpst` is not a JSON web token",
        ),
        (
            |world| drop(world.write("private.pem", "-----BEGIN")),
            "`OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM`: `{}/private.pem` holds no private key in PEM",
        ),
        (
            |world| drop(world.write("private.pem", KEYS[1])),
            "`OCI_RESOURCE_PRINCIPAL_RPST`, file `{}/rpst` is not the token of the key in \
             `OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM`, file `{}/private.pem`",
        ),
        (
            |world| world.pass(minutes(20)),
            "`OCI_RESOURCE_PRINCIPAL_RPST`, file `{}/rpst` expired at Fri, 15 Jan 2027 08:20:00 \
             GMT, and it is Fri, 15 Jan 2027 08:20:00 GMT by the clock of this machine; the host \
             replaces the file",
        ),
    ];

    for (damage, message) in cases {
        let world = function();
        damage(&world);
        let begin = tokio::time::Instant::now();

        let refusal = world.refusal().await;

        let folder = world.path("");
        let message = message.replace("{}", folder.to_str().unwrap().trim_end_matches('/'));
        assert!(refusal.starts_with(&message), "{refusal}\n{message}");
        assert!(begin.elapsed() < Duration::from_secs(2));
    }
}

#[tokio::test]
async fn a_token_in_a_variable_that_expired_is_said_to_be_none_that_can_be_renewed() {
    let text = token(&key(0), start(), minutes(20));
    let world = function().with(RPST, &text).with(PEM, KEYS[0]);
    let principal = world.principal();
    principal.credential().await.unwrap();

    world.pass(minutes(21));
    let refusal = principal.credential().await.unwrap_err().to_string();

    assert!(
        refusal.contains("a token in a variable cannot be renewed"),
        "{refusal}"
    );
}

#[tokio::test]
async fn nothing_is_read_before_the_first_call() {
    let world = function()
        .with(RPST, "/nowhere/rpst")
        .with(PEM, "/nowhere/key");

    assert!(world.find().is_ok());
}
