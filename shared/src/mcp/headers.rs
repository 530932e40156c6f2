//! The MCP request headers, and whether they agree with the body.
//!
//! Gateways route and authorise by these headers while the server acts on the body, so a
//! difference between the two is an attack until proven otherwise (2026-07-28, "Standard Request
//! Headers").

use std::borrow::Cow;

use data_encoding::BASE64;
use http::{HeaderMap, HeaderName};
use serde_json::{Number, Value};

use super::{Meta, Method, Params, Revision};
use crate::delivery::HeaderPolicy;
use crate::rpc::{Error, ErrorKind, Text, quoted};
use crate::schema::Mirrored;

const VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
const METHOD: HeaderName = HeaderName::from_static("mcp-method");
const NAME: HeaderName = HeaderName::from_static("mcp-name");

/// The MCP headers of one HTTP request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Headers<'a> {
    map: &'a HeaderMap,
    policy: HeaderPolicy,
}

impl<'a> Headers<'a> {
    pub(crate) fn new(map: &'a HeaderMap, policy: HeaderPolicy) -> Self {
        Self { map, policy }
    }

    /// `MCP-Protocol-Version`, if it names a revision we serve.
    pub(crate) fn revision(self) -> Option<Revision> {
        self.version().ok().flatten().and_then(Revision::parse)
    }

    /// Whether the header rules out a batch: 2025-06-18 and later have none.
    pub(crate) fn allow_batch(self) -> bool {
        match self.version() {
            Ok(None) => true,
            Ok(Some(version)) => {
                Revision::parse(version).is_some_and(|revision| revision <= Revision::V2025_03_26)
            }
            Err(_) => false,
        }
    }

    /// Decides which revision a request is served as, by its header and what its `_meta` claims.
    ///
    /// # Errors
    ///
    /// In this order: [`ErrorKind::HeaderMismatch`] if header and claim differ,
    /// [`ErrorKind::InvalidEnvelope`] if `_meta` lacks what 2026-07-28 requires,
    /// [`ErrorKind::UnsupportedProtocolVersion`].
    pub(crate) fn resolve(
        self,
        method: &str,
        params: &Params<'_>,
        meta: &Meta<'_>,
    ) -> Result<Revision, Error> {
        let header = self.version()?;
        match (header, meta.protocol_version) {
            (None, None) => Ok(Revision::UNSTATED),
            (None, Some(_)) if self.policy == HeaderPolicy::Required => Err(missing(&VERSION)),
            (None, Some(_)) => claimed(meta, None),
            (Some(header), Some(_)) => claimed(meta, Some(header)),
            (Some(header), None) => unclaimed(header, method, params, meta),
        }
    }

    /// Checks the headers of a notification, whose only rule is a version that exists.
    pub(crate) fn check_notification(self, meta: &Meta<'_>) -> Result<(), Error> {
        let Some(header) = self.version()? else {
            return Ok(());
        };
        if meta.protocol_version.is_some() {
            agree(meta, header)?;
        }
        supported(header).map(drop)
    }

    /// Checks `Mcp-Method` and `Mcp-Name` of a 2026-07-28 request. Earlier revisions have neither.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::HeaderMismatch`].
    pub(crate) fn check_routing(self, method: &str, params: &Params<'_>) -> Result<(), Error> {
        self.agrees(&METHOD, self.single(&METHOD)?.map(Cow::Borrowed), method)?;
        let (member, stated) = match method {
            "tools/call" | "prompts/get" => ("name", params.name()),
            "resources/read" => ("uri", params.uri()),
            _ => return Ok(()),
        };
        let named = self
            .single(&NAME)?
            .map(|value| decode(&NAME, value))
            .transpose()?;
        match (stated, named) {
            (Some(Text(stated)), named) => self.agrees(&NAME, named, &stated),
            (None, Some(named)) => {
                let named = quoted(&named);
                Err(mismatch(format!(
                    "header `{NAME}` is {named}, the body has no `{member}`"
                )))
            }
            // There is nothing to compare: the parameters are at fault, and say so better.
            (None, None) => Ok(()),
        }
    }

    /// Checks the headers in which a 2026-07-28 client repeats arguments of the tool's choice ("Server
    /// Behavior for Custom Headers"). Others of that kind are nobody's.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::HeaderMismatch`].
    pub(crate) fn check_mirrored(
        self,
        mirrored: &[Mirrored],
        params: &Params<'_>,
    ) -> Result<(), Error> {
        if mirrored.is_empty() {
            return Ok(());
        }
        // Arguments that are none are refused by the method, which says so better.
        let arguments = params.arguments().ok();
        let Some(arguments) = arguments.and_then(|text| serde_json::from_str(text).ok()) else {
            return Ok(());
        };
        for parameter in mirrored {
            self.mirrors(parameter, parameter.value(&arguments))?;
        }
        Ok(())
    }

    fn mirrors(self, parameter: &Mirrored, stated: Option<&Value>) -> Result<(), Error> {
        let header = &parameter.header;
        let named = self
            .single(header)?
            .map(|value| decode(header, value))
            .transpose()?;
        match (stated, named) {
            (Some(Value::String(stated)), named) => self.agrees(header, named, stated),
            (Some(Value::Bool(stated)), named) => {
                self.agrees(header, named, if *stated { "true" } else { "false" })
            }
            (Some(Value::Number(stated)), Some(named)) if !is_same_integer(&named, stated) => {
                Err(mismatch(format!(
                    "header `{header}` is {}, the body says `{stated}`",
                    quoted(&named)
                )))
            }
            (Some(Value::Number(_)), None) if self.policy == HeaderPolicy::Required => {
                Err(missing(header))
            }
            (None, Some(named)) => Err(mismatch(format!(
                "header `{header}` is {}, the body has no `{}`",
                quoted(&named),
                parameter.path()
            ))),
            // What has no form as a header does not fit the schema either.
            _ => Ok(()),
        }
    }

    fn version(self) -> Result<Option<&'a str>, Error> {
        self.single(&VERSION)
    }

    fn agrees(
        self,
        header: &HeaderName,
        value: Option<Cow<'_, str>>,
        body: &str,
    ) -> Result<(), Error> {
        match value {
            Some(value) if value == body => Ok(()),
            Some(value) => Err(mismatch(format!(
                "header `{header}` is {}, the body says {}",
                quoted(&value),
                quoted(body)
            ))),
            None if self.policy == HeaderPolicy::Optional => Ok(()),
            None => Err(missing(header)),
        }
    }

    /// The value of a header that may appear once, without the white space around it.
    fn single(self, header: &HeaderName) -> Result<Option<&'a str>, Error> {
        let mut values = self.map.get_all(header).into_iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(mismatch(format!(
                "header `{header}` is there more than once"
            )));
        }
        match value.to_str() {
            Ok(value) => Ok(Some(value.trim_matches([' ', '\t']))),
            Err(_) => Err(mismatch(format!("header `{header}` is not visible ASCII"))),
        }
    }
}

/// A request that claims a revision in `_meta`, next to an equal header or none.
fn claimed(meta: &Meta<'_>, header: Option<&str>) -> Result<Revision, Error> {
    if let Some(header) = header {
        agree(meta, header)?;
    }
    let claim = super::params::string(meta.protocol_version);
    let claim = claim.as_ref().map_or("", |Text(claim)| claim);
    match Revision::parse(claim) {
        // A client may name an older revision in the newer way; it is then served as that one.
        Some(revision) if !revision.is_modern() => Ok(revision),
        _ => {
            meta.check()?;
            supported(claim)
        }
    }
}

/// A request with a header and without a claim.
fn unclaimed(
    header: &str,
    method: &str,
    params: &Params<'_>,
    meta: &Meta<'_>,
) -> Result<Revision, Error> {
    let revision = supported(header)?;
    if !revision.is_modern() {
        return Ok(revision);
    }
    // `initialize` selects a revision with a handshake, whatever version it names.
    if method == Method::Initialize.as_str() {
        let requested = params.protocol_version()?.0;
        if requested == header {
            return Ok(Revision::negotiate(&requested));
        }
        return Err(mismatch(format!(
            "header `{VERSION}` is {}, the body says {}",
            quoted(header),
            quoted(&requested)
        )));
    }
    meta.check()?;
    Ok(revision)
}

fn agree(meta: &Meta<'_>, header: &str) -> Result<(), Error> {
    match super::params::string(meta.protocol_version) {
        Some(Text(claim)) if claim != header => Err(mismatch(format!(
            "header `{VERSION}` is {}, `_meta` says {}",
            quoted(header),
            quoted(&claim)
        ))),
        // What is not a string is the envelope's fault, not the header's.
        _ => Ok(()),
    }
}

fn supported(version: &str) -> Result<Revision, Error> {
    Revision::parse(version).ok_or_else(|| {
        let message = format!("protocol version {} is not supported", quoted(version));
        Error::new(ErrorKind::UnsupportedProtocolVersion, message).with_data(&serde_json::json!({
            "supported": Revision::ALL.map(Revision::as_str),
            // As it came, unless it is no version at all.
            "requested": version.chars().take(64).collect::<String>(),
        }))
    })
}

/// Undoes `=?base64?…?=`, in which clients write what a header cannot hold.
fn decode<'v>(header: &HeaderName, value: &'v str) -> Result<Cow<'v, str>, Error> {
    let encoded = value
        .strip_prefix("=?base64?")
        .and_then(|rest| rest.strip_suffix("?="));
    let Some(encoded) = encoded else {
        return Ok(Cow::Borrowed(value));
    };
    BASE64
        .decode(encoded.as_bytes())
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .map(Cow::Owned)
        .ok_or_else(|| mismatch(format!("header `{header}` is not base64 of UTF-8")))
}

/// Whether a header says the same integer as the body, be it as `42` or `42.0`; only those are compared
/// that JavaScript can hold, as the specification has it.
fn is_same_integer(header: &str, body: &Number) -> bool {
    const SAFE: f64 = 9_007_199_254_740_991.0;
    let header = serde_json::from_str::<f64>(header).ok();
    let body = body.as_f64().filter(|body| body.abs() <= SAFE);
    header.is_some() && header == body
}

fn missing(header: &HeaderName) -> Error {
    mismatch(format!("header `{header}` is required"))
}

fn mismatch(message: String) -> Error {
    Error::new(ErrorKind::HeaderMismatch, message)
}
