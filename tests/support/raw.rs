//! Bytes on a connection, whatever HTTP thinks of them.

use std::io;
use std::path::Path;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::time::timeout;

use crate::LONG;

/// One end of a connection.
#[derive(Debug)]
pub struct Raw<IO>(IO);

impl Raw<UnixStream> {
    /// Connects to the socket of a function.
    pub async fn connect(socket: &Path) -> Self {
        Self(UnixStream::connect(socket).await.unwrap())
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Raw<IO> {
    /// Speaks on `io`.
    pub fn new(io: IO) -> Self {
        Self(io)
    }

    /// Sends `bytes`, or as many as the other end takes before it leaves.
    pub async fn send(&mut self, bytes: &[u8]) {
        left(self.0.write_all(bytes).await);
    }

    /// Sends `bytes` one at a time, and gives the other end the time to read each.
    pub async fn trickle(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.send(&[*byte]).await;
            tokio::task::yield_now().await;
        }
    }

    /// What is answered up to `end`, and with it.
    pub async fn answer_until(&mut self, end: &str) -> String {
        let mut answer = Vec::new();
        while !answer.ends_with(end.as_bytes()) {
            let byte = timeout(LONG, self.0.read_u8()).await.unwrap();
            let so_far = String::from_utf8_lossy(&answer);
            answer.push(byte.unwrap_or_else(|error| panic!("{error} after {so_far}")));
        }
        String::from_utf8(answer).unwrap()
    }

    /// The body of one answer, after which the connection goes on.
    pub async fn body(&mut self) -> String {
        let head = self.answer_until("\r\n\r\n").await.to_ascii_lowercase();
        let length = head.split("content-length: ").nth(1).unwrap();
        let mut body = vec![0; length.lines().next().unwrap().parse().unwrap()];
        let read = timeout(LONG, self.0.read_exact(&mut body));
        read.await.unwrap().unwrap();
        String::from_utf8(body).unwrap()
    }

    /// Leaves in the middle of what it has to say, and gives back all that is answered.
    pub async fn leave(mut self) -> String {
        left(self.0.shutdown().await);
        self.answer().await
    }

    /// All that is answered until the other end leaves.
    pub async fn answer(mut self) -> String {
        let mut answer = Vec::new();
        let read = timeout(LONG, self.0.read_to_end(&mut answer));
        left(read.await.unwrap().map(drop));
        String::from_utf8_lossy(&answer).into_owned()
    }
}

/// The other end may leave at any time, and what it said before is what counts.
fn left(outcome: io::Result<()>) {
    if let Err(error) = outcome {
        let kind = error.kind();
        let left = [
            io::ErrorKind::BrokenPipe,
            io::ErrorKind::ConnectionReset,
            io::ErrorKind::NotConnected,
        ];
        assert!(left.contains(&kind), "{error}");
    }
}
