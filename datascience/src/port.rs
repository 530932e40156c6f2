//! The ports that a model deployment's container may listen on.

use std::error::Error;
use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

/// A port that a model deployment can reach (`serverPort` and `healthCheckPort` of its
/// configuration): 1024 to 65535, but not those that the platform itself listens on.
///
/// ```
/// use oci_mcp_datascience::Port;
///
/// assert_eq!("8080".parse(), Ok(Port::default()));
/// assert!("24224".parse::<Port>().is_err());
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Port(u16);

impl Port {
    /// Its number.
    #[must_use]
    pub fn number(self) -> u16 {
        self.0
    }
}

/// The platform's own default, 8080.
impl Default for Port {
    fn default() -> Self {
        Self(8080)
    }
}

impl FromStr for Port {
    type Err = InvalidPort;

    fn from_str(text: &str) -> Result<Self, InvalidPort> {
        match text.parse().map_err(InvalidPort::NotANumber)? {
            0..1024 => Err(InvalidPort::Privileged),
            24224 | 8446 | 8447 => Err(InvalidPort::Taken),
            port => Ok(Self(port)),
        }
    }
}

/// Why a model deployment cannot use a port.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum InvalidPort {
    /// It is no number from 0 to 65535.
    NotANumber(ParseIntError),
    /// It is below 1024.
    Privileged,
    /// The platform's own agents have it.
    Taken,
}

impl fmt::Display for InvalidPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotANumber(_) => "a port is a number, such as 8080",
            Self::Privileged => "a model deployment reaches ports from 1024 to 65535; take 8080",
            Self::Taken => {
                "a model deployment needs 24224, 8446 and 8447 for itself; take another, such as 8080"
            }
        })
    }
}

impl Error for InvalidPort {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::NotANumber(error) => Some(error),
            Self::Privileged | Self::Taken => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_platforms_ports_and_those_below_1024_are_refused_with_the_reason() {
        for (text, reason) in [
            ("0", "from 1024"),
            ("80", "from 1024"),
            ("1023", "from 1024"),
            ("8446", "for itself"),
            ("8447", "for itself"),
            ("24224", "for itself"),
            ("65536", "a number"),
            ("-1", "a number"),
            ("http", "a number"),
        ] {
            let error = text.parse::<Port>().unwrap_err().to_string();

            assert!(error.contains(reason), "{text}: {error}");
        }
        for port in [1024, 8080, 8445, 8448, 65535] {
            assert_eq!(port.to_string().parse(), Ok(Port(port)));
        }
    }
}
