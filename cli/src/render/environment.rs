//! The settings of a server that is to run elsewhere, judged as the server itself would there.

use std::collections::BTreeMap;

use oci_mcp::Vars;
use oci_mcp_hosts::environment;

/// What the server is told, besides the settings of the environment.
#[derive(clap::Args)]
pub(crate) struct Overrides {
    /// A setting of the server, instead of that of the environment (`OCI_MCP_*`, `ALLOW_MUTATIONS`, `COMPARTMENT_OCID`)
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = setting)]
    set: Vec<(String, String)>,
}

/// Variables by name.
pub(super) type Settings = BTreeMap<String, String>;

/// The server's variables where it will run, and all that is wrong with a document.
pub(super) type Checked = Vars<'static>;

/// Where the server will run.
pub(super) struct Place {
    /// In an error.
    pub(super) name: &'static str,
    /// What is set there without a document, by the platform or the image.
    pub(super) given: &'static [(&'static str, &'static str)],
    /// What a document must set.
    pub(super) set: &'static [(&'static str, &'static str)],
    /// How many bytes all names and values may have.
    pub(super) max_bytes: usize,
    /// What a name may be, and how that is said.
    pub(super) is_name: (fn(&str) -> bool, &'static str),
}

/// The settings of a server at `place`, and what is wrong with them.
pub(super) fn read(overrides: &Overrides, place: &Place) -> (Settings, Checked) {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let mut settings: Settings = names
        .filter(|name| is_setting(name))
        .filter_map(|name| environment(&name).map(|value| (name, value)))
        .chain(overrides.set.iter().cloned())
        .collect();
    settings.retain(|_, value| !value.trim().is_empty());
    let fixed = place.given.iter().chain(place.set);
    let others: Vec<_> = fixed
        .filter_map(|(name, value)| {
            let other = settings.get(*name).filter(|other| other != value)?;
            let other = other.escape_debug();
            Some(format!(
                "`{name}` is `{other}`: in {} it is `{value}`",
                place.name
            ))
        })
        .collect();
    settings.retain(|name, _| !place.given.iter().any(|(given, _)| given == name));
    settings.extend(owned(place.set));

    let mut vars = Vars::new({
        let mut all = settings.clone();
        all.extend(owned(place.given));
        move |name: &str| all.get(name).cloned()
    });
    for other in others {
        vars.note(other);
    }
    oci_mcp_hosts::check(crate::app, &mut vars, settings.keys().cloned());
    limit(&settings, &mut vars, place);
    (settings, vars)
}

/// Where MCP is served.
pub(super) fn path(settings: &Settings) -> &str {
    settings.get("OCI_MCP_PATH").map_or("/mcp", String::as_str)
}

/// Where the server listens.
pub(super) fn port(settings: &Settings) -> u16 {
    let port = settings.get("OCI_MCP_PORT");
    port.and_then(|port| port.parse().ok()).unwrap_or(8080)
}

fn limit(settings: &Settings, vars: &mut Checked, place: &Place) {
    let bytes: usize = settings
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if bytes > place.max_bytes {
        vars.note(format_args!(
            "the settings have {bytes} bytes: {} has {} at most",
            place.name, place.max_bytes
        ));
    }
    let (is_name, form) = place.is_name;
    for name in settings.keys().filter(|name| !is_name(name)) {
        let name = name.escape_debug();
        vars.note(format_args!(
            "`{name}`: the name of a setting of {} {form}",
            place.name
        ));
    }
    if settings.contains_key(SECRET) {
        vars.note(format_args!(
            "`{SECRET}` is a secret, which whoever may read {} could read: `{SECRET}_SECRET_ID` names one in a Vault instead, `{SECRET}_FILE` a file",
            place.name
        ));
    }
}

/// What a shell, too, takes for a variable's name.
pub(super) const POSIX_NAME: (fn(&str) -> bool, &str) = (
    |name| {
        !name.starts_with(|c: char| c.is_ascii_digit())
            && !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    },
    "has letters, digits and underscores, and does not begin with a digit",
);

/// The setting whose value is a secret; of the others a file is named.
const SECRET: &str = "OCI_MCP_STATE_KEY";

/// Whether a variable of this process is a setting of a server. Others tell of this machine.
fn is_setting(name: &str) -> bool {
    // What `make` and tests go by.
    let of_developers = ["OCI_MCP_JUDGE", "OCI_MCP_PEERS"];
    let of_tools = ["ALLOW_MUTATIONS", "COMPARTMENT_OCID"];
    (name.starts_with("OCI_MCP_") && !of_developers.contains(&name)) || of_tools.contains(&name)
}

fn owned<'a>(table: &'a [(&'a str, &'a str)]) -> impl Iterator<Item = (String, String)> + 'a {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    table.iter().map(owned)
}

fn setting(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once('=').ok_or("a setting is NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
