//! The configuration file, as the official Python SDK reads it, and where we differ from it.
//!
//! `config_file/make.py` wrote the cases with `oci.config.from_file`.

#![cfg(test)]

use std::collections::BTreeMap;
use std::fs;

use oci_rest::{ConfigFile, Environment};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    shows: String,
    profile: String,
    text: String,
    values: Option<BTreeMap<String, String>>,
}

#[test]
fn files_mean_what_they_mean_to_the_official_sdk() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("config_file/cases.json")).unwrap();
    let environment = without_variables();

    assert!(cases.len() > 30);
    for case in cases {
        let file = ConfigFile::parse("config", &case.text);
        let profile = file
            .as_ref()
            .ok()
            .and_then(|file| file.profile(&case.profile, &environment).ok());

        assert_eq!(profile.is_some(), case.values.is_some(), "{}", case.shows);
        for (key, value) in case.values.unwrap_or_default() {
            let read = profile.as_ref().unwrap().get(&key).unwrap_or_default();
            assert_eq!(read, value, "{}: {key}", case.shows);
        }
    }
}

#[test]
fn a_byte_order_mark_is_passed_over_which_the_sdk_refuses() {
    let file = ConfigFile::parse("config", "\u{feff}[DEFAULT]\nuser=u\n").unwrap();

    let profile = file.profile("DEFAULT", &without_variables()).unwrap();

    assert_eq!(profile.get("user"), Some("u"));
}

#[test]
fn a_session_is_not_inherited_which_the_sdk_does() {
    let text = "[DEFAULT]\nsecurity_token_file=/t\nkey_file=/k\n[DEV]\nuser=u\n";
    let file = ConfigFile::parse("config", text).unwrap();

    let dev = file.profile("DEV", &without_variables()).unwrap();
    let default = file.profile("DEFAULT", &without_variables()).unwrap();

    assert_eq!(dev.get("security_token_file"), None);
    assert_eq!(dev.get("key_file"), Some("/k"));
    assert_eq!(default.get("security_token_file"), Some("/t"));
}

#[test]
fn the_pass_phrase_may_have_the_name_that_the_go_sdk_knows() {
    let text = "[DEFAULT]\npassphrase=one\n[DEV]\npass_phrase=two\n";
    let file = ConfigFile::parse("config", text).unwrap();

    for (profile, passphrase) in [("DEFAULT", "one"), ("DEV", "two")] {
        let profile = file.profile(profile, &without_variables()).unwrap();

        assert_eq!(profile.get("pass_phrase"), Some(passphrase));
    }
}

#[test]
fn problems_name_the_file_the_line_and_what_is_wrong_and_show_no_value() {
    let cases = [
        ("a=secret\n", "`config`, line 1: before the first section"),
        ("[A]\nsecret\n", "`config`, line 2: neither a section"),
        (
            "[A]\nb=secret\nb=secret\n",
            "`config`, line 3: a second `b`",
        ),
        (
            "[A]\n[A]\nb=secret\n",
            "`config`, line 2: a second section `[A]`",
        ),
    ];

    for (text, problem) in cases {
        let message = ConfigFile::parse("config", text).unwrap_err().to_string();

        assert!(message.starts_with(problem), "{message}");
        assert!(!message.contains("secret"), "{message}");
    }
}

#[test]
fn a_missing_profile_is_refused_with_those_that_are_there() {
    let file = ConfigFile::parse("config", "[DEFAULT]\n[DEV]\n").unwrap();

    let error = file.profile("dev", &without_variables()).unwrap_err();

    assert_eq!(
        error.to_string(),
        "there is no profile `dev` in `config`: it has `DEFAULT`, `DEV`",
    );
}

#[test]
fn a_key_in_the_file_is_refused_with_where_else_it_may_be() {
    let file = ConfigFile::parse("config", "[DEFAULT]\nkey_content=secret\n[DEV]\n").unwrap();

    let message = file
        .profile("DEV", &without_variables())
        .unwrap_err()
        .to_string();

    assert!(message.contains("`key_file`") && message.contains("`OCI_CLI_KEY_CONTENT`"));
    assert!(!message.contains("secret"));
}

#[test]
fn variables_come_before_the_file_and_messages_name_them() {
    let text = "[DEV]\nuser=u\nregion=r\ntenancy=t\n";
    let file = ConfigFile::parse("config", text).unwrap();
    let environment = Environment::new(|name| match name {
        "OCI_CLI_USER" => Some("other".to_owned()),
        "OCI_CLI_REGION" => Some("second".to_owned()),
        "OCI_REGION" => Some("first".to_owned()),
        "OCI_CLI_TENANCY" => Some(" ".to_owned()),
        _ => None,
    });

    let profile = file.profile("DEV", &environment).unwrap();

    assert_eq!(profile.get("user"), Some("other"));
    assert_eq!(profile.place("user"), "`OCI_CLI_USER`");
    assert_eq!(profile.get("region"), Some("first"));
    assert_eq!(profile.get("tenancy"), Some("t"));
    assert_eq!(
        profile.place("tenancy"),
        "`tenancy` of profile `DEV` in `config`"
    );
}

#[test]
fn the_profile_is_the_one_that_the_environment_names() {
    let cases = [
        (None, None, "DEFAULT"),
        (None, Some("CLI"), "CLI"),
        (Some("CONFIG"), Some("CLI"), "CONFIG"),
    ];

    for (config, cli, selected) in cases {
        let environment = Environment::new(move |name| match name {
            "OCI_CONFIG_PROFILE" => config.map(str::to_owned),
            "OCI_CLI_PROFILE" => cli.map(str::to_owned),
            _ => None,
        });

        assert_eq!(ConfigFile::selected(&environment), selected);
    }
}

#[test]
fn the_file_is_looked_for_in_one_place_after_the_other() {
    let home = tempfile::tempdir().unwrap();
    let variables = |named: Option<(&'static str, &'static str)>| {
        let home = home.path().display().to_string();
        Environment::new(move |name| match named {
            _ if name == "HOME" => Some(home.clone()),
            Some((variable, value)) if name == variable => Some(value.to_owned()),
            _ => None,
        })
    };
    let found = |path: Option<&str>, named| {
        let file = ConfigFile::open(path, &variables(named)).unwrap();
        let profile = file.profile("DEFAULT", &without_variables()).unwrap();
        profile.get("user").map(str::to_owned)
    };
    let write = |name: &str| {
        let path = home.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("[DEFAULT]\nuser={name}\n")).unwrap();
    };

    assert_eq!(found(None, None), None);
    write(".oraclebmc/config");
    assert_eq!(found(None, None).unwrap(), ".oraclebmc/config");
    write(".oci/config");
    assert_eq!(found(None, None).unwrap(), ".oci/config");
    write("named");
    assert_eq!(
        found(None, Some(("OCI_CONFIG_FILE", "~/named"))).unwrap(),
        "named"
    );
    assert_eq!(
        found(None, Some(("OCI_CLI_CONFIG_FILE", "~/named"))).unwrap(),
        "named"
    );
    write("given");
    assert_eq!(
        found(Some("~/given"), Some(("OCI_CONFIG_FILE", "~/named"))).unwrap(),
        "given"
    );
}

#[test]
fn a_file_that_was_named_must_be_there() {
    let named = Environment::new(|name| (name == "OCI_CONFIG_FILE").then(|| "/no/such".to_owned()));

    let error = ConfigFile::open(None, &named).unwrap_err();

    assert_eq!(
        error.to_string(),
        "`/no/such` cannot be read: there is no such file"
    );
}

#[test]
fn without_a_file_there_is_only_the_default_profile() {
    let file = ConfigFile::open(None, &Environment::new(|_| None)).unwrap();

    assert!(!file.exists());
    assert!(file.profile("DEFAULT", &without_variables()).is_ok());
    assert!(file.profile("DEV", &without_variables()).is_err());
}

fn without_variables() -> Environment {
    Environment::new(|_| None)
}
