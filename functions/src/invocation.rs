//! What Fn says about a call beyond HTTP.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::fmt::temporal::DateTimeParser;
use jiff::{SignedDuration, Timestamp};

/// What Fn says about a call beyond HTTP; every request the service gets has it as an extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// The name of this call in the platform's logs.
    pub call_id: Option<CallId>,
    /// When the platform gives up and destroys the container. Nothing here enforces it: a service
    /// should answer a little earlier, if only with an error.
    pub deadline: Option<Instant>,
    /// Whether the caller sent an HTTP request or only a body.
    pub intent: Intent,
    /// Whether the caller waits for the answer.
    pub mode: Mode,
    /// Who called, as authenticated by the Functions service.
    pub subject: Option<Subject>,
}

/// Whether the caller sent an HTTP request or only a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// From an API gateway or an HTTP trigger: method, URL and headers are the client's, and so
    /// are the status and the headers of the answer.
    HttpRequest,
    /// A plain invoke, such as `fn invoke`: a body with a content type, both ways.
    Invoke,
}

/// Whether the caller waits for the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The caller waits.
    Sync,
    /// The answer goes to the function's success or failure destination, if it has one.
    Detached,
}

/// The name of a call in the platform's logs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CallId(Arc<str>);

impl CallId {
    /// The name as the platform writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for CallId {
    fn from(id: String) -> Self {
        Self(id.into())
    }
}

impl From<CallId> for Arc<str> {
    fn from(CallId(id): CallId) -> Self {
        id
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who called, as authenticated by the Functions service.
///
/// Behind an API gateway this is the gateway. Headers of the gateway's client cannot reach it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// `oci-subject-id`: the OCID of the caller.
    pub id: String,
    /// `oci-subject-type`: such as `user` or `resource`.
    pub kind: Option<String>,
    /// `oci-subject-tenancy-id`: the OCID of the caller's tenancy.
    pub tenancy_id: Option<String>,
}

impl Intent {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        match headers.get(&FN_INTENT) {
            Some(intent) if intent.as_bytes().eq_ignore_ascii_case(b"httprequest") => {
                Self::HttpRequest
            }
            _ => Self::Invoke,
        }
    }
}

impl Invocation {
    pub(crate) fn of(headers: &HeaderMap, intent: Intent, clock: fn() -> SystemTime) -> Self {
        Self {
            call_id: only(headers, &FN_CALL_ID).map(|id| CallId(id.into())),
            deadline: Some(deadline(headers.get(&FN_DEADLINE), clock)),
            intent,
            mode: match headers.get(&FN_INVOKE_TYPE) {
                Some(mode) if mode.as_bytes().eq_ignore_ascii_case(b"detached") => Mode::Detached,
                _ => Mode::Sync,
            },
            subject: only(headers, &OCI_SUBJECT_ID).map(|id| Subject {
                id: id.to_owned(),
                kind: only(headers, &OCI_SUBJECT_TYPE).map(str::to_owned),
                tenancy_id: only(headers, &OCI_SUBJECT_TENANCY_ID).map(str::to_owned),
            }),
        }
    }
}

// A header that is there twice may have been smuggled in once, so it then says nothing.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

fn deadline(value: Option<&HeaderValue>, clock: fn() -> SystemTime) -> Instant {
    let left = value.and_then(|value| match time_left(value, clock) {
        Ok(left) => Some(left),
        Err(error) => {
            tracing::warn!(?value, %error, "`Fn-Deadline` is not a time; 30 seconds are assumed");
            None
        }
    });
    let now = Instant::now();
    now.checked_add(left.unwrap_or(ASSUMED_TIMEOUT))
        .unwrap_or(now)
}

fn time_left(value: &HeaderValue, clock: fn() -> SystemTime) -> Result<Duration, jiff::Error> {
    let deadline = PARSER.parse_timestamp(value.as_bytes())?;
    let left = deadline.duration_since(Timestamp::try_from(clock())?);
    Ok(left.max(SignedDuration::ZERO).unsigned_abs())
}

static FN_CALL_ID: HeaderName = HeaderName::from_static("fn-call-id");
static FN_DEADLINE: HeaderName = HeaderName::from_static("fn-deadline");
static FN_INTENT: HeaderName = HeaderName::from_static("fn-intent");
static FN_INVOKE_TYPE: HeaderName = HeaderName::from_static("fn-invoke-type");
static OCI_SUBJECT_ID: HeaderName = HeaderName::from_static("oci-subject-id");
static OCI_SUBJECT_TYPE: HeaderName = HeaderName::from_static("oci-subject-type");
static OCI_SUBJECT_TENANCY_ID: HeaderName = HeaderName::from_static("oci-subject-tenancy-id");

static PARSER: DateTimeParser = DateTimeParser::new();

/// What the Python FDK assumes, and the default timeout of an OCI Function.
const ASSUMED_TIMEOUT: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    fn at_noon() -> SystemTime {
        "2026-11-20T12:00:00Z".parse::<Timestamp>().unwrap().into()
    }

    fn invocation(headers: &[(&'static str, &'static str)]) -> Invocation {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        let intent = Intent::of(&map);
        Invocation::of(&map, intent, at_noon)
    }

    fn seconds_left(headers: &[(&'static str, &'static str)]) -> f64 {
        let before = Instant::now();
        let deadline = invocation(headers).deadline.unwrap();
        deadline.duration_since(before).as_secs_f64()
    }

    #[test]
    fn a_deadline_is_measured_against_the_wall_clock_at_arrival() {
        for (deadline, expected) in [
            ("2026-11-20T12:00:10Z", 10.0),
            ("2026-11-20T14:00:10.5+02:00", 10.5),
            ("2026-11-20T11:59:00Z", 0.0),
            ("9999-12-30T00:00:00Z", 251_606_952_000.0),
        ] {
            let left = seconds_left(&[("fn-deadline", deadline)]);

            assert!(
                (expected..expected + 5.0).contains(&left),
                "{deadline}: {left}"
            );
        }
    }

    #[test]
    fn an_absent_or_unreadable_deadline_is_thirty_seconds_away() {
        for headers in [&[][..], &[("fn-deadline", "soon")], &[("fn-deadline", "")]] {
            let left = seconds_left(headers);

            assert!((30.0..35.0).contains(&left), "{headers:?}: {left}");
        }
    }

    #[test]
    fn only_the_httprequest_intent_is_an_http_request() {
        for (headers, expected) in [
            (&[("fn-intent", "httprequest")][..], Intent::HttpRequest),
            (&[("fn-intent", "HttpRequest")], Intent::HttpRequest),
            (&[("fn-intent", "cloudevent")], Intent::Invoke),
            (&[], Intent::Invoke),
        ] {
            assert_eq!(invocation(headers).intent, expected, "{headers:?}");
        }
    }

    #[test]
    fn a_call_is_detached_only_if_fn_says_so() {
        let detached = invocation(&[("fn-invoke-type", "detached")]);

        assert_eq!(detached.mode, Mode::Detached);
        assert_eq!(invocation(&[("fn-invoke-type", "sync")]).mode, Mode::Sync);
        assert_eq!(invocation(&[]).mode, Mode::Sync);
    }

    #[test]
    fn the_subject_and_the_call_come_from_the_unprefixed_headers() {
        let invocation = invocation(&[
            ("fn-call-id", "01C"),
            ("oci-subject-id", "ocid1.apigateway.oc1..a"),
            ("oci-subject-type", "resource"),
            ("oci-subject-tenancy-id", "ocid1.tenancy.oc1..b"),
        ]);

        assert_eq!(invocation.call_id.unwrap().as_str(), "01C");
        assert_eq!(
            invocation.subject.unwrap(),
            Subject {
                id: "ocid1.apigateway.oc1..a".to_owned(),
                kind: Some("resource".to_owned()),
                tenancy_id: Some("ocid1.tenancy.oc1..b".to_owned()),
            }
        );
    }

    #[test]
    fn a_clients_own_subject_headers_say_nothing() {
        for headers in [
            &[("fn-http-h-oci-subject-id", "ocid1.user.oc1..evil")][..],
            &[("oci-subject-id", "a"), ("oci-subject-id", "b")],
        ] {
            assert_eq!(invocation(headers).subject, None, "{headers:?}");
        }
    }
}
