//! The configuration file that Oracle's CLI and SDKs share: `~/.oci/config`.

mod parse;

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use self::parse::Section;
use crate::environment::Environment;
use crate::file;

/// The configuration file that Oracle's CLI and SDKs share.
///
/// It is read as they read it: keys in any case, `=` or `:`, comments on lines of their own, and
/// every profile inherits from `[DEFAULT]`. Source: "SDK and CLI Configuration File" in the
/// documentation of OCI, and what the official Python SDK makes of it.
///
/// ```
/// use oci_rest::{ConfigFile, Environment};
///
/// let text = "[DEFAULT]\nregion = us-phoenix-1\n[DEV]\nuser = ocid1.user.oc1..a\n";
/// let file = ConfigFile::parse("config", text)?;
///
/// let profile = file.profile("DEV", &Environment::new(|_| None))?;
///
/// assert_eq!(profile.get("user"), Some("ocid1.user.oc1..a"));
/// assert_eq!(profile.get("region"), Some("us-phoenix-1"));
/// # Ok::<_, oci_rest::ConfigFileError>(())
/// ```
pub struct ConfigFile {
    path: PathBuf,
    /// `None` if there is no file where it is by default.
    sections: Option<Vec<Section>>,
}

impl ConfigFile {
    /// Reads the file at `path`, or else where `OCI_CONFIG_FILE` or `OCI_CLI_CONFIG_FILE` says, or
    /// else `~/.oci/config`, or else `~/.oraclebmc/config`.
    ///
    /// That there is no file is fine unless one was named: everything can be set by variables.
    ///
    /// # Errors
    ///
    /// [`ConfigFileError`] if the file cannot be read, or a line of it cannot be understood.
    pub fn open(path: Option<&str>, environment: &Environment) -> Result<Self, ConfigFileError> {
        let named = path.map(str::to_owned).or_else(|| {
            let (_, path) = environment.first(&["OCI_CONFIG_FILE", "OCI_CLI_CONFIG_FILE"])?;
            Some(path)
        });
        if let Some(path) = named {
            return Self::read(environment.path(path.trim()));
        }
        let first = environment.path("~/.oci/config");
        for path in [first.clone(), environment.path("~/.oraclebmc/config")] {
            match Self::read(path) {
                Err(error) if error.is_not_found() => {}
                other => return other,
            }
        }
        Ok(Self {
            path: first,
            sections: None,
        })
    }

    /// Reads `text` as the file at `path`.
    ///
    /// # Errors
    ///
    /// [`ConfigFileError`] for a line before the first section, a line that is neither a section nor
    /// a value, and a section or a key that is there twice.
    pub fn parse(path: impl Into<PathBuf>, text: &str) -> Result<Self, ConfigFileError> {
        let path = path.into();
        match parse::parse(text.strip_prefix('\u{feff}').unwrap_or(text)) {
            Ok(sections) => Ok(Self {
                path,
                sections: Some(sections),
            }),
            Err(parse::Problem { line, problem }) => Err(ConfigFileError {
                problem: format!("`{}`, line {line}: {problem}", path.display()),
                source: None,
            }),
        }
    }

    /// Whether there is a file.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.sections.is_some()
    }

    /// Where the file is, or would be.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The names of its profiles, in order.
    pub fn profiles(&self) -> impl Iterator<Item = &str> {
        self.sections
            .iter()
            .flatten()
            .map(|section| section.name.as_str())
    }

    /// The profile that `OCI_CONFIG_PROFILE` or `OCI_CLI_PROFILE` names, or else `DEFAULT`.
    #[must_use]
    pub fn selected(environment: &Environment) -> String {
        environment
            .first(&["OCI_CONFIG_PROFILE", "OCI_CLI_PROFILE"])
            .map_or_else(|| DEFAULT.to_owned(), |(_, name)| name.trim().to_owned())
    }

    /// The values of profile `name`, and what variables set in their place.
    ///
    /// # Errors
    ///
    /// [`ConfigFileError`] if there is no such profile, which lists those that are there; or if it has
    /// `key_content`, which must not be kept in this file.
    pub fn profile<'a>(
        &'a self,
        name: &str,
        environment: &Environment,
    ) -> Result<Profile<'a>, ConfigFileError> {
        let section = |name| {
            self.sections
                .iter()
                .flatten()
                .find(|known| known.name == name)
        };
        let own = section(name);
        if own.is_none() && (name != DEFAULT || self.exists()) {
            return Err(self.no_profile(name));
        }
        let profile = Profile {
            file: self,
            name: name.to_owned(),
            own,
            inherited: section(DEFAULT),
            variables: variables(environment),
        };
        if profile.in_file("key_content").is_some() {
            return Err(ConfigFileError {
                problem: format!(
                    "profile `{name}` in `{}` has `key_content`: put the key in a file of its own \
                     and name it in `key_file`, or set `OCI_CLI_KEY_CONTENT`",
                    self.path.display()
                ),
                source: None,
            });
        }
        Ok(profile)
    }

    fn read(path: PathBuf) -> Result<Self, ConfigFileError> {
        match file::read_text(&path) {
            Ok(text) => Self::parse(path, &text),
            Err(source) => Err(ConfigFileError {
                problem: format!("`{}` cannot be read: {}", path.display(), source.problem()),
                source: Some(source),
            }),
        }
    }

    fn no_profile(&self, name: &str) -> ConfigFileError {
        let path = self.path.display();
        let profiles: Vec<&str> = self.profiles().collect();
        let there = match (&self.sections, profiles.join("`, `")) {
            (None, _) => "there is no such file".to_owned(),
            (_, names) if names.is_empty() => "it has none".to_owned(),
            (_, names) => format!("it has `{names}`"),
        };
        ConfigFileError {
            problem: format!(
                "there is no profile `{}` in `{path}`: {there}",
                name.escape_debug()
            ),
            source: None,
        }
    }
}

/// Shows no value, because pass phrases are among them.
impl fmt::Debug for ConfigFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfigFile")
            .field("path", &self.path)
            .field("profiles", &self.profiles().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// A profile, with what variables set in the place of its values.
pub struct Profile<'a> {
    file: &'a ConfigFile,
    name: String,
    own: Option<&'a Section>,
    inherited: Option<&'a Section>,
    variables: Vec<(&'static str, &'static str, Zeroizing<String>)>,
}

impl Profile<'_> {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value of `key`: the variable's if there is one, else the profile's own, else that of
    /// `[DEFAULT]`. An empty value counts as unset.
    ///
    /// | key | variables |
    /// |---|---|
    /// | `user` | `OCI_CLI_USER` |
    /// | `fingerprint` | `OCI_CLI_FINGERPRINT` |
    /// | `key_file` | `OCI_CLI_KEY_FILE` |
    /// | `key_content` | `OCI_CLI_KEY_CONTENT` |
    /// | `pass_phrase`, or `passphrase` in the file | `OCI_CLI_PASSPHRASE` |
    /// | `tenancy` | `OCI_CLI_TENANCY` |
    /// | `region` | `OCI_REGION`, `OCI_CLI_REGION` |
    /// | `security_token_file`, never inherited | `OCI_CLI_SECURITY_TOKEN_FILE` |
    /// | `delegation_token_file` | `OCI_CLI_DELEGATION_TOKEN_FILE` |
    /// | any other | none |
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.variable(key)
            .map(|(_, value)| value)
            .or_else(|| self.in_file(key))
    }

    /// Where `key` is set, or may be set, for messages.
    #[must_use]
    pub fn place(&self, key: &str) -> String {
        self.variable(key).map_or_else(
            || {
                format!(
                    "`{key}` of profile `{}` in `{}`",
                    self.name,
                    self.file.path.display()
                )
            },
            |(variable, _)| format!("`{variable}`"),
        )
    }

    fn variable(&self, key: &str) -> Option<(&'static str, &str)> {
        let (_, variable, value) = self.variables.iter().find(|(known, ..)| *known == key)?;
        Some((variable, value))
    }

    fn in_file(&self, key: &str) -> Option<&str> {
        // The session of [DEFAULT] is not that of a profile with an API key of its own.
        let inherited = self.inherited.filter(|_| key != "security_token_file");
        let aliases: &[&str] = match key {
            "pass_phrase" => &["pass_phrase", "passphrase"],
            _ => &[key],
        };
        [self.own, inherited]
            .into_iter()
            .flatten()
            .find_map(|section| aliases.iter().find_map(|alias| section.get(alias)))
            .filter(|value| !value.is_empty())
    }
}

impl fmt::Debug for Profile<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Profile")
            .field("name", &self.name)
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}

/// Why there is no profile: what is wrong, where, and what to do. It shows no value.
#[derive(Debug)]
pub struct ConfigFileError {
    problem: String,
    source: Option<file::FileError>,
}

impl ConfigFileError {
    fn is_not_found(&self) -> bool {
        self.source
            .as_ref()
            .is_some_and(file::FileError::is_not_found)
    }
}

impl fmt::Display for ConfigFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem)
    }
}

impl Error for ConfigFileError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().and_then(Error::source)
    }
}

/// Every key that variables set, with the variable that does and its value.
fn variables(environment: &Environment) -> Vec<(&'static str, &'static str, Zeroizing<String>)> {
    VARIABLES
        .iter()
        .filter_map(|(key, variables)| {
            let (variable, value) = environment.first(variables)?;
            Some((*key, variable, Zeroizing::new(value)))
        })
        .collect()
}

const DEFAULT: &str = "DEFAULT";

const VARIABLES: [(&str, &[&str]); 9] = [
    ("delegation_token_file", &["OCI_CLI_DELEGATION_TOKEN_FILE"]),
    ("fingerprint", &["OCI_CLI_FINGERPRINT"]),
    ("key_content", &["OCI_CLI_KEY_CONTENT"]),
    ("key_file", &["OCI_CLI_KEY_FILE"]),
    ("pass_phrase", &["OCI_CLI_PASSPHRASE"]),
    ("region", &["OCI_REGION", "OCI_CLI_REGION"]),
    ("security_token_file", &["OCI_CLI_SECURITY_TOKEN_FILE"]),
    ("tenancy", &["OCI_CLI_TENANCY"]),
    ("user", &["OCI_CLI_USER"]),
];
