//! Lines of bounded length.

use std::io;

use bytes::Bytes;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// Reads lines, such as the messages of MCP's stdio transport, and keeps none that is too long.
#[derive(Debug)]
pub struct Lines<R> {
    input: BufReader<R>,
    max_bytes: usize,
    /// What there is of a line that has not ended yet.
    line: Vec<u8>,
    is_too_long: bool,
}

/// A line of [`Lines`].
#[derive(Debug, Eq, PartialEq)]
pub enum Line {
    /// Without its end, which may be CRLF.
    Message(Bytes),
    /// It was not kept.
    TooLong,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    /// Lines of at most `max_bytes`, without their ends.
    pub fn new(input: R, max_bytes: usize) -> Self {
        Self {
            input: BufReader::new(input),
            max_bytes,
            line: Vec::new(),
            is_too_long: false,
        }
    }

    /// The next line that is not blank; the last one needs no end.
    ///
    /// Nothing is lost if the future is dropped: what has been read stays here.
    ///
    /// # Errors
    ///
    /// That of the input.
    pub async fn next(&mut self) -> io::Result<Option<Line>> {
        loop {
            let read = self.input.fill_buf().await?;
            if read.is_empty() {
                return Ok(self.end());
            }
            let (part, has_end) = match read.iter().position(|byte| *byte == b'\n') {
                Some(end) => (read.get(..end).unwrap_or_default(), true),
                None => (read, false),
            };
            // One more for the carriage return that may be part of the line's end.
            if self.is_too_long || self.line.len() + part.len() > self.max_bytes + 1 {
                self.is_too_long = true;
                self.line = Vec::new();
            } else {
                self.line.extend_from_slice(part);
            }
            let consumed = part.len() + usize::from(has_end);
            self.input.consume(consumed);
            if has_end && let Some(line) = self.end() {
                return Ok(Some(line));
            }
        }
    }

    /// The line that is complete now.
    fn end(&mut self) -> Option<Line> {
        let mut line = std::mem::take(&mut self.line);
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        if std::mem::take(&mut self.is_too_long) || line.len() > self.max_bytes {
            return Some(Line::TooLong);
        }
        (!line.trim_ascii().is_empty()).then(|| Line::Message(line.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines(input: &[u8], max_bytes: usize) -> Vec<Line> {
        let mut lines = Lines::new(input, max_bytes);
        let mut found = Vec::new();
        while let Some(line) = lines.next().await.unwrap() {
            found.push(line);
        }
        found
    }

    fn message(text: &'static str) -> Line {
        Line::Message(Bytes::from_static(text.as_bytes()))
    }

    #[tokio::test]
    async fn a_line_ends_with_a_line_feed_a_crlf_or_the_input() {
        for input in ["a\nb\n", "a\r\nb\r\n", "a\nb", "\n\r\n  \na\n\t\r\nb\n\n"] {
            let found = lines(input.as_bytes(), 10).await;

            assert_eq!(found, [message("a"), message("b")], "{input:?}");
        }
    }

    #[tokio::test]
    async fn a_line_over_the_limit_is_skipped_up_to_its_end() {
        for (input, expected) in [
            ("12345\nb", [message("12345"), message("b")]),
            ("12345\r\nb", [message("12345"), message("b")]),
            ("123456\nb", [Line::TooLong, message("b")]),
            ("123456\r\nb", [Line::TooLong, message("b")]),
            ("1234567\nb", [Line::TooLong, message("b")]),
            ("b\n1234567", [message("b"), Line::TooLong]),
        ] {
            assert_eq!(lines(input.as_bytes(), 5).await, expected, "{input:?}");
        }
        let long = " ".repeat(100_000) + "\nb";
        assert_eq!(
            lines(long.as_bytes(), 5).await,
            [Line::TooLong, message("b")]
        );
    }
}
