//! Requests that are turned away before their body is read.

use http::header::ALLOW;
use http::{HeaderValue, Response, StatusCode};

use super::json;
use crate::audit::Refused;
use crate::body::Body;
use crate::config::Config;
use crate::rpc::{self, Answer, Error, ErrorKind, Unidentified, quoted};

/// Why a request does not reach the dispatcher.
pub(crate) enum Refusal {
    ForbiddenHost(Option<HeaderValue>),
    ForbiddenOrigin(HeaderValue),
    MethodNotAllowed { allow: &'static str },
    NotAcceptable,
    NotFound,
    TooLarge { size: u64 },
    UnsupportedContentCoding,
    UnsupportedMediaType,
}

impl Refusal {
    /// A JSON-RPC error without an id, as there is no request to speak of yet.
    pub(crate) fn into_response(self, config: &Config) -> Response<Body> {
        let error = Error::new(ErrorKind::InvalidRequest, self.message(config));
        let answer = Answer {
            id: None,
            outcome: Err(error),
        };
        let mut response = json(
            self.status(),
            rpc::write_answer(&answer, Unidentified::Omit),
        );
        response.extensions_mut().insert(Refused(self.reason()));
        if let Self::MethodNotAllowed { allow } = self {
            response
                .headers_mut()
                .insert(ALLOW, HeaderValue::from_static(allow));
        }
        response
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::ForbiddenHost(_) | Self::ForbiddenOrigin(_) => StatusCode::FORBIDDEN,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedContentCoding | Self::UnsupportedMediaType => {
                StatusCode::UNSUPPORTED_MEDIA_TYPE
            }
        }
    }

    /// The reason as one word, for the record.
    fn reason(&self) -> &'static str {
        match self {
            Self::ForbiddenHost(_) => "forbidden_host",
            Self::ForbiddenOrigin(_) => "forbidden_origin",
            Self::MethodNotAllowed { .. } => "method_not_allowed",
            Self::NotAcceptable => "not_acceptable",
            Self::NotFound => "not_found",
            Self::TooLarge { .. } => "too_large",
            Self::UnsupportedContentCoding => "unsupported_content_coding",
            Self::UnsupportedMediaType => "unsupported_media_type",
        }
    }

    fn message(&self, config: &Config) -> String {
        let path = &config.path;
        match self {
            Self::ForbiddenHost(host) => format!(
                "host {} is not allowed; the operator names hosts in OCI_MCP_ALLOWED_HOSTS",
                shown(host.as_ref())
            ),
            Self::ForbiddenOrigin(origin) => format!(
                "origin {} is not allowed; the operator names origins in OCI_MCP_ALLOWED_ORIGINS",
                shown(Some(origin))
            ),
            Self::MethodNotAllowed { allow } => format!(
                "only {allow} is answered here; MCP is POST {path}, and GET /health tells whether \
                 the server is up"
            ),
            Self::NotAcceptable => {
                "the answer is application/json or text/event-stream; let Accept name one"
                    .to_owned()
            }
            Self::NotFound => format!("nothing is here; MCP is POST {path}, health is GET /health"),
            Self::TooLarge { size } => format!(
                "the body has {size} bytes, more than the {} that OCI_MCP_MAX_BODY_BYTES allows",
                config.max_body_bytes
            ),
            Self::UnsupportedContentCoding => {
                "the body is compressed, which is not read here; send it without Content-Encoding"
                    .to_owned()
            }
            Self::UnsupportedMediaType => {
                "the body must be JSON; send Content-Type: application/json".to_owned()
            }
        }
    }
}

fn shown(value: Option<&HeaderValue>) -> String {
    value.map_or_else(
        || "(none)".to_owned(),
        |value| quoted(&String::from_utf8_lossy(value.as_bytes())),
    )
}
