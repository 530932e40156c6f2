//! API keys and sessions of profiles.

use crate::support::{KEYS, World, key, minutes, start, token};

/// A folder with the configuration file `text`, in which `{}` is the folder.
fn laptop(text: &str) -> World {
    let world = World::new();
    world.write("key.pem", KEYS[0]);
    let folder = world.path("");
    let text = text.replace("{}", folder.to_str().unwrap().trim_end_matches('/'));
    world.with_file("OCI_CONFIG_FILE", "config", &text)
}

fn api_key() -> String {
    format!(
        "[DEFAULT]\nuser = ocid1.user.oc1..a\ntenancy = ocid1.tenancy.oc1..a\nregion = phx\n\
         fingerprint = {}\nkey_file = {{}}/key.pem\n",
        key(0).fingerprint()
    )
}

const SESSION: &str = "[DEFAULT]\nregion = us-phoenix-1\n[DEV]\ntenancy = ocid1.tenancy.oc1..a\n\
     key_file = {}/key.pem\nsecurity_token_file = {}/session\n";

#[tokio::test]
async fn an_api_key_is_read_from_a_profile() {
    let world = laptop(&api_key());

    let principal = world.principal();
    let credential = principal.credential().await.unwrap();

    assert_eq!(principal.name(), "API key of profile DEFAULT");
    assert_eq!(
        credential.key_id(),
        format!(
            "ocid1.tenancy.oc1..a/ocid1.user.oc1..a/{}",
            key(0).fingerprint()
        )
    );
    assert_eq!(credential.expires(), None);
    assert_eq!(credential.tenancy(), Some("ocid1.tenancy.oc1..a"));
    assert_eq!(credential.region().unwrap().id(), "us-phoenix-1");
}

#[tokio::test]
async fn a_wrong_fingerprint_is_refused_at_the_start() {
    let world = laptop(&api_key().replace("fingerprint = ", "fingerprint = 00:"));

    let refusal = world.find().unwrap_err().to_string();

    let start = format!(
        "`fingerprint` of profile `DEFAULT` in `{}` is `00:",
        world.path("config").display()
    );
    assert!(refusal.starts_with(&start), "{refusal}");
    assert!(
        refusal.contains(&format!("is `{}`:", key(0).fingerprint())),
        "{refusal}"
    );
}

#[tokio::test]
async fn a_fingerprint_may_be_in_capitals_or_left_out() {
    let text = api_key();
    let capitals = text.replace(&key(0).fingerprint(), &key(0).fingerprint().to_uppercase());
    let without = text.replace("fingerprint = ", "#");

    assert!(laptop(&capitals).find().is_ok());
    assert!(laptop(&without).find().is_ok());
}

#[tokio::test]
async fn every_variable_of_the_cli_stands_for_a_value_of_the_profile() {
    let other = key(1).fingerprint();
    let variables = [
        ("OCI_CLI_USER", "ocid1.user.oc1..b"),
        ("OCI_CLI_TENANCY", "ocid1.tenancy.oc1..b"),
        ("OCI_CLI_FINGERPRINT", &other),
        ("OCI_CLI_KEY_CONTENT", KEYS[1]),
        ("OCI_CLI_REGION", "us-ashburn-1"),
    ];
    let key_id = format!("ocid1.tenancy.oc1..b/ocid1.user.oc1..b/{other}");

    for world in [laptop(&api_key()), World::new()] {
        let world = variables
            .iter()
            .fold(world, |world, (name, value)| world.with(name, value));
        let credential = world.credential().await;

        assert_eq!(credential.key_id(), key_id);
        assert_eq!(credential.region().unwrap().id(), "us-ashburn-1");
    }
    let world = laptop(&api_key())
        .with_file("OCI_CLI_KEY_FILE", "other.pem", KEYS[1])
        .with("OCI_CLI_FINGERPRINT", &other);
    assert!(world.credential().await.key_id().ends_with(&other));
}

#[cfg(feature = "encrypted-keys")]
#[tokio::test]
async fn a_pass_phrase_is_in_the_profile_or_in_a_variable() {
    let text = api_key();
    let encrypted = crate::support::read("keys/legacy_aes128.pem");
    let in_profile = laptop(&format!("{text}pass_phrase = secret\n"));
    let in_variable = laptop(&text).with("OCI_CLI_PASSPHRASE", "secret");
    let nowhere = laptop(&text);

    for world in [&in_profile, &in_variable, &nowhere] {
        world.write("key.pem", &encrypted);
    }

    assert!(in_profile.find().is_ok());
    assert!(in_variable.find().is_ok());
    let refusal = nowhere.refusal().await;
    assert!(
        refusal.contains("set `pass_phrase` in the profile"),
        "{refusal}"
    );
}

#[tokio::test]
async fn what_a_profile_lacks_is_named_at_once() {
    let refusal = laptop("[DEFAULT]\nfingerprint = x\n").refusal().await;

    for name in ["user", "tenancy", "key_file"] {
        assert!(
            refusal.contains(&format!("`{name}` of profile `DEFAULT`")),
            "{refusal}"
        );
    }
    assert!(refusal.contains("`oci setup config`"), "{refusal}");
}

#[tokio::test]
async fn a_session_is_read_from_a_profile_and_followed() {
    let world = laptop(SESSION).with("OCI_CLI_PROFILE", "DEV");
    let first = token(&key(0), start(), minutes(60));
    world.write("session", &format!("{first}\n"));
    let principal = world.principal();

    let before = principal.credential().await.unwrap();
    world.pass(minutes(30));
    let second = token(&key(0), world.now(), minutes(60));
    world.replace("session", &second);
    let after = principal.credential().await.unwrap();

    assert_eq!(principal.name(), "session of profile DEV");
    assert_eq!(before.key_id(), format!("ST${first}"));
    assert_eq!(after.key_id(), format!("ST${second}"));
    assert_eq!(after.tenancy(), Some("ocid1.tenancy.oc1..a"));
    assert_eq!(after.region().unwrap().id(), "us-phoenix-1");
}

#[tokio::test(start_paused = true)]
async fn an_expired_session_is_refused_with_the_command_that_renews_it() {
    let world = laptop(SESSION).with("OCI_CONFIG_PROFILE", "DEV");
    world.write("session", &token(&key(0), start(), minutes(60)));
    world.pass(minutes(60));

    let refusal = world.refusal().await;

    assert!(
        refusal.contains("`oci session refresh --profile DEV`"),
        "{refusal}"
    );
    assert!(
        refusal.contains(&world.path("session").display().to_string()),
        "{refusal}"
    );
}

#[tokio::test]
async fn the_session_of_default_is_not_inherited() {
    let text =
        SESSION.replace("[DEV]", "[OTHER]") + "[DEV]\n" + &api_key().replace("[DEFAULT]\n", "");
    let text = text.replace("[DEFAULT]\n", "[DEFAULT]\nsecurity_token_file = /nowhere\n");

    let world = laptop(&text).with("OCI_CLI_PROFILE", "DEV");

    assert_eq!(world.principal().name(), "API key of profile DEV");
}

#[tokio::test]
async fn a_session_wins_over_an_api_key_unless_the_key_is_asked_for() {
    let text = api_key() + "security_token_file = {}/session\n";

    let by_itself = laptop(&text).principal();
    let asked_for = laptop(&text).with("OCI_CLI_AUTH", "api_key").principal();

    assert_eq!(by_itself.name(), "session of profile DEFAULT");
    assert_eq!(asked_for.name(), "API key of profile DEFAULT");
}
