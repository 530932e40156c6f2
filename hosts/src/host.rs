//! Which host this process runs on.

use std::str::FromStr;

use oci_mcp::{App, Config, Vars};

use crate::Error;
use crate::access::Reach;
use crate::audit::Record;
#[cfg(feature = "container")]
use crate::container;
#[cfg(feature = "datascience")]
use crate::datascience;
#[cfg(feature = "functions")]
use crate::functions;
#[cfg(feature = "stdio")]
use crate::stdio;

/// A host and what it needs to know.
pub(crate) enum Host {
    #[cfg(feature = "container")]
    Container(container::Settings),
    #[cfg(feature = "datascience")]
    DataScience(datascience::Settings),
    #[cfg(feature = "functions")]
    Functions(functions::Settings),
    #[cfg(feature = "stdio")]
    Stdio(stdio::Settings),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Container,
    DataScience,
    Functions,
    Stdio,
}

impl Host {
    /// The host that is named, or else the one whose platform's variables are there. What is wrong
    /// is noted in `vars`.
    pub(crate) fn choose(vars: &mut Vars<'_>, config: &Config) -> Option<Self> {
        let named = match vars.get("OCI_MCP_HOST") {
            Some(_) => vars.parse("OCI_MCP_HOST").map(|Named(kind)| kind)?,
            None => None,
        };
        let kind = named.or_else(|| Kind::of_platform(vars));
        let kind = match transport(vars) {
            Some(Transport::Stdio) => match kind {
                None => Kind::Stdio,
                Some(kind) => {
                    let name = kind.name();
                    vars.note(format_args!(
                        "the transport is `stdio`, but the host is `{name}`"
                    ));
                    return None;
                }
            },
            Some(Transport::StreamableHttp) | None => kind.unwrap_or(Kind::Container),
        };
        kind.host(vars, config)
    }

    /// Its name, as a request's `Delivery` has it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            #[cfg(feature = "container")]
            Self::Container(_) => Kind::Container.name(),
            #[cfg(feature = "datascience")]
            Self::DataScience(_) => Kind::DataScience.name(),
            #[cfg(feature = "functions")]
            Self::Functions(_) => Kind::Functions.name(),
            #[cfg(feature = "stdio")]
            Self::Stdio(_) => Kind::Stdio.name(),
        }
    }

    /// Whom it is reached by.
    pub(crate) fn reach(&self) -> Reach {
        match self {
            #[cfg(feature = "container")]
            Self::Container(settings) => settings.reach(),
            #[cfg(feature = "datascience")]
            Self::DataScience(settings) => settings.reach(),
            #[cfg(feature = "functions")]
            Self::Functions(_) => Reach {
                is_platform: true,
                address: None,
            },
            #[cfg(feature = "stdio")]
            Self::Stdio(_) => Reach {
                is_platform: false,
                address: None,
            },
        }
    }

    /// Whether nothing runs between two requests.
    pub(crate) fn stands_still(&self) -> bool {
        match self {
            #[cfg(feature = "functions")]
            Self::Functions(_) => true,
            #[cfg(any(feature = "container", feature = "datascience", feature = "stdio"))]
            _ => false,
        }
    }

    pub(crate) fn run(self, app: App, config: Config, record: &Record) -> Result<(), Error> {
        match self {
            #[cfg(feature = "container")]
            Self::Container(settings) => container::run(app, config, &settings, record),
            #[cfg(feature = "datascience")]
            Self::DataScience(settings) => datascience::run(app, config, settings, record),
            #[cfg(feature = "functions")]
            Self::Functions(settings) => functions::run(app, config, settings, record),
            #[cfg(feature = "stdio")]
            Self::Stdio(settings) => stdio::run(app, config, &settings, record),
        }
    }
}

impl Kind {
    /// The platform whose variables are there.
    fn of_platform(vars: &Vars<'_>) -> Option<Self> {
        let is_set = |name: &&str| vars.get(name).is_some();
        if ["FN_FORMAT", "FN_LISTENER"].iter().any(is_set) {
            Some(Self::Functions)
        } else if is_set(&"MODEL_DEPLOYMENT_OCID") {
            Some(Self::DataScience)
        } else {
            None
        }
    }

    fn host(self, vars: &mut Vars<'_>, config: &Config) -> Option<Host> {
        match self {
            #[cfg(feature = "container")]
            Self::Container => Some(Host::Container(container::Settings::read(vars, config))),
            #[cfg(feature = "datascience")]
            Self::DataScience => datascience::Settings::read(vars, config).map(Host::DataScience),
            #[cfg(feature = "functions")]
            Self::Functions => functions::Settings::read(vars, config).map(Host::Functions),
            #[cfg(feature = "stdio")]
            Self::Stdio => Some(Host::Stdio(stdio::Settings::read(vars, config))),
            #[cfg(not(all(
                feature = "container",
                feature = "datascience",
                feature = "functions",
                feature = "stdio"
            )))]
            missing => {
                vars.note(format_args!(
                    "the host is `{}`, which this program was built without",
                    missing.name()
                ));
                None
            }
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Container => "container",
            Self::DataScience => "datascience",
            Self::Functions => "functions",
            Self::Stdio => "stdio",
        }
    }
}

/// A host by its name; `auto` is none.
struct Named(Option<Kind>);

impl FromStr for Named {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self(None)),
            "container" => Ok(Self(Some(Kind::Container))),
            "datascience" => Ok(Self(Some(Kind::DataScience))),
            "functions" => Ok(Self(Some(Kind::Functions))),
            _ => Err("the hosts are `auto`, `functions`, `datascience` and `container`"),
        }
    }
}

/// What guides for MCP on OCI set.
enum Transport {
    Stdio,
    StreamableHttp,
}

fn transport(vars: &mut Vars<'_>) -> Option<Transport> {
    match vars.get("OCI_MCP_TRANSPORT") {
        Some(_) => vars.parse("OCI_MCP_TRANSPORT"),
        None => vars.parse("MCP_TRANSPORT"),
    }
}

impl FromStr for Transport {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "stdio" => Ok(Self::Stdio),
            // Guides write it either way.
            "streamable_http" | "streamable-http" => Ok(Self::StreamableHttp),
            _ => Err("the transports are `stdio` and `streamable_http`"),
        }
    }
}

#[cfg(all(
    test,
    feature = "container",
    feature = "datascience",
    feature = "functions",
    feature = "stdio"
))]
mod tests;
