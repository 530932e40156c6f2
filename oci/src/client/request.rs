//! A request, described by data.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::encode;
use super::page::Paging;
use crate::sign::Payload;

/// A request to an operation of OCI: what the operation is, and what it is given.
///
/// Nothing in it chooses the host. What is wrong with it is told when it is sent.
///
/// ```
/// use http::Method;
/// use oci_rest::Request;
///
/// let list = Request::new(Method::GET, "compute.list_instances", "/20160918/instances")
///     .query("compartmentId", "ocid1.compartment.oc1..a")
///     .query("limit", "50");
/// let stop = Request::new(
///     Method::POST,
///     "compute.instance_action",
///     "/20160918/instances/{instanceId}",
/// )
/// .path_parameter("instanceId", "ocid1.instance.oc1..b")
/// .query("action", "SOFTSTOP")
/// .accept_retry_token();
/// # drop((list, stop));
/// ```
#[derive(Clone)]
pub struct Request {
    operation: Cow<'static, str>,
    method: Method,
    template: Cow<'static, str>,
    path_parameters: Vec<(Cow<'static, str>, String)>,
    query: Vec<(Cow<'static, str>, String)>,
    headers: Vec<(Cow<'static, str>, String)>,
    body: Body,
    paging: Paging,
    retry_token: bool,
    read_only: bool,
    retries: bool,
}

/// The body of a [`Request`]. All of it is in memory, so that it can be sent again.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Body {
    /// None.
    #[default]
    None,
    /// JSON.
    Json(Bytes),
    /// A body of this media type.
    Typed(Cow<'static, str>, Bytes),
    /// A body of this media type that is not signed, which OCI allows for streams alone, as
    /// [`Payload::Unsigned`] says.
    Unsigned(Cow<'static, str>, Bytes),
}

impl Request {
    /// A request to the operation `operation`, which is its name in errors and logs.
    ///
    /// `path` is its template, with the version of the API: `/20160918/instances/{instanceId}`.
    pub fn new(
        method: Method,
        operation: impl Into<Cow<'static, str>>,
        path: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            operation: operation.into(),
            method,
            template: path.into(),
            path_parameters: Vec::new(),
            query: Vec::new(),
            headers: Vec::new(),
            body: Body::None,
            paging: Paging::Token,
            retry_token: false,
            read_only: false,
            retries: true,
        }
    }

    /// The value for `{name}` in the path. It stays one segment, whatever is in it.
    #[must_use]
    pub fn path_parameter(
        mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<String>,
    ) -> Self {
        self.path_parameters.push((name.into(), value.into()));
        self
    }

    /// Appends `name=value` to the query; a name may come more than once.
    #[must_use]
    pub fn query(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Sets a header, such as `if-match`. Those that sign the request cannot be set, nor can
    /// `opc-request-id`, which is the [`Call`](super::Call)'s.
    #[must_use]
    pub fn header(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The body.
    #[must_use]
    pub fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    /// How the operation names the next page, if it is not by `opc-next-page`.
    #[must_use]
    pub fn paging(mut self, paging: Paging) -> Self {
        self.paging = paging;
        self
    }

    /// The operation takes `opc-retry-token`, by which OCI knows a request that it gets twice, for 24
    /// hours: one is sent, the same at each attempt.
    #[must_use]
    pub fn accept_retry_token(mut self) -> Self {
        self.retry_token = true;
        self
    }

    /// The operation changes nothing, though its method is POST, as that of searches is.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// Makes one attempt, whatever comes of it.
    ///
    /// A refused credential is still renewed once, because OCI has then done nothing.
    #[must_use]
    pub fn without_retries(mut self) -> Self {
        self.retries = false;
        self
    }

    /// The parameters of the path, in its order: names and values, as given.
    pub fn path_parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        let parameters = self.path_parameters.iter();
        parameters.map(|(name, value)| (name.as_ref(), value.as_str()))
    }

    pub(super) fn operation(&self) -> &str {
        &self.operation
    }

    pub(super) fn method(&self) -> &Method {
        &self.method
    }

    pub(super) fn pages_by(&self) -> Paging {
        self.paging
    }

    pub(super) fn takes_retry_token(&self) -> bool {
        self.retry_token
    }

    pub(super) fn retries(&self) -> bool {
        self.retries
    }

    /// Whether OCI may get it twice (RFC 9110, section 9.2.2).
    pub(super) fn is_repeatable(&self) -> bool {
        self.method.is_idempotent() || self.retry_token || self.read_only
    }

    /// The same, with `name` once in the query.
    pub(super) fn with_query(mut self, name: &'static str, value: String) -> Self {
        self.query.retain(|(other, _)| other != name);
        self.query(name, value)
    }

    /// The first value of `name` in the query.
    pub(super) fn query_value(&self, name: &str) -> Option<&str> {
        let mut pairs = self.query.iter();
        pairs
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    }

    pub(super) fn payload(&self) -> Payload<'_> {
        match &self.body {
            Body::None => Payload::None,
            Body::Json(body) => Payload::Bytes(body),
            Body::Typed(media_type, body) => Payload::Typed(media_type, body),
            Body::Unsigned(..) => Payload::Unsigned,
        }
    }

    pub(super) fn content(&self) -> Bytes {
        match &self.body {
            Body::None => Bytes::new(),
            Body::Json(body) | Body::Typed(_, body) | Body::Unsigned(_, body) => body.clone(),
        }
    }

    /// The operation's own headers, and those of its body.
    pub(super) fn header_map(&self) -> Result<HeaderMap, String> {
        let mut headers = HeaderMap::with_capacity(16);
        for (name, value) in &self.headers {
            let (Ok(header), Ok(value)) = (
                HeaderName::try_from(name.as_ref()),
                HeaderValue::try_from(value),
            ) else {
                return Err(format!(
                    "the value for header `{}` has characters that no header may have",
                    name.escape_debug()
                ));
            };
            if [CONNECTION, TRANSFER_ENCODING].contains(&header) {
                return Err(format!("header `{header}` is for the transport to set"));
            }
            headers.insert(header, value);
        }
        let (media_type, body) = match &self.body {
            Body::None => return Ok(headers),
            Body::Json(body) => ("application/json", body),
            Body::Typed(media_type, body) | Body::Unsigned(media_type, body) => {
                (media_type.as_ref(), body)
            }
        };
        let media_type = HeaderValue::from_str(media_type)
            .map_err(|error| format!("the media type cannot be sent: {error}"))?;
        headers.entry(CONTENT_TYPE).or_insert(media_type);
        headers.insert(CONTENT_LENGTH, body.len().into());
        Ok(headers)
    }

    /// The path below `base`, and the query, encoded.
    pub(super) fn path_and_query(&self, base: &str) -> Result<PathAndQuery, String> {
        let mut text = String::with_capacity(256);
        text.push_str(base);
        let mut rest = self.template.as_ref();
        let mut used = 0;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after
                .split_once('}')
                .ok_or_else(|| format!("`{}` is not the template of a path", self.template))?;
            let mut parameters = self.path_parameters.iter();
            let (_, value) = parameters
                .find(|(other, _)| other == name)
                .ok_or_else(|| format!("`{name}` is missing"))?;
            if value.is_empty() {
                // Without it the path would be that of another operation, such as the list.
                return Err(format!("`{name}` must not be empty"));
            }
            text.push_str(before);
            encode::segment(&mut text, value);
            rest = after;
            used += 1;
        }
        text.push_str(rest);
        if used != self.path_parameters.len() {
            return Err(format!(
                "`{}` has {used} parameters, and got {}",
                self.template,
                self.path_parameters.len()
            ));
        }
        let mut query = String::new();
        for (name, value) in &self.query {
            encode::pair(&mut query, name, value);
        }
        if !query.is_empty() {
            text.push(if rest.contains('?') { '&' } else { '?' });
            text.push_str(&query);
        }
        text.parse().map_err(|error| {
            format!(
                "the path and query made of `{}` cannot be sent: {error}",
                self.template
            )
        })
    }
}

/// Shows where it goes and not what it carries, which may be secret.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("operation", &self.operation)
            .field("method", &self.method)
            .field("path", &self.template)
            .finish_non_exhaustive()
    }
}

/// Shows how long it is.
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, bytes) = match self {
            Self::None => return f.write_str("None"),
            Self::Json(bytes) => ("Json", bytes),
            Self::Typed(_, bytes) => ("Typed", bytes),
            Self::Unsigned(_, bytes) => ("Unsigned", bytes),
        };
        write!(f, "{name}({} bytes)", bytes.len())
    }
}
