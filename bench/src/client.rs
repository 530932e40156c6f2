//! The other end of a connection: one request at a time, as Fn's agent sends them. It blocks, and
//! does next to nothing itself, so that what it measures is the server.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

/// Where a server listens.
#[derive(Clone, Debug)]
pub(crate) enum Address {
    Socket(PathBuf),
    Port(u16),
}

/// One connection, kept alive.
pub(crate) struct Client {
    stream: Box<dyn Stream>,
    buffer: Vec<u8>,
}

trait Stream: Read + Write {}
impl<S: Read + Write> Stream for S {}

impl Client {
    /// Connects.
    ///
    /// # Errors
    ///
    /// What connecting returns, as when nobody listens yet.
    pub(crate) fn connect(address: &Address) -> io::Result<Self> {
        let stream: Box<dyn Stream> = match address {
            Address::Socket(path) => {
                let stream = UnixStream::connect(path)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                Box::new(stream)
            }
            Address::Port(port) => {
                let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, *port))?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                Box::new(stream)
            }
        };
        let buffer = vec![0; BUFFER];
        Ok(Self { stream, buffer })
    }

    /// Sends `request` and reads the whole answer: its body.
    ///
    /// # Errors
    ///
    /// What reading and writing return, and an answer that is not a 200 of known length.
    pub(crate) fn send(&mut self, request: &[u8]) -> io::Result<&[u8]> {
        self.stream.write_all(request)?;
        let mut filled = 0;
        let (start, end) = loop {
            let space = self.buffer.get_mut(filled..).unwrap_or_default();
            match self.stream.read(space)? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                read => filled += read,
            }
            let so_far = self.buffer.get(..filled).unwrap_or_default();
            if let Some(start) = end_of_head(so_far) {
                let head = so_far.get(..start).unwrap_or_default();
                break (start, start + length(head)?);
            }
        };
        if end > self.buffer.len() {
            self.buffer.resize(end, 0);
        }
        if let Some(rest) = self.buffer.get_mut(filled..end) {
            self.stream.read_exact(rest)?;
        }
        Ok(self.buffer.get(start..end).unwrap_or_default())
    }
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    Some(end + 4)
}

/// The length of the body after `head`.
fn length(head: &[u8]) -> io::Result<usize> {
    let refuse = |why| {
        Err(io::Error::other(format!(
            "{why}: {}",
            String::from_utf8_lossy(head)
        )))
    };
    let mut lines = head.split(|&byte| byte == b'\n');
    if !lines
        .next()
        .is_some_and(|line| line.starts_with(b"HTTP/1.1 200 "))
    {
        return refuse("not a 200");
    }
    let mut length = None;
    for line in lines {
        let Ok(line) = str::from_utf8(line) else {
            continue;
        };
        match line.split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().ok();
            }
            Some((name, value))
                if name.eq_ignore_ascii_case("fn-http-status") && value.trim() != "200" =>
            {
                return refuse("not a 200");
            }
            _ => {}
        }
    }
    match length {
        Some(length) => Ok(length),
        None => refuse("no content-length"),
    }
}

/// Longer than any server takes, so that one that hangs is an error.
const PATIENCE: Duration = Duration::from_secs(10);
/// Room for the head and most bodies.
const BUFFER: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_200_of_known_length_is_an_answer() {
        for (head, expected) in [
            ("HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n", Some(7)),
            (
                "HTTP/1.1 200 OK\r\nContent-Length:7\r\nFn-Http-Status: 200\r\n\r\n",
                Some(7),
            ),
            (
                "HTTP/1.1 200 OK\r\ncontent-length: 7\r\nfn-http-status: 400\r\n\r\n",
                None,
            ),
            ("HTTP/1.1 404 Not Found\r\ncontent-length: 7\r\n\r\n", None),
            (
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
                None,
            ),
        ] {
            let length = length(head.as_bytes());

            assert_eq!(length.ok(), expected, "{head}");
        }
    }
}
