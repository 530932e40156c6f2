//! Variables that hold a value, or the path of a file that does.

use std::fmt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::PrincipalError;
use crate::environment::Environment;
use crate::file;
use crate::key::PrivateKey;
use crate::token::SecurityToken;

/// A secret, where it is.
#[derive(Clone)]
pub(super) struct Value {
    /// Where it is configured, as messages name it: `` `OCI_RESOURCE_PRINCIPAL_RPST` ``.
    place: String,
    content: Content,
}

#[derive(Clone)]
enum Content {
    Literal(Zeroizing<String>),
    File(PathBuf),
}

impl Value {
    /// The value of variable `name`, which is a path if it is absolute: the rule of Oracle's SDKs.
    pub(super) fn of_variable(name: &str, value: String) -> Self {
        let place = format!("`{name}`");
        let path = Path::new(value.trim());
        if path.is_absolute() {
            Self::file(place, path.to_owned())
        } else {
            Self::literal(place, &Zeroizing::new(value))
        }
    }

    /// The file at `path`.
    pub(super) fn file(place: String, path: PathBuf) -> Self {
        Self {
            place,
            content: Content::File(path),
        }
    }

    /// The secret itself.
    pub(super) fn literal(place: String, text: &str) -> Self {
        Self {
            place,
            content: Content::Literal(Zeroizing::new(text.to_owned())),
        }
    }

    /// The file, if it is in one.
    pub(super) fn path(&self) -> Option<&Path> {
        match &self.content {
            Content::File(path) => Some(path),
            Content::Literal(_) => None,
        }
    }

    /// Where it is, for messages.
    pub(super) fn place(&self) -> String {
        match &self.content {
            Content::File(path) => format!("{}, file `{}`", self.place, path.display()),
            Content::Literal(_) => self.place.clone(),
        }
    }

    /// The secret, without white space around it.
    pub(super) fn text(&self) -> Result<Zeroizing<String>, PrincipalError> {
        match &self.content {
            Content::Literal(text) => Ok(trimmed(text)),
            Content::File(path) => match file::read_text(path) {
                Ok(text) => Ok(trimmed(&text)),
                Err(error) => Err(self
                    .problem(format!("cannot be read: {}", error.problem()))
                    .with_source(error)),
            },
        }
    }

    /// The private key that it is.
    pub(super) fn key(&self, passphrase: Option<&Self>) -> Result<PrivateKey, PrincipalError> {
        let passphrase = passphrase.map(Self::text).transpose()?;
        let passphrase = passphrase.as_deref().map(String::as_str);
        let key = match &self.content {
            Content::Literal(text) => {
                // A line break in a variable is often written as `\n`.
                let text = Zeroizing::new(text.replace("\\n", "\n"));
                PrivateKey::from_pem(text.as_bytes(), passphrase)
            }
            Content::File(path) => PrivateKey::from_file(path, passphrase),
        };
        key.map_err(|error| PrincipalError::new(format!("{}: {error}", self.place)))
    }

    /// The token that it is.
    pub(super) fn token(&self) -> Result<SecurityToken, PrincipalError> {
        SecurityToken::parse(&self.text()?).map_err(|error| self.problem(format!("is {error}")))
    }

    /// `problem` as that of this value.
    pub(super) fn problem(&self, problem: impl fmt::Display) -> PrincipalError {
        PrincipalError::new(format!("{} {problem}", self.place()))
    }
}

/// Shows no literal.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place())
    }
}

fn trimmed(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.trim().to_owned())
}

/// The variables of one resource principal: `OCI_RESOURCE_PRINCIPAL_{stem}{suffix}`.
pub(super) struct Variables<'a> {
    environment: &'a Environment,
    suffix: &'static str,
    problems: Vec<String>,
}

impl<'a> Variables<'a> {
    /// Those whose names end in `suffix`, such as `_FOR_LEAF_RESOURCE`.
    pub(super) fn new(environment: &'a Environment, suffix: &'static str) -> Self {
        Self {
            environment,
            suffix,
            problems: Vec::new(),
        }
    }

    /// The whole name of a variable.
    pub(super) fn name(&self, stem: &str) -> String {
        format!("OCI_RESOURCE_PRINCIPAL_{stem}{}", self.suffix)
    }

    /// The value of one that may be missing.
    pub(super) fn optional(&self, stem: &str) -> Option<String> {
        let value = self.environment.var(&self.name(stem))?;
        Some(value.trim().to_owned())
    }

    /// The value of one that may not.
    pub(super) fn required(&mut self, stem: &str, example: &str) -> Option<String> {
        let value = self.optional(stem);
        if value.is_none() {
            self.missing(stem, example);
        }
        value
    }

    /// The secret that one holds or names, and that may be missing.
    pub(super) fn optional_value(&self, stem: &str) -> Option<Value> {
        let name = self.name(stem);
        let value = self.environment.var(&name)?;
        Some(Value::of_variable(&name, value))
    }

    /// The secret that one holds or names, and that may not be missing.
    pub(super) fn required_value(&mut self, stem: &str, example: &str) -> Option<Value> {
        let value = self.optional_value(stem);
        if value.is_none() {
            self.missing(stem, example);
        }
        value
    }

    /// The key and its pass phrase, both paths or both literals, as Oracle's SDKs want it.
    pub(super) fn key(&mut self) -> Option<(Value, Option<Value>)> {
        let key = self.required_value("PRIVATE_PEM", "the private key, or its absolute path")?;
        let passphrase = self.optional_value("PRIVATE_PEM_PASSPHRASE");
        if let Some(passphrase) = &passphrase
            && passphrase.path().is_some() != key.path().is_some()
        {
            let problem = format!(
                "`{}` and `{}` must both be absolute paths, or both be the values themselves",
                self.name("PRIVATE_PEM"),
                self.name("PRIVATE_PEM_PASSPHRASE"),
            );
            self.problem(problem);
        }
        Some((key, passphrase))
    }

    fn missing(&mut self, stem: &str, example: &str) {
        let name = self.name(stem);
        self.problem(format!("`{name}` is not set; it is {example}"));
    }

    /// Notes a problem.
    pub(super) fn problem(&mut self, problem: impl Into<String>) {
        self.problems.push(problem.into());
    }

    /// All problems at once, if there are any.
    pub(super) fn check(&self, principal: &str) -> Result<(), PrincipalError> {
        if self.problems.is_empty() {
            Ok(())
        } else {
            Err(self.error(principal))
        }
    }

    /// All problems at once.
    pub(super) fn error(&self, principal: &str) -> PrincipalError {
        PrincipalError::new(format!(
            "{principal} is not configured: {}; the host of the workload sets these variables, so \
             do not change or clear them",
            self.problems.join("; ")
        ))
    }
}
