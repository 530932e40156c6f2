//! Secrets that a setting names by the OCID under which a Vault has them.

#[cfg(feature = "oci")]
mod vault;

use oci_mcp::{App, Vars};

/// The secrets to read when the first request needs them, and who waits for them.
#[derive(Default)]
pub(crate) struct Secrets {
    #[cfg(feature = "oci")]
    all: Vec<vault::Secret>,
}

impl Secrets {
    /// Has the secret that `setting` names, if it is set, given to `take`, which says what is wrong with it without
    /// repeating it. What is wrong with the setting is noted in `vars`.
    #[cfg(feature = "oci")]
    pub(crate) fn read<F: Fn(&str) -> Option<String>>(
        &mut self,
        vars: &mut Vars<F>,
        setting: &'static str,
        take: impl Fn(&str) -> Result<(), String> + Send + Sync + 'static,
    ) {
        let id = vars.get(setting).map(|id| id.parse());
        match id {
            Some(Ok(id)) => self.all.push(vault::Secret::new(setting, id, take)),
            // Not with the value, for it may be the secret itself.
            Some(Err(problem)) => vars.note(format_args!("`{setting}`: {problem}")),
            None => {}
        }
    }

    /// The same, of a program that cannot read it.
    #[cfg(not(feature = "oci"))]
    pub(crate) fn read<F: Fn(&str) -> Option<String>>(
        &mut self,
        vars: &mut Vars<F>,
        setting: &'static str,
        _: impl Fn(&str) -> Result<(), String> + Send + Sync + 'static,
    ) {
        if vars.get(setting).is_some() {
            vars.note(format_args!(
                "`{setting}` is set, but this program was built without a client of OCI"
            ));
        }
    }

    /// Has `app` wait for them.
    pub(crate) fn prepare(self, app: App) -> App {
        #[cfg(feature = "oci")]
        let app = vault::prepare(self.all, app, crate::oci::Oci::over_network());
        app
    }
}

/// Which of two settings is set: that which names a Vault's secret, or not. `None` if both are, which is noted.
pub(crate) fn is_in_vault<F: Fn(&str) -> Option<String>>(
    vars: &mut Vars<F>,
    other: &str,
    id: &str,
) -> Option<bool> {
    let is_in_vault = vars.get(id).is_some();
    if is_in_vault && vars.get(other).is_some() {
        vars.note(format_args!("`{other}` and `{id}` are both set; unset one"));
        return None;
    }
    Some(is_in_vault)
}
