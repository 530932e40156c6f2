//! What a model deployment answers instead of its container, as Oracle's documentation words it.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Response, StatusCode, header};
use http_body_util::Full;

use crate::admission::Unfit;

/// An answer of the deployment's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The request is not taken in.
    Unfit(Unfit),
    /// The path is not that of an endpoint of this deployment.
    NotFound,
    /// The endpoint has only these methods.
    MethodNotAllowed(Vec<Method>),
    /// The request has a body and does not say how long it is.
    LengthRequired,
    /// The container answered in one piece where a stream was asked for.
    NotStreaming,
    /// The container did not answer within this time.
    TimedOut(Duration),
    /// The container answered more than is passed on.
    AnswerTooLarge,
    /// The container cannot be reached, or its answer broke off.
    Unavailable,
}

impl Refusal {
    pub(super) fn into_response(self) -> Response<Full<Bytes>> {
        let (status, code) = self.code();
        let message = self.message();
        let body = format!(r#"{{"code":"{code}","message":"{message}"}}"#);
        let mut response = Response::new(Full::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        let json = HeaderValue::from_static("application/json");
        headers.insert(header::CONTENT_TYPE, json);
        if let Self::MethodNotAllowed(methods) = self {
            let methods: Vec<_> = methods.iter().map(Method::as_str).collect();
            if let Ok(allow) = HeaderValue::from_str(&methods.join(", ")) {
                headers.insert(header::ALLOW, allow);
            }
        }
        response
    }

    fn code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Unfit(unfit) => (
                unfit.status(),
                match unfit {
                    Unfit::ForeignHost => "NotAllowed",
                    Unfit::TooLarge => "PayloadTooLarge",
                    Unfit::Incomplete => "CannotParseRequest",
                    Unfit::Slow => "RequestTimeout",
                },
            ),
            Self::NotFound => (StatusCode::NOT_FOUND, "NotAuthorizedOrNotFound"),
            Self::MethodNotAllowed(_) => (StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed"),
            Self::LengthRequired => (StatusCode::LENGTH_REQUIRED, "LengthRequired"),
            Self::NotStreaming => (StatusCode::CONFLICT, "ExternalServerIncorrectState"),
            Self::TimedOut(_) | Self::AnswerTooLarge => {
                (StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError")
            }
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "ModelServerUnavailable"),
        }
    }

    fn message(&self) -> Cow<'static, str> {
        match self {
            Self::Unfit(unfit) => unfit.message(),
            // More than the platform says, which must not tell strangers what there is.
            Self::NotFound => {
                "Model deployment not found or authorization failed. Here every path is \
                 /{deployment}/predict or /{deployment}/predictWithResponseStream, then nothing or \
                 a registered suffix"
            }
            Self::MethodNotAllowed(_) => "Method not allowed.",
            Self::LengthRequired => "Missing content length header.",
            Self::NotStreaming => {
                "Unexpected nonstreaming response detected from the deployed model. Check if the \
                 inference server returns the streaming response."
            }
            Self::TimedOut(timeout) => {
                return format!("The model server did not answer within {timeout:?}.").into();
            }
            Self::AnswerTooLarge => "The model server's answer is over the payload size limit.",
            Self::Unavailable => "Model server unavailable.",
        }
        .into()
    }
}

impl From<Unfit> for Refusal {
    fn from(unfit: Unfit) -> Self {
        Self::Unfit(unfit)
    }
}
