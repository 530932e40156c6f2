//! The environment, passed in.

use std::fmt;
use std::path::PathBuf;

/// The variables that configure the crate, and through `HOME` the place of its files.
///
/// ```
/// use oci_rest::Environment;
///
/// let environment = Environment::new(|name| (name == "HOME").then(|| "/root".to_owned()));
///
/// assert_eq!(environment.path("~/.oci/config").to_str(), Some("/root/.oci/config"));
/// ```
pub struct Environment {
    lookup: Box<Lookup>,
}

impl Environment {
    /// Variables that `lookup` finds: `|name| std::env::var(name).ok()`, or what stands for it.
    pub fn new(lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self {
            lookup: Box::new(lookup),
        }
    }

    /// The value of `name`. An empty variable counts as unset, because many consoles cannot delete
    /// one.
    #[must_use]
    pub fn var(&self, name: &str) -> Option<String> {
        (self.lookup)(name).filter(|value| !value.trim().is_empty())
    }

    /// The first of `names` that is set, with its value.
    #[must_use]
    pub fn first<'a>(&self, names: &[&'a str]) -> Option<(&'a str, String)> {
        names.iter().find_map(|name| Some((*name, self.var(name)?)))
    }

    /// Whether `name` is `true` or `1`, in any case.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        self.var(name)
            .is_some_and(|value| value.eq_ignore_ascii_case("true") || value == "1")
    }

    /// `path` as it is written in a setting: a leading `~` is the home folder, if there is one.
    #[must_use]
    pub fn path(&self, path: &str) -> PathBuf {
        let rest = match path.strip_prefix('~') {
            Some("") => Some(""),
            Some(rest) => rest.strip_prefix('/'),
            None => None,
        };
        match (rest, self.var("HOME")) {
            (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
            _ => PathBuf::from(path),
        }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment").finish_non_exhaustive()
    }
}

type Lookup = dyn Fn(&str) -> Option<String> + Send + Sync;
