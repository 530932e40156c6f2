//! The agent's side of a connection: bytes out, one response in.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// A connection to a function.
pub(crate) struct Agent<I> {
    io: I,
    unread: Vec<u8>,
}

/// A response as it was on the wire; header names are lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl<I: AsyncRead + AsyncWrite + Unpin> Agent<I> {
    pub(crate) fn new(io: I) -> Self {
        let unread = Vec::new();
        Self { io, unread }
    }

    /// Sends the request and returns its answer.
    pub(crate) async fn call(&mut self, request: &[u8]) -> Answer {
        self.io.write_all(request).await.unwrap();
        self.answer().await
    }

    async fn answer(&mut self) -> Answer {
        let end = loop {
            if let Some(at) = self.unread.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            self.read_more().await;
        };
        let head: Vec<u8> = self.unread.drain(..end).collect();
        let mut answer = Answer::from_head(&String::from_utf8(head).unwrap());
        if answer.status == 100 {
            return Box::pin(self.answer()).await;
        }
        let length: usize = answer.header("content-length").unwrap().parse().unwrap();
        while self.unread.len() < length {
            self.read_more().await;
        }
        let body: Vec<u8> = self.unread.drain(..length).collect();
        answer.body = String::from_utf8(body).unwrap();
        answer
    }

    async fn read_more(&mut self) {
        let read = self.io.read_buf(&mut self.unread).await.unwrap();
        assert!(read > 0, "the connection ended after {:?}", self.unread);
    }
}

impl Answer {
    fn from_head(head: &str) -> Self {
        let mut lines = head.trim_end().lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap();
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_ascii_lowercase(), value.trim().to_owned())
        });
        Self {
            status: status.parse().unwrap(),
            headers: headers.collect(),
            body: String::new(),
        }
    }

    /// The value of a header, or its values joined with a comma.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let of_name = self.headers.iter().filter(|(key, _)| key == name);
        let values: Vec<&str> = of_name.map(|(_, value)| value.as_str()).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }
}
