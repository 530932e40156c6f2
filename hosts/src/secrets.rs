//! Secrets that a setting names by the OCID under which a Vault has them.

#[cfg(feature = "oci")]
mod vault;

use oci_mcp::{App, Vars};

/// The secrets to read when the first request needs them, and who waits for them.
#[derive(Default)]
pub(crate) struct Secrets {
    all: Vec<Secret>,
}

#[cfg_attr(
    not(feature = "oci"),
    expect(dead_code, reason = "a program that cannot read any has none")
)]
struct Secret {
    /// The setting that names it.
    setting: &'static str,
    /// Its OCID.
    id: String,
    take: Take,
}

/// Takes the text of a secret, or says what is wrong with it without repeating it.
type Take = Box<dyn Fn(&str) -> Result<(), String> + Send + Sync>;

/// `text` as the OCID of a secret, if it is one.
fn secret_id(text: &str) -> Option<String> {
    let text = text.trim();
    let is_secret = text.starts_with("ocid1.vaultsecret.") && text.split('.').count() == 5;
    (is_secret && !text.ends_with('.')).then(|| text.to_owned())
}

impl Secrets {
    /// Has the secret that `setting` names, if it is set, given to `take`. What is wrong with the setting is noted in
    /// `vars`.
    pub(crate) fn read(
        &mut self,
        vars: &mut Vars<'_>,
        setting: &'static str,
        take: impl Fn(&str) -> Result<(), String> + Send + Sync + 'static,
    ) {
        let Some(id) = vars.get(setting) else {
            return;
        };
        if cfg!(not(feature = "oci")) {
            return vars.note(format_args!(
                "`{setting}` is set, but this program was built without a client of OCI"
            ));
        }
        let Some(id) = secret_id(&id) else {
            // Not with the value, for it may be the secret itself.
            return vars.note(format_args!(
                "`{setting}`: the OCID of a secret is `ocid1.vaultsecret.<realm>.<region>.<unique>`"
            ));
        };
        let take = Box::new(take);
        self.all.push(Secret { setting, id, take });
    }

    /// Has `app` wait for them.
    pub(crate) fn prepare(self, app: App) -> App {
        if self.all.is_empty() {
            return app;
        }
        #[cfg(feature = "oci")]
        let app = vault::prepare(self.all, app, crate::oci::Oci::over_network());
        app
    }
}

/// Which of two settings is set: that which names a Vault's secret, or not. `None` if both are, which is noted.
pub(crate) fn is_in_vault(vars: &mut Vars<'_>, other: &str, id: &str) -> Option<bool> {
    let is_in_vault = vars.get(id).is_some();
    if is_in_vault && vars.get(other).is_some() {
        vars.note(format_args!("`{other}` and `{id}` are both set; unset one"));
        return None;
    }
    Some(is_in_vault)
}
