//! Bytes that no agent sends, and what a function answers.

use std::path::Path;

use crate::Raw;

/// What arrives on a function's socket.
#[derive(Clone, Debug)]
pub struct Assault {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The statuses of the answers. The agent destroys a container for any but 200 and 502.
    pub statuses: Vec<u16>,
    /// Whether the sender leaves without having said all.
    leaves: bool,
}

impl Assault {
    /// All of them.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let kinds = [unfinished(), refused(), served(), floods()];
        kinds.into_iter().flatten().collect()
    }

    /// Opens a connection to `socket` and sends the bytes.
    pub async fn begin(&self, socket: &Path) -> Raw<tokio::net::UnixStream> {
        let mut connection = Raw::connect(socket).await;
        connection.send(&self.bytes).await;
        connection
    }

    /// The statuses that come back.
    pub async fn end(&self, connection: Raw<tokio::net::UnixStream>) -> Vec<u16> {
        let answer = if self.leaves {
            connection.leave().await
        } else {
            connection.answer().await
        };
        let starts = answer.split("HTTP/1.1 ").skip(1);
        starts.map(|rest| rest[..3].parse().unwrap()).collect()
    }

    fn new(text: impl Into<Vec<u8>>, statuses: &[u16]) -> Self {
        Self {
            bytes: text.into(),
            statuses: statuses.to_owned(),
            leaves: false,
        }
    }
}

/// `POST /call` as the agent sends a plain invoke, but for the framing of its body.
#[must_use]
pub fn fn_call(body: &str) -> String {
    let length = body.len();
    format!("{HEAD}Connection: close\r\nContent-Length: {length}\r\n\r\n{body}")
}

fn unfinished() -> Vec<Assault> {
    let parts = [
        (String::new(), &[][..]),
        ("\r\n\r\n\r\n".to_owned(), &[]),
        ("P".to_owned(), &[]),
        (HEAD.to_owned(), &[]),
        (format!("{HEAD}Content-Length: 100\r\n\r\n"), &[502]),
        (format!("{HEAD}Content-Length: 100\r\n\r\n{{\"json"), &[502]),
        (format!("{CHUNKED}5\r\nab"), &[502]),
        (format!("{CHUNKED}fffffff\r\nab"), &[502]),
    ];
    let leaves = |(text, statuses)| Assault {
        leaves: true,
        ..Assault::new(text, statuses)
    };
    parts.map(leaves).into()
}

fn refused() -> Vec<Assault> {
    let texts = [
        format!("{HEAD}Content-Length: -1\r\n\r\n"),
        format!("{HEAD}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
        format!("{HEAD}Content-Length: 99999999999999999999999\r\n\r\n"),
        format!("{HEAD}Transfer-Encoding: gzip\r\n\r\n"),
        format!("{HEAD}No colon\r\n\r\n"),
        format!("{HEAD}X: \0\r\n\r\n"),
        format!("{CHUNKED}zz\r\n"),
        format!("{CHUNKED}ffffffffffffffffff\r\nab"),
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".to_owned(),
        "POST /call HTTP/9.9\r\n\r\n".to_owned(),
        "GARBAGE\r\n\r\n".to_owned(),
    ];
    let tls = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3];
    let bytes = [vec![0; 1000], vec![0xff; 100_000], tls.into()];
    let all = texts.into_iter().map(String::into_bytes).chain(bytes);
    all.map(|bytes| Assault::new(bytes, &[502])).collect()
}

fn served() -> Vec<Assault> {
    let call = fn_call(PING);
    let kept = call.replace("close", "keep-alive");
    vec![
        // Nothing follows a request that closes the connection.
        Assault::new(call.repeat(3), &[200]),
        Assault::new(kept.repeat(2) + &call, &[200; 3]),
        // hyper ends these without a word; no agent has HTTP/2.
        Assault::new("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &[]),
    ]
}

fn floods() -> Vec<Assault> {
    let flood = |count: usize, length: usize, status: u16| {
        let value = "v".repeat(length);
        let headers = (0..count).map(|n| format!("X-{n}: {value}\r\n"));
        let headers: String = headers.collect();
        let call = fn_call(PING).replace("\r\n\r\n", &format!("\r\n{headers}\r\n"));
        Assault::new(call, &[status])
    };
    vec![
        flood(60, 10, 200),
        flood(1, 100_000, 200),
        flood(2_000, 10, 502),
        // More than twice the limit of 2 MiB: what one read brings above it still counts.
        flood(60, 80_000, 502),
        flood(1, 5_000_000, 502),
    ]
}

const HEAD: &str = "POST /call HTTP/1.1\r\nHost: localhost\r\n";
const CHUNKED: &str =
    "POST /call HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
const PING: &str = r#"{"jsonrpc":"2.0","id":"p","method":"ping"}"#;
