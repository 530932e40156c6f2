//! The lines that let a log collector tell one call's output from the next one's.

use std::io::{self, Write};

use http::{HeaderMap, HeaderName};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogFrame {
    name: String,
    header: HeaderName,
}

impl LogFrame {
    /// Returns `None` if `header` is not the name of an HTTP header.
    pub(crate) fn new(name: String, header: &str) -> Option<Self> {
        let header = HeaderName::from_bytes(header.as_bytes()).ok()?;
        Some(Self { name, header })
    }

    /// Writes the frame to stdout and stderr, if the request has the header it is made of.
    pub(crate) fn print(&self, headers: &HeaderMap) {
        let Some(line) = self.line(headers) else {
            return;
        };
        for written in [
            put(&mut io::stdout().lock(), &line),
            put(&mut io::stderr().lock(), &line),
        ] {
            // A closed log stream is no reason to fail the call.
            if let Err(error) = written {
                tracing::debug!(%error, "the log frame was not written");
            }
        }
    }

    fn line(&self, headers: &HeaderMap) -> Option<Vec<u8>> {
        let value = headers.get(&self.header)?.as_bytes();
        Some([b"\n", self.name.as_bytes(), b"=", value, b"\n"].concat())
    }
}

// Flushed, because stdout may be buffered and what the service prints must come after it.
fn put(to: &mut impl Write, line: &[u8]) -> io::Result<()> {
    to.write_all(line)?;
    to.flush()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_frame_is_a_line_of_its_own_with_the_value_of_the_header() {
        let frame = LogFrame::new("frame".to_owned(), "Fn-Call-Id").unwrap();
        let headers = HeaderMap::from_iter([(
            HeaderName::from_static("fn-call-id"),
            HeaderValue::from_static("01C"),
        )]);

        assert_eq!(frame.line(&headers).unwrap(), b"\nframe=01C\n");
    }

    #[test]
    fn a_request_without_the_header_has_no_frame() {
        let frame = LogFrame::new("frame".to_owned(), "Fn-Call-Id").unwrap();

        assert_eq!(frame.line(&HeaderMap::new()), None);
    }
}
