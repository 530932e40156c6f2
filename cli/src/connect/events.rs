//! Event streams: "Server-sent events" of the HTML standard, as far as MCP uses them.

/// Reads events from pieces of a stream, in which they may begin and end anywhere.
#[derive(Debug)]
pub(super) struct Events {
    max_bytes: usize,
    /// The line that has not ended yet.
    line: Vec<u8>,
    /// The data of the event that has not ended yet.
    data: Vec<u8>,
    is_message: bool,
    /// Whether a line feed that comes now belongs to the carriage return before it.
    after_return: bool,
}

/// An event was larger than allowed.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct TooLarge;

impl Events {
    /// Events of at most `max_bytes` each.
    pub(super) fn new(max_bytes: usize) -> Self {
        Self {
            max_bytes,
            line: Vec::new(),
            data: Vec::new(),
            is_message: true,
            after_return: false,
        }
    }

    /// The data of the messages that end in `piece`. Events of other kinds have nothing to say here.
    pub(super) fn take(&mut self, piece: &[u8]) -> Result<Vec<Vec<u8>>, TooLarge> {
        let mut messages = Vec::new();
        let mut rest = piece;
        if self.after_return && !rest.is_empty() {
            self.after_return = false;
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
        }
        while let Some(end) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            let (line, after) = rest.split_at(end);
            self.keep(line)?;
            rest = match after {
                [b'\r'] => {
                    self.after_return = true;
                    &[]
                }
                [b'\r', b'\n', rest @ ..] | [_, rest @ ..] => rest,
                [] => &[],
            };
            messages.extend(self.end_line());
        }
        self.keep(rest)?;
        Ok(messages)
    }

    fn keep(&mut self, part: &[u8]) -> Result<(), TooLarge> {
        if self.line.len() + self.data.len() + part.len() > self.max_bytes {
            return Err(TooLarge);
        }
        self.line.extend_from_slice(part);
        Ok(())
    }

    /// Acts on the line; a blank one ends the event.
    fn end_line(&mut self) -> Option<Vec<u8>> {
        let line = std::mem::take(&mut self.line);
        let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&line);
        if line.is_empty() {
            let mut data = std::mem::take(&mut self.data);
            let is_message = std::mem::replace(&mut self.is_message, true);
            data.pop();
            return (is_message && !data.is_empty()).then_some(data);
        }
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let name = parts.next().unwrap_or_default();
        let value = parts.next().unwrap_or_default();
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match name {
            b"data" => {
                self.data.extend_from_slice(value);
                self.data.push(b'\n');
            }
            b"event" => self.is_message = value == b"message",
            // Comments, and what is for clients that come back.
            _ => {}
        }
        None
    }
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

#[cfg(test)]
mod tests {
    use super::*;

    fn read(stream: &str, pieces: usize) -> Vec<String> {
        let mut events = Events::new(1000);
        let pieces = stream.as_bytes().chunks(pieces);
        let messages = pieces.flat_map(|piece| events.take(piece).unwrap());
        messages
            .map(|data| String::from_utf8(data).unwrap())
            .collect()
    }

    #[test]
    fn messages_are_read_however_the_stream_is_cut_and_its_lines_end() {
        let stream = "\u{feff}: hello\n\nid: 7\nevent: message\ndata: {\"a\":\ndata:1}\n\n\
            retry: 3\ndata: \n\nevent: ping\ndata: x\n\ndata: {}\n\ndata: lost";
        for ending in ["\n", "\r\n", "\r"] {
            let stream = stream.replace('\n', ending);
            for size in [1, 2, 3, 7, stream.len()] {
                assert_eq!(
                    read(&stream, size),
                    ["{\"a\":\n1}", "{}"],
                    "{ending:?} {size}"
                );
            }
        }
    }

    #[test]
    fn an_event_over_the_limit_ends_the_reading() {
        for stream in ["data: 1234567890", "data: 1\ndata: 2\ndata: 3\ndata:"] {
            assert_eq!(
                Events::new(10).take(stream.as_bytes()),
                Err(TooLarge),
                "{stream}"
            );
        }
    }
}
