//! Under which circumstances a request is made.

use tokio::time::Instant;

/// Under which circumstances a request is made: until when it matters, and as part of what.
///
/// ```
/// use std::time::{Duration, Instant};
///
/// use oci_rest::Call;
///
/// let call = Call::until(Instant::now() + Duration::from_secs(20)).traced("agent/4bf92f3577b34da6");
/// # drop(call);
/// ```
#[derive(Clone, Debug)]
pub struct Call {
    deadline: Instant,
    request_id: Option<String>,
}

impl Call {
    /// A call that must be over at `deadline`: attempts, waits between them and further pages.
    pub fn until(deadline: impl Into<Instant>) -> Self {
        Self {
            deadline: deadline.into(),
            request_id: None,
        }
    }

    /// The same, as part of the trace `id`, which becomes the `opc-request-id`.
    ///
    /// OCI takes three segments with slashes between, each of at most 32 letters, digits, `-` and `_`.
    /// What does not fit is left out, and if nothing is left the client makes one.
    #[must_use]
    pub fn traced(mut self, id: &str) -> Self {
        let fits = |char: &char| char.is_ascii_alphanumeric() || *char == '-' || *char == '_';
        let segments: Vec<String> = id
            .split('/')
            .map(|segment| segment.chars().filter(fits).take(32).collect())
            .filter(|segment: &String| !segment.is_empty())
            .take(3)
            .collect();
        self.request_id = Some(segments.join("/")).filter(|id| !id.is_empty());
        self
    }

    /// When it must be over.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    pub(super) fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::Call;

    #[test]
    fn a_trace_is_cut_to_what_oci_takes_as_a_request_id() {
        let long = "a".repeat(40);
        let rows = [
            ("agent/4bf92f3577b34da6", Some("agent/4bf92f3577b34da6")),
            ("a/b/c/d", Some("a/b/c")),
            (long.as_str(), long.get(..32)),
            ("a\r\nx-evil: 1/ü", Some("ax-evil1")),
            ("//", None),
            ("", None),
        ];

        for (id, expected) in rows {
            let call = Call::until(Instant::now()).traced(id);
            assert_eq!(call.request_id(), expected);
        }
    }
}
