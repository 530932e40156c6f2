//! A server that says what it is told to.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

/// What the server does with one request.
#[derive(Clone, Copy)]
pub(super) enum Reply {
    /// Sends this.
    Text(&'static str),
    /// Closes the connection.
    HangUp,
    /// Nothing, for ever.
    Silence,
}

/// An authority, and what the certificates that it gives out are like.
pub(super) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    name: &'static str,
    last_year: i32,
}

impl Authority {
    pub(super) fn new() -> Self {
        Self::named("kubernetes")
    }

    pub(super) fn named(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self {
            issuer: CertifiedIssuer::self_signed(params, key).unwrap(),
            name: "127.0.0.1",
            last_year: 2999,
        }
    }

    pub(super) fn expired(self) -> Self {
        Self {
            last_year: 2001,
            ..self
        }
    }

    pub(super) fn for_name(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    pub(super) fn pem(&self) -> String {
        self.issuer.pem()
    }

    fn acceptor(&self) -> TlsAcceptor {
        let mut params = CertificateParams::new([self.name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(self.last_year, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key.into())
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

/// A server whose connections have a list of replies each, and end after them.
pub(super) struct Server {
    address: SocketAddr,
    scheme: &'static str,
    seen: Arc<Mutex<Seen>>,
    closed: mpsc::UnboundedReceiver<()>,
}

#[derive(Default)]
struct Seen {
    connections: usize,
    heads: Vec<String>,
}

impl Server {
    pub(super) async fn start(authority: &Authority, replies: Vec<Vec<Reply>>) -> Self {
        Self::serve(Some(authority.acceptor()), replies).await
    }

    pub(super) async fn start_plain(replies: Vec<Vec<Reply>>) -> Self {
        Self::serve(None, replies).await
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    /// How many connections there were, without those whose handshake failed.
    pub(super) fn connections(&self) -> usize {
        self.seen.lock().unwrap().connections
    }

    /// The heads of the requests, in order.
    pub(super) fn heads(&self) -> Vec<String> {
        self.seen.lock().unwrap().heads.clone()
    }

    pub(super) async fn first_connection_closed(&mut self) {
        self.closed.recv().await.unwrap();
    }

    async fn serve(acceptor: Option<TlsAcceptor>, replies: Vec<Vec<Reply>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let scheme = if acceptor.is_some() { "https" } else { "http" };
        let seen = Arc::new(Mutex::new(Seen::default()));
        let (tell, closed) = mpsc::unbounded_channel();
        let shared = Arc::clone(&seen);
        tokio::spawn(async move {
            let mut replies = VecDeque::from(replies);
            while let Ok((tcp, _)) = listener.accept().await {
                match &acceptor {
                    None => {
                        let replies = replies.pop_front().unwrap_or_default();
                        converse(tcp, replies, &shared).await;
                    }
                    Some(acceptor) => {
                        let Ok(tls) = acceptor.accept(tcp).await else {
                            continue;
                        };
                        let replies = replies.pop_front().unwrap_or_default();
                        converse(tls, replies, &shared).await;
                    }
                }
                let _told = tell.send(());
            }
        });
        Self {
            address,
            scheme,
            seen,
            closed,
        }
    }
}

async fn converse(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    replies: Vec<Reply>,
    seen: &Mutex<Seen>,
) {
    seen.lock().unwrap().connections += 1;
    for reply in replies {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => return,
            }
        }
        let head = String::from_utf8(head).unwrap();
        seen.lock().unwrap().heads.push(head);
        match reply {
            Reply::Text(text) => {
                stream.write_all(text.as_bytes()).await.unwrap();
                stream.flush().await.unwrap();
            }
            Reply::HangUp => return,
            Reply::Silence => std::future::pending().await,
        }
    }
    // The client may have closed it first.
    stream.shutdown().await.unwrap_or_default();
}
