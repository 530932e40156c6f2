//! From parameters to a request.

use bytes::Bytes;
use data_encoding::BASE64;
use http::{HeaderName, HeaderValue};
use serde_json::{Map, Value};

use super::invalid::InvalidParameters;
use super::kind::{Allowed, Kind, Parameter, Place, alike};
use super::operation::{BODY, BodyOf, Operation};
use super::validate::{At, Validator, described, list};
use crate::client::{Body, Request};

impl Operation<'_> {
    /// The request that calls it with `parameters`: the members of [`Operation::schema`].
    ///
    /// Names are those of OCI, whatever separates their words: `compartmentId` or `compartment_id`,
    /// `if-match` or `ifMatch`, and `body` for the body. A body of bytes is a string, or
    /// `{"base64": "..."}`. Null is as good as nothing, except in a body, where it takes a value away.
    ///
    /// # Errors
    ///
    /// [`InvalidParameters`] tells what is wrong, each thing with its place: what is missing, unknown,
    /// given twice, of another type, not one of the allowed values, or too much.
    pub fn request(&self, parameters: &Map<String, Value>) -> Result<Request, InvalidParameters> {
        let mut reading = Reading {
            operation: self,
            validator: Validator::new(self.chunk),
        };
        let given = reading.given(parameters);
        let mut request = self.without_parameters();
        for parameter in self.parameters() {
            if let Some(value) = reading.parameter(parameter, given.of(parameter.field.name)) {
                request = reading.put(request, parameter, value);
            }
        }
        if let Some(body) = self.body() {
            let media_type = given.of(CONTENT_TYPE).and_then(Value::as_str);
            request = request.body(reading.body(body, media_type, given.of(BODY)));
        }
        let problems = reading.validator.problems;
        if problems.is_empty() {
            Ok(request)
        } else {
            Err(InvalidParameters::new(self.entry.to_string(), problems))
        }
    }

    fn without_parameters(&self) -> Request {
        let entry = self.entry;
        let mut request = Request::new(entry.method(), entry.to_string(), self.path());
        if !self.line.accept.is_empty() {
            request = request.header("accept", self.line.accept);
        }
        if entry.is_read_only() {
            request = request.read_only();
        }
        if let Some(paging) = self.paging() {
            request = request.paging(paging);
        }
        let takes_token = |parameter: Parameter<'_>| parameter.field.name == RETRY_TOKEN;
        if self.parameters().any(takes_token) {
            request = request.accept_retry_token();
        }
        request
    }
}

/// The parameters that were given, by the names that they have in the catalogue.
struct Given<'a>(Vec<(&'a str, &'a Value)>);

impl<'a> Given<'a> {
    fn of(&self, name: &str) -> Option<&'a Value> {
        let found = self.0.iter().find(|(own, _)| *own == name);
        found.map(|(_, value)| *value)
    }
}

/// Reads what was given, and remembers what is wrong with it.
struct Reading<'a> {
    operation: &'a Operation<'a>,
    validator: Validator<'a>,
}

impl<'a> Reading<'a> {
    fn given<'g>(&mut self, parameters: &'g Map<String, Value>) -> Given<'g>
    where
        'a: 'g,
    {
        let mut names: Vec<&'a str> = self
            .operation
            .parameters()
            .map(|each| each.field.name)
            .collect();
        names.extend(self.operation.body().map(|_| BODY));
        let mut given = Given(Vec::new());
        for (name, value) in parameters {
            if self.validator.is_full() {
                break;
            }
            let at = At::Member(&At::Root, name);
            match names.iter().find(|own| alike(own, name)) {
                Some(own) if given.of(own).is_some() => {
                    self.validator
                        .refuse(at, format!("is `{own}`, which is given twice"));
                }
                Some(own) => given.0.push((own, value)),
                None if names.is_empty() => {
                    self.validator
                        .refuse(at, "is not a parameter; there are none");
                }
                None => {
                    let names = list(names.iter().copied());
                    self.validator
                        .refuse(at, format!("is not a parameter; there are {names}"));
                }
            }
        }
        given.0.retain(|(_, value)| !value.is_null());
        given
    }

    /// The value of a parameter, if there is one that can be sent.
    fn parameter(&mut self, parameter: Parameter<'a>, value: Option<&Value>) -> Option<Value> {
        let field = parameter.field;
        let at = At::Member(&At::Root, field.name);
        match value {
            Some(value) => {
                let kind = match parameter.place {
                    Place::Headers => Kind::Map("s"),
                    _ => field.kind,
                };
                let problems = self.validator.problems.len();
                let value = self.validator.value(kind, field.allowed(), value, at);
                (self.validator.problems.len() == problems).then_some(value)
            }
            None if field.required => {
                let accepted = described(field.kind, field.allowed());
                self.validator
                    .refuse(at, format!("is missing; it must be {accepted}"));
                None
            }
            None => None,
        }
    }

    fn put(&mut self, request: Request, parameter: Parameter<'a>, value: Value) -> Request {
        let name = parameter.field.name;
        let at = At::Member(&At::Root, name);
        match (parameter.place, value) {
            (Place::Headers, Value::Object(values)) => self.headers(request, name, &values, at),
            (Place::Query, Value::Array(values))
                if !matches!(parameter.field.kind, Kind::Commas(_)) =>
            {
                values
                    .iter()
                    .enumerate()
                    .fold(request, |request, (number, value)| {
                        self.query(request, name, value, At::Item(&at, number))
                    })
            }
            (Place::Query, value) => self.query(request, name, &value, at),
            (Place::Path, value) => self.path(request, name, &value, at),
            // It is signed with the body.
            (Place::Header, _) if name == CONTENT_TYPE => request,
            (Place::Header | Place::Headers, value) => {
                self.header(request, name.to_owned(), &value, at)
            }
        }
    }

    fn path(&mut self, request: Request, name: &str, value: &Value, at: At<'_>) -> Request {
        let value = text(value);
        if value.trim().is_empty() {
            self.validator
                .refuse(at, "is empty; it is a part of the path");
        } else if self.is_short(&value, at) {
            return request.path_parameter(name.to_owned(), value);
        }
        request
    }

    fn query(&mut self, request: Request, name: &str, value: &Value, at: At<'_>) -> Request {
        let value = text(value);
        if self.is_short(&value, at) {
            return request.query(name.to_owned(), value);
        }
        request
    }

    fn headers(
        &mut self,
        request: Request,
        prefix: &str,
        values: &Map<String, Value>,
        at: At<'_>,
    ) -> Request {
        if values.len() > MAX_HEADERS {
            let what = format!("has {} members; it may have {MAX_HEADERS}", values.len());
            self.validator.refuse(at, what);
            return request;
        }
        values.iter().fold(request, |request, (name, value)| {
            let here = At::Member(&at, name);
            self.header(request, format!("{prefix}-{name}"), value, here)
        })
    }

    fn header(&mut self, request: Request, name: String, value: &Value, at: At<'_>) -> Request {
        let value = text(value);
        if HeaderName::try_from(&name).is_err() || HeaderValue::try_from(&value).is_err() {
            self.validator
                .refuse(at, "has characters that no header may have");
        } else if self.is_short(&value, at) {
            return request.header(name, value);
        }
        request
    }

    fn body(&mut self, body: BodyOf<'a>, media_type: Option<&str>, value: Option<&Value>) -> Body {
        let at = At::Member(&At::Root, BODY);
        let Some(value) = value else {
            if body.required {
                let accepted = described(body.kind, Allowed::ANY);
                self.validator
                    .refuse(at, format!("is missing; it must be {accepted}"));
            }
            return Body::None;
        };
        let signed = self.operation.signs_body();
        if body.kind != Kind::Bytes {
            let sent = self.validator.value(body.kind, Allowed::ANY, value, at);
            let bytes = Bytes::from(sent.to_string());
            return if signed {
                Body::Json(bytes)
            } else {
                Body::Unsigned("application/json".into(), bytes)
            };
        }
        let media_type = media_type.unwrap_or("application/octet-stream");
        if HeaderValue::try_from(media_type).is_err() {
            let at = At::Member(&At::Root, CONTENT_TYPE);
            self.validator
                .refuse(at, "has characters that no header may have");
        }
        let media_type = media_type.to_owned().into();
        let bytes = self.bytes(value, at);
        if signed {
            Body::Typed(media_type, bytes)
        } else {
            Body::Unsigned(media_type, bytes)
        }
    }

    fn bytes(&mut self, value: &Value, at: At<'_>) -> Bytes {
        if let Value::String(text) = value {
            return Bytes::from(text.clone());
        }
        let encoded = value.get("base64").and_then(Value::as_str);
        let decoded = encoded.and_then(|text| BASE64.decode(text.as_bytes()).ok());
        if decoded.is_none() {
            let accepted = described(Kind::Bytes, Allowed::ANY);
            self.validator.refuse(
                at,
                format!("is neither text nor base64; it must be {accepted}"),
            );
        }
        decoded.unwrap_or_default().into()
    }

    fn is_short(&mut self, value: &str, at: At<'_>) -> bool {
        let is_short = value.len() <= MAX_VALUE;
        if !is_short {
            let what = format!("is {} bytes long; it may have {MAX_VALUE}", value.len());
            self.validator.refuse(at, what);
        }
        is_short
    }
}

/// A value as it is written in a path, a query or a header.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

const CONTENT_TYPE: &str = "content-type";
const RETRY_TOKEN: &str = "opc-retry-token";
/// More than any that OCI gives, tokens of pages among them; a URL has room for little more.
const MAX_VALUE: usize = 8192;
/// More than servers take, and far fewer than what a map of headers has room for.
const MAX_HEADERS: usize = 100;
