//! One request, from its first attempt to its last.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, USER_AGENT};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, Uri};
use tokio::time::{Instant, sleep};
use tower::ServiceExt;

use super::error::{Answer, Failure, OPC_REQUEST_ID, OciError, OciErrorKind};
use super::{Call, Client, Endpoint, Request, hint, retry};
use crate::credential::Credential;
use crate::principal::PrincipalError;
use crate::sign::{Target, sign};
use crate::transport::TransportErrorKind;

/// A request on its way.
pub(super) struct Sending<'a> {
    client: &'a Client,
    endpoint: &'a Endpoint,
    request: &'a Request,
    deadline: Instant,
    pub(super) request_id: String,
    headers: HeaderMap,
    path_and_query: PathAndQuery,
    url: Uri,
}

/// How far it has come, for the error if the deadline ends it.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// How often it was given to the transport.
    sent: u32,
    renewed: bool,
    last: Option<OciError>,
}

impl<'a> Sending<'a> {
    pub(super) fn prepare(
        client: &'a Client,
        endpoint: &'a Endpoint,
        request: &'a Request,
        call: &Call,
    ) -> Result<Self, OciError> {
        let wrong = |problem| OciError::new(OciErrorKind::Request, request.operation(), problem);
        let path_and_query = request.path_and_query(endpoint.base()).map_err(wrong)?;
        let url = Uri::builder()
            .scheme(endpoint.scheme().clone())
            .authority(endpoint.authority().clone())
            .path_and_query(path_and_query.clone())
            .build()
            .map_err(|error| wrong(error.to_string()))?;
        let request_id = call
            .request_id()
            .map_or_else(|| client.identifier(), str::to_owned);
        let mut headers = request.header_map().map_err(wrong)?;
        headers.insert(USER_AGENT, client.user_agent.clone());
        headers
            .entry(ACCEPT)
            .or_insert(HeaderValue::from_static("application/json"));
        let value = HeaderValue::try_from(&request_id).map_err(|error| wrong(error.to_string()))?;
        headers.insert(OPC_REQUEST_ID, value);
        if request.takes_retry_token() && !headers.contains_key(OPC_RETRY_TOKEN) {
            let token = HeaderValue::try_from(client.identifier())
                .map_err(|error| wrong(error.to_string()))?;
            headers.insert(OPC_RETRY_TOKEN, token);
        }
        Ok(Self {
            client,
            endpoint,
            request,
            deadline: call.deadline(),
            request_id,
            headers,
            path_and_query,
            url,
        })
    }

    pub(super) async fn attempts(
        &self,
        progress: &mut Progress,
    ) -> Result<Response<Bytes>, OciError> {
        let shared = &self.client.shared;
        let mut attempt = 1;
        let mut credential = self.credential().await?;
        loop {
            let entry = shared.breakers.enter(self.endpoint.authority());
            let entry = entry.map_err(|wait| self.left_alone(wait.as_secs(), progress))?;
            let outcome = self.attempt(&credential, progress).await?;
            entry.settle(is_able(&outcome));
            let failure = match outcome {
                Ok(response) => {
                    shared.budget.deposit(attempt > 1);
                    return Ok(response);
                }
                Err(failure) => failure,
            };
            if let Some(renewed) = self.renew(&failure, &credential, progress).await? {
                credential = renewed;
                continue;
            }
            let asked = match &failure {
                Failure::Answer(answer) => answer.retry_after.unwrap_or_default(),
                Failure::Transport(_) => Duration::ZERO,
            };
            let again = self.request.retries()
                && retry::is_worthwhile(&failure, self.request.is_repeatable());
            let error = self.explain(failure);
            if !again {
                return Err(error);
            }
            if attempt >= self.client.attempts {
                return Err(error.with_hint(format!("{attempt} attempts were made")));
            }
            let wait = retry::wait(attempt, (self.client.random)()).max(asked);
            let at = Instant::now().checked_add(wait);
            if at.is_none_or(|at| at >= self.deadline) {
                let hint = "the deadline comes before another attempt could be made";
                return Err(error.with_hint(hint));
            }
            if !shared.budget.withdraw() {
                let hint = "it was not tried again, because too many requests have failed lately";
                return Err(error.with_hint(hint));
            }
            tracing::debug!(%error, attempt, ?wait, "retry");
            progress.last = Some(error);
            sleep(wait).await;
            attempt += 1;
            credential = self.credential().await?;
        }
    }

    /// One attempt. The outer error is that nothing could be sent.
    async fn attempt(
        &self,
        credential: &Credential,
        progress: &mut Progress,
    ) -> Result<Result<Response<Bytes>, Failure>, OciError> {
        let target = Target {
            method: self.request.method(),
            path_and_query: &self.path_and_query,
            host: Some(self.endpoint.authority().as_str()),
        };
        let signature = sign(
            credential,
            (self.client.clock)(),
            &target,
            self.request.payload(),
        )
        .map_err(|error| self.error(OciErrorKind::Request, error.to_string()))?;
        let mut request = self.unsigned();
        if progress.sent > 0 {
            let retries = HeaderValue::from_static("true");
            request.headers_mut().insert(OPC_CLIENT_RETRIES, retries);
        }
        request.headers_mut().extend(signature);
        progress.sent += 1;
        let outcome = self.client.transport.clone().oneshot(request).await;
        Ok(match outcome {
            Ok(response) if response.status().is_success() => Ok(response),
            Ok(response) => {
                let now = (self.client.clock)();
                Err(Failure::Answer(Answer::read(&response, now, credential)))
            }
            Err(error) => Err(Failure::Transport(error)),
        })
    }

    pub(super) fn unsigned(&self) -> http::Request<Bytes> {
        let mut request = http::Request::new(self.request.content());
        *request.method_mut() = self.request.method().clone();
        *request.uri_mut() = self.url.clone();
        *request.headers_mut() = self.headers.clone();
        request
    }

    /// Another credential than the one that was refused, if that was why and there is one.
    async fn renew(
        &self,
        failure: &Failure,
        refused: &Arc<Credential>,
        progress: &mut Progress,
    ) -> Result<Option<Arc<Credential>>, OciError> {
        match failure {
            Failure::Answer(answer)
                if answer.status == StatusCode::UNAUTHORIZED
                    && !progress.renewed
                    // A new credential would be refused for the same reason.
                    && hint::skew(answer, (self.client.clock)()).is_none() =>
            {
                progress.renewed = true;
                self.client.principal.invalidate(refused);
                let renewed = self.credential().await?;
                Ok((!Arc::ptr_eq(&renewed, refused)).then_some(renewed))
            }
            _ => Ok(None),
        }
    }

    async fn credential(&self) -> Result<Arc<Credential>, OciError> {
        let credential = self.client.principal.credential().await;
        credential.map_err(|error: PrincipalError| {
            self.error(OciErrorKind::Principal, error.to_string())
                .with_source(error)
        })
    }

    fn explain(&self, failure: Failure) -> OciError {
        let hint = match &failure {
            Failure::Transport(_) => String::new(),
            Failure::Answer(answer) => Some(answer)
                .filter(|answer| answer.status == StatusCode::UNAUTHORIZED)
                .and_then(|answer| hint::skew(answer, (self.client.clock)()))
                .unwrap_or_else(|| hint::hint(answer, self.client.principal.name())),
        };
        let unsure = match &failure {
            Failure::Transport(error) if error.kind().may_have_been_sent() => self.unsure(),
            Failure::Answer(answer) if answer.status.is_server_error() => self.unsure(),
            _ => "",
        };
        OciError::of(failure, self.request.operation())
            .with_hint(hint)
            .with_hint(unsure)
    }

    fn left_alone(&self, seconds: u64, progress: &mut Progress) -> OciError {
        let host = self.endpoint.authority();
        let last = progress.last.take();
        last.unwrap_or_else(|| {
            let problem = format!("`{host}` has failed too often in a row and is left alone");
            self.error(OciErrorKind::CircuitOpen, problem)
        })
        .with_hint(format!(
            "`{host}` will be tried again in {} s",
            seconds.max(1)
        ))
    }

    pub(super) fn too_late(&self, progress: Progress) -> OciError {
        let hint = if progress.sent > 0 { self.unsure() } else { "" };
        let error = self.error(OciErrorKind::Deadline, "the deadline came before an answer");
        match progress.last {
            Some(last) => error.with_hint(format!("before that: {}", last.message())),
            None => error,
        }
        .with_hint(hint)
    }

    /// What to say if there is no telling whether OCI has done it.
    fn unsure(&self) -> &'static str {
        if self.request.is_repeatable() {
            ""
        } else {
            "it may have been carried out nevertheless: look before asking for it again"
        }
    }

    fn error(&self, kind: OciErrorKind, problem: impl Into<String>) -> OciError {
        OciError::new(kind, self.request.operation(), problem)
    }
}

/// Whether the service was able to answer, for the breaker. A conflict is about one resource and says
/// nothing of the service, though the official Python SDK counts it.
fn is_able(outcome: &Result<Response<Bytes>, Failure>) -> bool {
    match outcome {
        Ok(_) => true,
        Err(Failure::Answer(answer)) => !retry::is_ailing(answer.status),
        Err(Failure::Transport(error)) => matches!(
            error.kind(),
            TransportErrorKind::Refused | TransportErrorKind::TooLarge
        ),
    }
}

const OPC_CLIENT_RETRIES: HeaderName = HeaderName::from_static("opc-client-retries");
const OPC_RETRY_TOKEN: HeaderName = HeaderName::from_static("opc-retry-token");
