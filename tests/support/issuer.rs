//! An issuer that was certified, as a process that ends with it.

use std::path::Path;
use std::process::Stdio;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Request;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::{LONG, Reply, ask, with, workspace};

/// An issuer that was certified: npm's `oidc-provider`.
#[derive(Debug)]
pub struct Issuer {
    url: String,
    lines: Lines<BufReader<ChildStdout>>,
    input: ChildStdin,
    _process: Child,
}

impl Issuer {
    /// Starts the one in `folder`. It signs the tokens for `signed`, and gives out opaque ones for `opaque`.
    pub async fn start(folder: &Path, signed: &str, opaque: &str) -> Self {
        let mut process = Command::new("node")
            .arg(workspace().join("access/tests/peers/issuer.mjs"))
            .arg(folder)
            .args([signed, opaque])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut issuer = Self {
            url: String::new(),
            lines: BufReader::new(process.stdout.take().unwrap()).lines(),
            input: process.stdin.take().unwrap(),
            _process: process,
        };
        let line = issuer.line().await;
        line["url"].as_str().unwrap().clone_into(&mut issuer.url);
        issuer
    }

    /// What it calls itself, and where it is.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Gives it other keys; those it had are gone.
    pub async fn rotate(&mut self) {
        self.input.write_all(b"rotate\n").await.unwrap();
        self.line().await;
    }

    /// A token for `resource`, which an agent gets by its own credentials.
    pub async fn token(&self, resource: &str, scope: &str) -> String {
        let form = format!("grant_type=client_credentials&resource={resource}&scope={scope}");
        let answer = self.post("/token", form).await.json();
        answer["access_token"].as_str().unwrap().to_owned()
    }

    /// Has it take back an agent's token.
    pub async fn revoke(&self, token: &str) {
        let answer = self.post("/token/revocation", format!("token={token}"));
        assert_eq!(answer.await.status, 200);
    }

    async fn post(&self, path: &str, form: String) -> Reply {
        let request = Request::post("/").body(Bytes::from(form)).unwrap();
        let request = with(request, "content-type", "application/x-www-form-urlencoded");
        let credentials = format!("Basic {}", STANDARD.encode("agent:agent-secret"));
        let request = with(request, "authorization", &credentials);
        ask(&format!("{}{path}", self.url), request).await
    }

    async fn line(&mut self) -> Value {
        let line = timeout(LONG, self.lines.next_line()).await.unwrap();
        serde_json::from_str(&line.unwrap().unwrap()).unwrap()
    }
}
