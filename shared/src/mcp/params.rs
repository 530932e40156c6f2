//! Parameters of all methods and of `_meta`, read once and only as far as somebody asks.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{CLIENT_CAPABILITIES, LOG_LEVEL, PROTOCOL_VERSION};
use crate::notify::LogLevel;
use crate::rpc::{Error, ErrorKind, Text, is_id, is_there, object_or_other, present, quoted};

/// The members of `params` that are looked at in most messages, as JSON text.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Params<'a> {
    /// Empty too if it is not an object, as it may be before 2026-07-28.
    #[serde(
        borrow,
        default,
        deserialize_with = "object_or_other",
        rename = "_meta"
    )]
    meta: Meta<'a>,
    #[serde(borrow, default, deserialize_with = "present")]
    arguments: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    cursor: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "is_there")]
    input_responses: bool,
    #[serde(borrow, default, deserialize_with = "present")]
    name: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    protocol_version: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "is_there")]
    request_state: bool,
    #[serde(borrow, default, deserialize_with = "present")]
    uri: Option<&'a RawValue>,
}

/// The other members of `params`: what is read [again](crate::rpc::Request::reread) where somebody asks.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RareParams<'a> {
    #[serde(
        borrow,
        default,
        deserialize_with = "object_or_other",
        rename = "_meta"
    )]
    meta: RareMeta<'a>,
    #[serde(borrow, default, deserialize_with = "present")]
    argument: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    context: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    input_responses: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    level: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present", rename = "ref")]
    reference: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    request_state: Option<&'a RawValue>,
}

/// The members of `params._meta` that come with a trace.
#[derive(Debug, Default, Deserialize)]
struct RareMeta<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    baggage: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    tracestate: Option<&'a RawValue>,
}

/// What `completion/complete` asks.
pub(crate) struct Completing<'a> {
    pub(crate) reference: Reference<'a>,
    pub(crate) argument: Typed<'a>,
    pub(crate) context: Filled,
}

/// Whose argument it is.
#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
pub(crate) enum Reference<'a> {
    #[serde(rename = "ref/prompt")]
    Prompt {
        #[serde(borrow)]
        name: Cow<'a, str>,
    },
    #[serde(rename = "ref/resource")]
    Resource {
        #[serde(borrow)]
        uri: Cow<'a, str>,
    },
}

/// The argument, and what has been typed of it.
#[derive(Debug, Deserialize)]
pub(crate) struct Typed<'a> {
    #[serde(borrow)]
    pub(crate) name: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) value: Cow<'a, str>,
}

/// The arguments that are filled in already.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Filled {
    #[serde(default)]
    pub(crate) arguments: BTreeMap<String, String>,
}

/// The members of `params._meta` that mean something to a server.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Meta<'a> {
    #[serde(
        borrow,
        default,
        deserialize_with = "present",
        rename = "io.modelcontextprotocol/protocolVersion"
    )]
    pub(crate) protocol_version: Option<&'a RawValue>,
    #[serde(
        borrow,
        default,
        deserialize_with = "present",
        rename = "io.modelcontextprotocol/clientCapabilities"
    )]
    client_capabilities: Option<&'a RawValue>,
    #[serde(
        borrow,
        default,
        deserialize_with = "present",
        rename = "io.modelcontextprotocol/logLevel"
    )]
    log_level: Option<&'a RawValue>,
    #[serde(
        borrow,
        default,
        deserialize_with = "present",
        rename = "progressToken"
    )]
    progress_token: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    traceparent: Option<&'a RawValue>,
}

impl<'a> Params<'a> {
    pub(crate) fn meta(&self) -> &Meta<'a> {
        &self.meta
    }

    /// `name`, if it is a string.
    pub(crate) fn name(&self) -> Option<Text<'a>> {
        string(self.name)
    }

    /// `uri`, if it is a string.
    pub(crate) fn uri(&self) -> Option<Text<'a>> {
        string(self.uri)
    }

    /// `arguments` as the text of a JSON object; none at all is the empty one.
    pub(crate) fn arguments(&self) -> Result<&'a str, Error> {
        match self.arguments.map_or("{}", RawValue::get) {
            "null" => Ok("{}"),
            object if object.starts_with('{') => Ok(object),
            _ => Err(invalid("`arguments` must be an object")),
        }
    }

    pub(crate) fn cursor(&self) -> Result<Option<Text<'a>>, Error> {
        self.cursor
            .map(|raw| string(Some(raw)).ok_or_else(|| invalid("`cursor` must be a string")))
            .transpose()
    }

    /// Whether it answers what an earlier round asked.
    pub(crate) fn is_next_round(&self) -> bool {
        self.input_responses || self.request_state
    }

    pub(crate) fn protocol_version(&self) -> Result<Text<'a>, Error> {
        string(self.protocol_version)
            .ok_or_else(|| invalid("`protocolVersion` is required and must be a string"))
    }
}

impl<'a> RareParams<'a> {
    /// `level` of `logging/setLevel`.
    pub(crate) fn level(&self) -> Result<LogLevel, Error> {
        let level = string(self.level).and_then(|Text(level)| level.parse().ok());
        level.ok_or_else(|| invalid("`level` must be a log level such as \"info\""))
    }

    /// `inputResponses`: what the client answers to what an earlier round asked, by key.
    pub(crate) fn input_responses(&self) -> Result<BTreeMap<String, &'a RawValue>, Error> {
        const NAME: &str = "inputResponses";
        let answers: BTreeMap<String, &'a RawValue> =
            object(NAME, self.input_responses)?.unwrap_or_default();
        match answers.iter().find(|(_, raw)| !raw.get().starts_with('{')) {
            Some((key, _)) => Err(invalid(format!(
                "`{NAME}` must hold objects; {} is none",
                quoted(key)
            ))),
            None => Ok(answers),
        }
    }

    /// `requestState`, as an earlier round gave it.
    pub(crate) fn request_state(&self) -> Result<Option<Text<'a>>, Error> {
        self.request_state
            .map(|raw| Text::of(raw).ok_or_else(|| invalid("`requestState` must be a string")))
            .transpose()
    }

    /// `ref`, `argument` and `context`.
    pub(crate) fn completing(&self) -> Result<Completing<'a>, Error> {
        let required = |name| invalid(format!("`{name}` is required"));
        Ok(Completing {
            reference: object("ref", self.reference)?.ok_or_else(|| required("ref"))?,
            argument: object("argument", self.argument)?.ok_or_else(|| required("argument"))?,
            context: object("context", self.context)?.unwrap_or_default(),
        })
    }

    pub(crate) fn tracestate(&self) -> Option<Text<'a>> {
        string(self.meta.tracestate)
    }

    pub(crate) fn baggage(&self) -> Option<Text<'a>> {
        string(self.meta.baggage)
    }
}

impl<'a> Meta<'a> {
    /// Checks what 2026-07-28 requires of every request ("Request metadata").
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidEnvelope`] naming the member.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let refuse = |key, must| {
            let message = format!("`params._meta[\"{key}\"]` {must}");
            Err(Error::new(ErrorKind::InvalidEnvelope, message))
        };
        if string(self.protocol_version).is_none() {
            return refuse(PROTOCOL_VERSION, "is required and must be a string");
        }
        if !self
            .client_capabilities
            .is_some_and(|raw| raw.get().starts_with('{'))
        {
            return refuse(CLIENT_CAPABILITIES, "is required and must be an object");
        }
        if self.log_level.is_some() && self.log_level().is_none() {
            return refuse(LOG_LEVEL, "must be a log level such as \"info\"");
        }
        Ok(())
    }

    /// What the client can do, as the text of a JSON object.
    pub(crate) fn client_capabilities(&self) -> &'a str {
        self.client_capabilities.map_or("{}", RawValue::get)
    }

    /// The token under which the client wants to hear of progress, if it is one: a string or an
    /// integer (2025-11-25, "Progress").
    pub(crate) fn progress_token(&self) -> Option<&'a RawValue> {
        self.progress_token.filter(|raw| is_id(raw.get()))
    }

    /// The least severe log message that a 2026-07-28 client asks for.
    pub(crate) fn log_level(&self) -> Option<LogLevel> {
        string(self.log_level)?.0.parse().ok()
    }

    pub(crate) fn traceparent(&self) -> Option<Text<'a>> {
        string(self.traceparent)
    }
}

pub(super) fn string(raw: Option<&RawValue>) -> Option<Text<'_>> {
    Text::of(raw?)
}

/// Reads `raw`, which must be an object. `T` alone would also take an array, by position.
fn object<'a, T: Deserialize<'a>>(
    name: &str,
    raw: Option<&'a RawValue>,
) -> Result<Option<T>, Error> {
    let Some(raw) = raw else {
        return Ok(None);
    };
    if !raw.get().starts_with('{') {
        return Err(invalid(format!("`{name}` must be an object")));
    }
    serde_json::from_str(raw.get())
        .map(Some)
        .map_err(|error| invalid(format!("`{name}`: {error}")))
}

fn invalid(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidParams, message)
}
