//! Who calls: asked before a body is read, because a stranger's JSON is not worth reading.

mod permit;

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{AUTHORIZATION, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use oci_mcp_access::{
    Challenges, GATEWAY_HEADERS, Identity, Policy, Refusal, ResourceMetadata, ToolFacts, Verifier,
    is_metadata_path,
};
use tower::{Layer, Service};

pub(crate) use self::permit::{Permit, facts};

use crate::audit::Refused;
use crate::body::Body;
use crate::config::is_health;
use crate::delivery::{Delivery, Principal, Reply};
use crate::endpoint::{in_form, json};
use crate::rpc::{Answer, Error, ErrorKind, Unidentified, write_answer};

/// How an app knows its callers.
///
/// ```
/// use oci_mcp::{Access, App};
/// use oci_mcp_access::{Challenges, Scopes, StaticTokens, Verifier};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let hash = StaticTokens::hash("M2Q0MDhhNWYtNzY3Yi00YzI3LWE0ZGEt")?;
/// let file = format!(r#"{{"tokens": [{{"name": "ci", "sha256": "{hash}", "scopes": []}}]}}"#);
/// let tokens = Verifier::Static(StaticTokens::parse(file.as_bytes())?);
///
/// let access = Access::new(tokens, Challenges::new(None, Scopes::default()));
/// let app = App::new("guarded", "1.0.0").access(access);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Access {
    /// Where MCP is served.
    path: String,
    verifier: Verifier,
    challenges: Challenges,
    metadata: Option<Bytes>,
    gateway: Option<Principal>,
    policy: Option<Arc<Policy>>,
}

impl Access {
    /// Lets in whom `verifier` identifies, and answers all others with `challenges`.
    #[must_use]
    pub fn new(verifier: Verifier, challenges: Challenges) -> Self {
        Self {
            path: String::new(),
            verifier,
            challenges,
            metadata: None,
            gateway: None,
            policy: None,
        }
    }

    /// Serves `metadata` to everybody, at its well-known paths under any prefix (RFC 9728, section 3).
    #[must_use]
    pub fn metadata(mut self, metadata: &ResourceMetadata) -> Self {
        self.metadata = serde_json::to_vec(metadata).ok().map(Bytes::from);
        self
    }

    /// Takes only what `gateway` sends, as the host says: [`Delivery::caller`].
    #[must_use]
    pub fn only_from(mut self, gateway: Principal) -> Self {
        self.gateway = Some(gateway);
        self
    }

    /// Lets callers see and call only what `policy` allows them. Without one, who is known may call all.
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = Some(Arc::new(policy));
        self
    }

    /// The arguments that the policy has the token decide. It does so for tools alone.
    pub(crate) fn bound(&self) -> impl Iterator<Item = &str> {
        self.policy.iter().flat_map(|policy| policy.bound())
    }

    /// Tells the operator what of the policy has no effect, because it is for none of `tools`.
    pub(crate) fn warn_of_idle_rules(&self, tools: &[ToolFacts<'_>]) {
        let idle = self.policy.iter().flat_map(|policy| policy.idle(tools));
        for idle in idle {
            tracing::warn!("the policy has {idle}, and this server no tool that it fits");
        }
    }

    /// What everybody may have: `None` if it takes a caller.
    fn open(&self, request: &Request<Bytes>) -> Option<Response<Body>> {
        let metadata = self.metadata.as_ref()?;
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        let is_asked_for = is_read && is_metadata_path(request.uri().path(), &self.path);
        is_asked_for.then(|| json(StatusCode::OK, metadata.clone()))
    }

    /// Whose `request` is, if that is known without asking anybody.
    fn recognize(&self, request: &Request<Bytes>) -> Result<Option<Arc<Identity>>, Refusal> {
        if let Some(gateway) = &self.gateway {
            let delivery = request.extensions().get::<Delivery>();
            let invoker = delivery.and_then(|delivery| delivery.caller.as_ref());
            if invoker != Some(gateway) {
                return Err(Refusal::wrong_gateway("another principal invoked this"));
            }
        }
        self.verifier.recognize(request.headers())
    }

    /// Notes in `request` whose it is, in the place of what told so: no tool can then send that upstream.
    fn admit(
        self: &Arc<Self>,
        request: &mut Request<Bytes>,
        identity: Arc<Identity>,
    ) -> Option<Watch> {
        let headers = request.headers_mut();
        headers.remove(AUTHORIZATION);
        for name in GATEWAY_HEADERS {
            headers.remove(name);
        }
        let extensions = request.extensions_mut();
        let delivery = extensions.get_or_insert_with(|| Delivery::http("http"));
        delivery.caller = Some(Principal::new(identity.subject()));
        if let Some(entry) = &delivery.audit {
            entry.caller(identity.subject());
        }
        delivery.identity = Some(Arc::clone(&identity));
        let request_id = delivery.request_id.clone();
        let permit = Permit::new(self.policy.clone()?, identity, request_id);
        let permit = Arc::new(permit);
        delivery.permit = Some(Arc::clone(&permit));
        Some(Watch {
            access: Arc::clone(self),
            permit,
        })
    }

    /// A JSON-RPC error without an id, as the endpoint's own refusals are.
    fn refuse(&self, request: &Request<Bytes>, refusal: &Refusal) -> Response<Body> {
        let delivery = request.extensions().get::<Delivery>();
        let request_id = delivery.and_then(|delivery| delivery.request_id.as_deref());
        let (reason, detail) = (refusal.reason().as_str(), refusal.detail());
        tracing::info!(request_id, reason, detail, "refused");
        let error = Error::new(ErrorKind::InvalidRequest, refusal.to_string());
        let answer = Answer {
            id: None,
            outcome: Err(error),
        };
        let status = refusal.reason().status();
        let mut response = json(status, write_answer(&answer, Unidentified::Omit));
        self.challenge(&mut response, refusal);
        let reply = delivery.map_or_else(Reply::default, |delivery| delivery.reply);
        in_form(reply, response)
    }

    /// Has `response` say at the level of HTTP why, and what would help.
    fn challenge(&self, response: &mut Response<Body>, refusal: &Refusal) {
        *response.status_mut() = refusal.reason().status();
        let reason = Refused(refusal.reason().as_str());
        response.extensions_mut().insert(reason);
        let headers = response.headers_mut();
        if let Some(challenge) = self.challenges.answer(refusal) {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        if refusal.reason().status() == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, RETRY_SECONDS);
        }
    }
}

/// What a request that was let in turns out to ask for.
pub(crate) struct Watch {
    access: Arc<Access>,
    permit: Arc<Permit>,
}

impl Watch {
    /// Adds the challenge to `response`, if the caller asked for what is not permitted.
    fn challenge(&self, response: &mut Response<Body>) {
        // A batch is a 200 whatever became of its messages.
        let is_refused = response.status() == StatusCode::BAD_REQUEST;
        if let Some(refusal) = self.permit.refused().filter(|_| is_refused) {
            self.access.challenge(response, refusal);
        }
    }
}

/// An issuer that did not answer is asked again after about as long.
const RETRY_SECONDS: HeaderValue = HeaderValue::from_static("5");

#[derive(Clone, Debug)]
pub(crate) struct AccessLayer {
    access: Option<Arc<Access>>,
}

impl AccessLayer {
    /// Asks as `access` says, or nobody. `path` is where MCP is served.
    pub(crate) fn new(access: Option<Access>, path: &str) -> Self {
        let at_path = |mut access: Access| {
            path.clone_into(&mut access.path);
            Arc::new(access)
        };
        Self {
            access: access.map(at_path),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Authenticate<S> {
    inner: S,
    access: Option<Arc<Access>>,
}

impl<S> Layer<S> for AccessLayer {
    type Service = Authenticate<S>;

    fn layer(&self, inner: S) -> Authenticate<S> {
        Authenticate {
            inner,
            access: self.access.clone(),
        }
    }
}

impl<S> Service<Request<Bytes>> for Authenticate<S>
where
    S: Service<Request<Bytes>, Response = Response<Body>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send + Unpin,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Authenticated<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        match self.access.clone() {
            Some(access) if !is_health(request.uri().path()) => {
                self.call_as_somebody(&access, request)
            }
            _ => Authenticated::Passed(self.inner.call(request), None),
        }
    }
}

impl<S> Authenticate<S>
where
    S: Service<Request<Bytes>, Response = Response<Body>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send + Unpin,
{
    // Apart, so that who needs no access passes through a function that is small enough to vanish.
    #[inline(never)]
    fn call_as_somebody(
        &mut self,
        access: &Arc<Access>,
        mut request: Request<Bytes>,
    ) -> Authenticated<S::Future> {
        if let Some(answer) = access.open(&request) {
            return Authenticated::Answered(Some(answer));
        }
        match access.recognize(&request) {
            Ok(Some(identity)) => {
                let watch = access.admit(&mut request, identity);
                Authenticated::Passed(self.inner.call(request), watch)
            }
            Ok(None) => {
                let access = Arc::clone(access);
                // The one that was polled is the one that is ready.
                let clone = self.inner.clone();
                let mut inner = std::mem::replace(&mut self.inner, clone);
                Authenticated::Identified(Box::pin(async move {
                    let watch = match access.verifier.identify(request.headers()).await {
                        Ok(identity) => access.admit(&mut request, identity),
                        Err(refusal) => return Ok(access.refuse(&request, &refusal)),
                    };
                    Authenticated::Passed(inner.call(request), watch).await
                }))
            }
            Err(refusal) => Authenticated::Answered(Some(access.refuse(&request, &refusal))),
        }
    }
}

/// The answer to one request.
pub(crate) enum Authenticated<F> {
    /// What everybody may have, or a refusal.
    Answered(Option<Response<Body>>),
    /// Of somebody who is known, or who need not be.
    Passed(F, Option<Watch>),
    /// Of somebody of whom the issuer has to be asked, or whose signature to be verified.
    Identified(Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>),
}

impl<F> Future for Authenticated<F>
where
    F: Future<Output = Result<Response<Body>, Infallible>> + Unpin,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            Self::Answered(answer) => answer
                .take()
                .map_or(Poll::Pending, |answer| Poll::Ready(Ok(answer))),
            Self::Passed(answer, watch) => {
                let Ok(mut answer) = std::task::ready!(Pin::new(answer).poll(cx));
                if let Some(watch) = watch {
                    watch.challenge(&mut answer);
                }
                Poll::Ready(Ok(answer))
            }
            Self::Identified(answer) => answer.as_mut().poll(cx),
        }
    }
}

#[cfg(test)]
mod tests;
