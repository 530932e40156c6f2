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

/// What the agent says in headers of its own, as it is found.
#[derive(Default)]
pub(crate) struct Said {
    call_id: Once,
    deadline: Option<HeaderValue>,
    invoke_type: Option<HeaderValue>,
    subject_id: Once,
    subject_type: Once,
    subject_tenancy_id: Once,
}

/// The value of a header, unless it is there twice: it may then have been smuggled in once, and says
/// nothing.
#[derive(Default)]
enum Once {
    #[default]
    Absent,
    Only(HeaderValue),
    Repeated,
}

impl Said {
    /// Takes note of a header if it is one of those that say something here.
    pub(crate) fn hear(&mut self, name: &str, value: HeaderValue) {
        match name {
            "fn-call-id" => self.call_id.add(value),
            "fn-deadline" => {
                self.deadline.get_or_insert(value);
            }
            "fn-invoke-type" => {
                self.invoke_type.get_or_insert(value);
            }
            "oci-subject-id" => self.subject_id.add(value),
            "oci-subject-type" => self.subject_type.add(value),
            "oci-subject-tenancy-id" => self.subject_tenancy_id.add(value),
            _ => {}
        }
    }
}

impl Once {
    fn add(&mut self, value: HeaderValue) {
        *self = match self {
            Self::Absent => Self::Only(value),
            Self::Only(_) | Self::Repeated => Self::Repeated,
        };
    }

    fn get(&self) -> Option<&str> {
        match self {
            Self::Only(value) => value.to_str().ok(),
            Self::Absent | Self::Repeated => None,
        }
    }
}

impl Invocation {
    /// `arrived` is when a call began whose deadline nobody says.
    pub(crate) fn of(
        said: &Said,
        intent: Intent,
        clock: fn() -> SystemTime,
        arrived: Instant,
    ) -> Self {
        Self {
            call_id: said.call_id.get().map(|id| CallId(id.into())),
            deadline: Some(deadline(said.deadline.as_ref(), clock, arrived)),
            intent,
            mode: match &said.invoke_type {
                Some(mode) if mode.as_bytes().eq_ignore_ascii_case(b"detached") => Mode::Detached,
                _ => Mode::Sync,
            },
            subject: said.subject_id.get().map(|id| Subject {
                id: id.to_owned(),
                kind: said.subject_type.get().map(str::to_owned),
                tenancy_id: said.subject_tenancy_id.get().map(str::to_owned),
            }),
        }
    }
}

fn deadline(value: Option<&HeaderValue>, clock: fn() -> SystemTime, arrived: Instant) -> Instant {
    let (from, left) = match value.map(|value| (value, time_left(value, clock))) {
        Some((_, Ok(left))) => (Instant::now(), left),
        Some((value, Err(error))) => {
            tracing::warn!(?value, %error, "`Fn-Deadline` is not a time; 30 seconds are assumed");
            (arrived, ASSUMED_TIMEOUT)
        }
        None => (arrived, ASSUMED_TIMEOUT),
    };
    from.checked_add(left).unwrap_or(from)
}

fn time_left(value: &HeaderValue, clock: fn() -> SystemTime) -> Result<Duration, jiff::Error> {
    let deadline = PARSER.parse_timestamp(value.as_bytes())?;
    let left = deadline.duration_since(Timestamp::try_from(clock())?);
    Ok(left.max(SignedDuration::ZERO).unsigned_abs())
}

static FN_INTENT: HeaderName = HeaderName::from_static("fn-intent");

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
        let mut said = Said::default();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
            said.hear(name, HeaderValue::from_static(value));
        }
        Invocation::of(&said, Intent::of(&map), at_noon, Instant::now())
    }

    fn seconds_left(headers: &[(&'static str, &'static str)]) -> f64 {
        let before = Instant::now();
        let deadline = invocation(headers).deadline.unwrap();
        deadline.duration_since(before).as_secs_f64()
    }

    #[test]
    fn a_deadline_is_measured_against_the_wall_clock() {
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
