//! Who may call: `OCI_MCP_ACCESS`, and the settings that go with it.

#[cfg(feature = "access")]
mod known;
#[cfg(test)]
#[cfg(feature = "access")]
mod tests;

use std::net::SocketAddr;
use std::str::FromStr;

use oci_mcp::{App, Vars};

use crate::secrets::Secrets;

/// Whom a host is reached by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reach {
    /// Whether OCI has decided who calls before the server is reached.
    pub(crate) is_platform: bool,
    /// Where it listens; `None` for a function and stdio, to which no network leads.
    pub(crate) address: Option<SocketAddr>,
}

/// How callers are known. One way a server, so that none is weaker than the operator thinks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Scheme {
    Platform,
    None,
    Gateway,
    Jwt,
    Introspection,
    Static,
}

/// Who gets in.
pub(crate) enum Callers {
    /// Whoever reaches the server.
    All(Scheme),
    /// Whom the app itself identifies.
    #[cfg(feature = "access")]
    Known(Scheme, Box<oci_mcp::Access>),
}

/// Which schemes a setting is for. With another it would have no effect, of which whoever set it should
/// know.
const SETTINGS: [(&str, &[Scheme]); 16] = {
    use Scheme::{Gateway, Introspection, Jwt, Static};
    [
        ("OCI_MCP_ACCESS_AUDIENCE", &[Jwt, Introspection]),
        ("OCI_MCP_ACCESS_CLIENT_ID", &[Introspection]),
        ("OCI_MCP_ACCESS_CLIENT_SECRET_FILE", &[Introspection]),
        ("OCI_MCP_ACCESS_CLIENT_SECRET_ID", &[Introspection]),
        ("OCI_MCP_ACCESS_GATEWAY", &[Gateway]),
        ("OCI_MCP_ACCESS_IDENTITY_DOMAIN", &[Jwt]),
        ("OCI_MCP_ACCESS_INTROSPECTION_URL", &[Introspection]),
        ("OCI_MCP_ACCESS_ISSUER", &[Jwt, Introspection]),
        ("OCI_MCP_ACCESS_JWKS_FILE", &[Jwt]),
        ("OCI_MCP_ACCESS_JWKS_URL", &[Jwt]),
        (
            "OCI_MCP_ACCESS_POLICY",
            &[Gateway, Jwt, Introspection, Static],
        ),
        ("OCI_MCP_ACCESS_RESOURCE", &[Jwt, Introspection]),
        ("OCI_MCP_ACCESS_SCOPES", &[Jwt, Introspection]),
        ("OCI_MCP_ACCESS_SECRET_FILE", &[Gateway]),
        ("OCI_MCP_ACCESS_SECRET_ID", &[Gateway]),
        ("OCI_MCP_ACCESS_TOKENS_FILE", &[Static]),
    ]
};

impl Reach {
    /// Whether it is a function's: the platform then says which gateway passed a request on.
    #[cfg(feature = "access")]
    fn is_functions(self) -> bool {
        self.is_platform && self.address.is_none()
    }

    /// The scheme where none is set: `None` if one must be.
    fn default_scheme(self) -> Option<Scheme> {
        if self.is_platform {
            Some(Scheme::Platform)
        } else if self
            .address
            .is_none_or(|address| address.ip().is_loopback())
        {
            Some(Scheme::None)
        } else {
            None
        }
    }

    /// Why `scheme` is not for it.
    fn objection(self, scheme: Scheme) -> Option<&'static str> {
        match scheme {
            Scheme::Platform if !self.is_platform => {
                Some("no platform decides here who calls; `none` says that the network does")
            }
            Scheme::Platform | Scheme::None => None,
            _ if !self.is_platform && self.address.is_none() => {
                Some("on stdio the only caller is who started this")
            }
            _ => None,
        }
    }
}

impl Callers {
    /// Reads the settings for a host with this `reach`; `None` if that is not known yet, or if
    /// something is wrong, which is then noted in `vars`.
    pub(crate) fn read(
        vars: &mut Vars<'_>,
        #[cfg_attr(
            not(feature = "access"),
            expect(unused_variables, reason = "no other scheme has any")
        )]
        secrets: &mut Secrets,
        reach: Option<Reach>,
    ) -> Option<Self> {
        let scheme = match vars.get("OCI_MCP_ACCESS") {
            Some(_) => vars.parse("OCI_MCP_ACCESS")?,
            None => scheme_unless_exposed(vars, reach?)?,
        };
        if let Some(objection) = reach.and_then(|reach| reach.objection(scheme)) {
            let scheme = scheme.name();
            vars.note(format_args!("`OCI_MCP_ACCESS` is `{scheme}`: {objection}"));
        }
        for (name, schemes) in SETTINGS {
            if vars.get(name).is_some() && !schemes.contains(&scheme) {
                let scheme = scheme.name();
                vars.note(format_args!(
                    "`{name}` has no effect while `OCI_MCP_ACCESS` is `{scheme}`"
                ));
            }
        }
        match scheme {
            Scheme::Platform | Scheme::None => Some(Self::All(scheme)),
            #[cfg(feature = "access")]
            known => known::read(vars, secrets, known, reach)
                .map(|access| Self::Known(scheme, Box::new(access))),
            #[cfg(not(feature = "access"))]
            missing => {
                vars.note(format_args!(
                    "`OCI_MCP_ACCESS` is `{}`, which this program was built without",
                    missing.name()
                ));
                None
            }
        }
    }

    /// Has `app` ask who calls.
    pub(crate) fn admit_to(self, app: App) -> App {
        match self {
            Self::All(_) => app,
            #[cfg(feature = "access")]
            Self::Known(_, access) => app.access(*access),
        }
    }

    /// The name of the way in which they are known.
    pub(crate) fn scheme(&self) -> &'static str {
        match self {
            Self::All(scheme) => scheme.name(),
            #[cfg(feature = "access")]
            Self::Known(scheme, _) => scheme.name(),
        }
    }

    /// Whether the network alone decides who calls a host with this `reach`.
    pub(crate) fn are_left_to_the_network(&self, reach: Reach) -> bool {
        matches!(self, Self::All(_)) && reach.default_scheme().is_none()
    }
}

fn scheme_unless_exposed(vars: &mut Vars<'_>, reach: Reach) -> Option<Scheme> {
    let scheme = reach.default_scheme();
    if scheme.is_none() {
        vars.note(
            "`OCI_MCP_ACCESS` is required where other machines reach the server: `jwt`, `introspection`, \
             `static` or `gateway`, or `none` if the network alone is to decide who calls",
        );
    }
    scheme
}

impl Scheme {
    const ALL: [Self; 6] = [
        Self::Platform,
        Self::None,
        Self::Gateway,
        Self::Jwt,
        Self::Introspection,
        Self::Static,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::None => "none",
            Self::Gateway => "gateway",
            Self::Jwt => "jwt",
            Self::Introspection => "introspection",
            Self::Static => "static",
        }
    }
}

impl FromStr for Scheme {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: &str =
            "it is `platform`, `none`, `gateway`, `jwt`, `introspection` or `static`";
        let mut all = Self::ALL.into_iter();
        all.find(|scheme| scheme.name() == text).ok_or(FORM)
    }
}
