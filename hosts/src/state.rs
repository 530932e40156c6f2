//! `OCI_MCP_STATE_KEY`: the keys that seal what passes through clients from one round of a call to the
//! next.

use std::io;
use std::sync::Arc;
use std::time::SystemTime;

use oci_mcp::{StateKeys, Vars};
use zeroize::Zeroizing;

use crate::secrets::{Secrets, is_in_vault};

const KEYS: &str = "OCI_MCP_STATE_KEY";
const FILE: &str = "OCI_MCP_STATE_KEY_FILE";
const SECRET_ID: &str = "OCI_MCP_STATE_KEY_SECRET_ID";

/// The keys, if they are set; `read_file` reads the file of a path, and `secrets` what is in a Vault. What is wrong is
/// noted in `vars`, without what is secret in it.
pub(crate) fn keys(
    vars: &mut Vars<'_>,
    secrets: &mut Secrets,
    read_file: impl FnOnce(&str) -> io::Result<String>,
) -> Option<Arc<StateKeys>> {
    let other = if vars.get(KEYS).is_some() { KEYS } else { FILE };
    if is_in_vault(vars, other, SECRET_ID)? {
        let keys = Arc::new(StateKeys::pending(now));
        let waiting = Arc::clone(&keys);
        secrets.read(vars, SECRET_ID, move |text| {
            waiting.fill(text).map_err(|error| error.to_string())
        });
        return Some(keys);
    }
    let (name, text) = match (vars.get(KEYS), vars.get(FILE)) {
        (Some(_), Some(_)) => {
            vars.note(format_args!(
                "`{KEYS}` and `{FILE}` are both set; unset one"
            ));
            return None;
        }
        (Some(text), None) => (KEYS, text),
        (None, Some(path)) => match read_file(&path) {
            Ok(text) => (FILE, text),
            Err(error) => {
                let path = path.escape_debug();
                vars.note(format_args!(
                    "`{FILE}` is `{path}`, which cannot be read: {error}"
                ));
                return None;
            }
        },
        (None, None) => return None,
    };
    let text = Zeroizing::new(text);
    let keys = StateKeys::parse(&text, now);
    keys.map_err(|error| vars.note(format_args!("`{name}`: {error}")))
        .ok()
        .map(Arc::new)
}

#[expect(clippy::disallowed_methods, reason = "this is where the time comes in")]
fn now() -> SystemTime {
    SystemTime::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "a:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

    fn read(
        set: &[(&str, &str)],
        file: io::Result<&str>,
    ) -> Result<Option<Arc<StateKeys>>, String> {
        let mut vars = Vars::new(|name: &str| {
            let found = set.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        });
        let keys = keys(&mut vars, &mut Secrets::default(), |_| {
            file.map(str::to_owned)
        });
        vars.finish(Some(keys)).map_err(|error| error.to_string())
    }

    #[test]
    fn keys_come_from_a_variable_or_a_file() {
        let missing = || Err(io::ErrorKind::NotFound.into());

        assert!(read(&[], missing()).unwrap().is_none());
        assert!(read(&[(KEYS, KEY)], missing()).unwrap().is_some());
        let from_file = read(&[(FILE, "/keys")], Ok(&format!("{KEY}\n")));
        assert!(from_file.unwrap().is_some());
    }

    #[test]
    fn what_is_wrong_is_named_without_the_secret() {
        let missing = || Err(io::ErrorKind::NotFound.into());
        for (set, file, expected) in [
            (
                &[(KEYS, KEY), (FILE, "/keys")][..],
                missing(),
                "are both set",
            ),
            (
                &[(FILE, "/keys")],
                missing(),
                "`/keys`, which cannot be read",
            ),
            (
                &[(FILE, "/keys")],
                Ok("AQEB"),
                "`OCI_MCP_STATE_KEY_FILE`: key 1",
            ),
            (&[(KEYS, "a:AQEB")], missing(), "`OCI_MCP_STATE_KEY`: key 1"),
            (
                &[(KEYS, KEY), (SECRET_ID, "ocid1.vaultsecret.oc1.phx.a")],
                missing(),
                "are both set",
            ),
            #[cfg(feature = "oci")]
            (
                &[(SECRET_ID, "ocid1.secret")],
                missing(),
                "the OCID of a secret is",
            ),
        ] {
            let error = read(set, file).unwrap_err();

            assert!(error.contains(expected), "{error}");
            assert!(!error.contains("AQEB"), "{error}");
        }
    }
}
