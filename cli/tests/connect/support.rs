//! A function behind an invoke endpoint that verifies signatures, and `oci-mcp connect` before it.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use oci_emulator::{Agent, Function, Gateway, Limits, SimulatedOci, Tenancy};
use serde_json::Value;
use tokio::runtime::Runtime;

/// A function behind a gateway, on a port that takes only what is signed at the invoke endpoint.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    program: PathBuf,
    pub(crate) oci: SimulatedOci,
    gateway: Gateway,
    refused: Arc<Mutex<usize>>,
    runtime: Option<Runtime>,
}

impl Server {
    /// With this program as the function.
    pub(crate) fn start() -> Self {
        Self::of(Path::new(env!("CARGO_BIN_EXE_oci-mcp")))
    }

    pub(crate) fn of(program: &Path) -> Self {
        let runtime = runtime();
        let oci = SimulatedOci::new(Tenancy::built_in().unwrap(), Timestamp::now).unwrap();
        let agent = agent(&runtime, program);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let mut server = Self {
            address: listener.local_addr().unwrap(),
            program: program.to_owned(),
            oci,
            gateway: Gateway::new(agent),
            refused: Arc::default(),
            runtime: Some(runtime),
        };
        server.serve(listener);
        server
    }

    /// Ends all connections, and answers no more.
    pub(crate) fn stop(&mut self) {
        self.runtime.take().unwrap().shutdown_timeout(PATIENCE);
    }

    /// Answers again, as a new process would.
    pub(crate) fn come_back(&mut self) {
        let runtime = runtime();
        self.gateway = Gateway::new(agent(&runtime, &self.program));
        self.runtime = Some(runtime);
        self.serve(TcpListener::bind(self.address).unwrap());
    }

    fn serve(&mut self, listener: TcpListener) {
        listener.set_nonblocking(true).unwrap();
        let (oci, gateway) = (self.oci.clone(), self.gateway.clone());
        let refused = Arc::clone(&self.refused);
        self.runtime.as_ref().unwrap().spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            while let Ok((stream, peer)) = listener.accept().await {
                let (oci, gateway, refused) = (oci.clone(), gateway.clone(), Arc::clone(&refused));
                let service = hyper::service::service_fn(move |request| {
                    let (oci, gateway, refused) =
                        (oci.clone(), gateway.clone(), Arc::clone(&refused));
                    async move {
                        Ok::<_, http::Error>(
                            answer(request, peer.ip(), &oci, &gateway, &refused).await,
                        )
                    }
                });
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service),
                );
            }
        });
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn refused(&self) -> usize {
        *self.refused.lock().unwrap()
    }
}

/// What the invoke endpoint does: it verifies the signature, and only then invokes the function.
async fn answer(
    request: Request<Incoming>,
    peer: IpAddr,
    oci: &SimulatedOci,
    gateway: &Gateway,
    refused: &Mutex<usize>,
) -> http::Response<Full<bytes::Bytes>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let judged = oci.answer(Request::from_parts(parts.clone(), body.clone()));
    let is_invoke = parts.uri.path().ends_with("/actions/invoke");
    if is_invoke && judged.status() == StatusCode::UNAUTHORIZED {
        *refused.lock().unwrap() += 1;
        return judged.map(Full::new);
    }
    gateway
        .answer(Request::from_parts(parts, Full::new(body)), peer)
        .await
}

/// `oci-mcp connect`, as a client has it that starts a command.
pub(crate) struct Connect {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Connect {
    /// To the invoke endpoint of `server`, which stands for OCI's.
    pub(crate) fn start(
        server: &Server,
        home: &Path,
        variables: &[(&'static str, String)],
    ) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_oci-mcp"));
        command
            .args(["connect", INVOKE])
            .env_clear()
            .env("OCI_ENDPOINT_OVERRIDE", server.url())
            .env("HOME", home)
            .envs(variables.iter().map(|(name, value)| (name, value)));
        Self::spawn(command)
    }

    pub(crate) fn to(url: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_oci-mcp"));
        command.args(["connect", url]).env_clear();
        Self::spawn(command)
    }

    fn spawn(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            input: child.stdin.take(),
            output: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    pub(crate) fn send(&mut self, line: &str) {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
    }

    pub(crate) fn next(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: `{line}`"))
    }

    pub(crate) fn ask(&mut self, line: &str) -> Value {
        self.send(line);
        self.next()
    }

    /// Ends the input, and returns the log.
    pub(crate) fn end(mut self) -> String {
        drop(self.input.take());
        let mut log = String::new();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut log)
            .unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0), "{log}");
        log
    }
}

impl Drop for Connect {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _status = self.child.wait();
    }
}

/// A configuration file with the profiles KEY, which is also the default, and SESSION.
pub(crate) fn write_profiles(oci: &SimulatedOci, home: &Path) {
    let key = oci.api_key("ada@example.com").unwrap();
    let session = oci.user_session("ada@example.com", LIFETIME).unwrap();
    let file = |name: &str, content: &str| {
        fs::write(home.join(name), content).unwrap();
        home.join(name).display().to_string()
    };
    let key_file = file("key.pem", &key.private_key);
    let session_key = file("session.pem", &session.private_key);
    let token = file("token", &session.token);
    let (user, tenancy, fingerprint) = (&key.user, &key.tenancy, &key.fingerprint);
    let api_key = format!(
        "user={user}\ntenancy={tenancy}\nfingerprint={fingerprint}\nkey_file={key_file}\nregion=us-phoenix-1\n"
    );
    fs::create_dir(home.join(".oci")).unwrap();
    file(
        ".oci/config",
        &format!(
            "[DEFAULT]\n{api_key}[KEY]\n{api_key}[SESSION]\ntenancy={tenancy}\nkey_file={session_key}\n\
             security_token_file={token}\nregion=us-phoenix-1\n"
        ),
    );
}

/// What runs a program as a function that logs nothing.
fn agent(runtime: &Runtime, program: &Path) -> Agent {
    let _inside = runtime.enter();
    let mut function = Function::new(program);
    function.env = vec![("OCI_MCP_LOG".into(), "off".into())];
    Agent::new(function, Limits::default()).unwrap()
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
}

/// A port that was free a moment ago, for a server whose URL must stay the same.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

pub(crate) const INVOKE: &str = "https://example.us-phoenix-1.functions.oci.oraclecloud.com/20181201/functions/ocid1.fnfunc.oc1..a/actions/invoke";
pub(crate) const LIFETIME: Duration = Duration::from_secs(3600);

/// Far more than anything here needs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
