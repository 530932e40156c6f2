//! `oci-mcp connect`, before a function behind an invoke endpoint that verifies signatures.

#![cfg(test)]
#![cfg(feature = "client")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use oci_emulator::{Agent, Function, Gateway, Limits, ResourcePrincipal, SimulatedOci, Tenancy};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

#[test]
fn each_identity_signs_what_oci_takes() {
    let server = Server::start();
    let home = TempDir::new().unwrap();
    let function = server.oci.find("functions", "mcp").unwrap();
    let principal =
        ResourcePrincipal::new(server.oci.clone(), home.path(), &function, LIFETIME).unwrap();
    write_profiles(&server.oci, home.path());
    let profile = |name: &str| vec![("OCI_CONFIG_PROFILE", name.to_owned())];

    for (identity, variables) in [
        ("API key", profile("KEY")),
        ("session", profile("SESSION")),
        ("resource principal", principal.environment()),
    ] {
        let mut connect = Connect::start(&server, home.path(), &variables);

        let hello = connect.ask(INITIALIZE);
        let call = connect.ask(PING);
        let log = connect.end();

        assert_eq!(
            hello["result"]["protocolVersion"], "2025-11-25",
            "{identity}: {hello}"
        );
        let report = &call["result"]["structuredContent"];
        assert_eq!(report["host"], "functions", "{identity}: {call}");
        assert!(log.contains(identity), "{log}");
    }
    assert_eq!(server.refused(), 0);
}

#[test]
fn an_identity_that_was_replaced_while_it_runs_is_read_anew() {
    let server = Server::start();
    let home = TempDir::new().unwrap();
    let function = server.oci.find("functions", "mcp").unwrap();
    let principal =
        ResourcePrincipal::new(server.oci.clone(), home.path(), &function, LIFETIME).unwrap();
    let mut connect = Connect::start(&server, home.path(), &principal.environment());
    let first = fs::read_to_string(home.path().join("rpst")).unwrap();

    let before = connect.ask(LIST);
    server.oci.revoke(&first);
    principal.rotate().unwrap();
    let after = connect.ask(LIST);

    assert!(before["result"]["tools"].is_array(), "{before}");
    assert!(after["result"]["tools"].is_array(), "{after}");
}

#[test]
fn an_identity_that_oci_does_not_know_is_an_error_with_what_to_do() {
    let server = Server::start();
    let home = TempDir::new().unwrap();
    let stranger = SimulatedOci::new(Tenancy::built_in().unwrap(), Timestamp::now).unwrap();
    write_profiles(&stranger, home.path());
    let mut connect = Connect::start(&server, home.path(), &[]);

    let error = connect.ask(LIST);

    assert_eq!(error["id"], 7);
    assert_eq!(error["error"]["data"]["status"], 401);
    let message = error["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("OCI does not accept the signature"),
        "{message}"
    );
}

#[test]
fn a_server_that_is_killed_and_comes_back_costs_errors_and_nothing_else() {
    let mut server = Server::start();
    let mut connect = Connect::to(&format!("http://{}/mcp", server.address));

    let before = connect.ask(LIST);
    server.stop();
    let meanwhile = connect.ask(LIST);
    server.come_back();
    let after = connect.ask(LIST);

    assert!(before["result"]["tools"].is_array(), "{before}");
    let message = meanwhile["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("nothing listens there; start the server"),
        "{message}"
    );
    assert!(after["result"]["tools"].is_array(), "{after}");
}

#[test]
fn a_server_that_dies_under_a_request_is_an_error_that_warns() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let mut connect = Connect::to(&format!("http://{}/mcp", listener.local_addr().unwrap()));

    connect.send(LIST);
    let (mut stream, _) = listener.accept().unwrap();
    let _read = stream.read(&mut [0; 1000]).unwrap();
    drop(stream);
    let error = connect.next();

    assert_eq!(error["id"], 7);
    let message = error["error"]["message"].as_str().unwrap();
    assert!(message.contains("may have been carried out"), "{message}");
}

#[test]
fn nothing_stays_behind_when_whoever_started_it_is_killed() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    let script = r#""$0" connect "$1" <&3 & echo $!; exec 3<&-; wait"#;
    let mut parent = Command::new("sh")
        .args([
            "-c",
            &format!("exec 3<&0; {script}"),
            env!("CARGO_BIN_EXE_oci-mcp"),
            &url,
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(parent.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let child = Pid::from_raw(line.trim().parse().unwrap()).unwrap();
    let mut input = parent.stdin.take().unwrap();
    writeln!(input, "{LIST}").unwrap();
    let held = listener.accept().unwrap();

    kill_process(Pid::from_child(&parent), Signal::KILL).unwrap();
    parent.wait().unwrap();
    drop(input);

    let start = Instant::now();
    while test_kill_process(child).is_ok() && !is_zombie(child) {
        assert!(start.elapsed() < PATIENCE, "it is still there");
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(held);
}

#[test]
fn a_line_that_is_too_long_is_refused_and_the_next_one_is_served() {
    let server = Server::start();
    let mut connect = Connect::to(&format!("http://{}/mcp", server.address));

    connect.send(&"x".repeat((20 << 20) + 1));
    let refused = connect.next();
    let list = connect.ask(LIST);

    assert_eq!(
        (&refused["id"], &refused["error"]["code"]),
        (&Value::Null, &json!(-32600))
    );
    assert!(list["result"]["tools"].is_array(), "{list}");
}

#[test]
fn what_cannot_be_done_is_said_before_anything_is_read() {
    for (arguments, problem) in [
        (vec!["http://mcp.example/mcp"], "it must be `https`"),
        (
            vec!["http://127.0.0.1/mcp", "--log", "loud"],
            "the log level is `loud`",
        ),
        (vec![INVOKE], "there is no identity for OCI"),
        (
            vec!["http://127.0.0.1/mcp", "--sign"],
            "there is no identity for OCI",
        ),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_oci-mcp"))
            .arg("connect")
            .args(arguments)
            .env_clear()
            .env("HOME", "/no/such/home")
            .stdin(Stdio::piped())
            .output()
            .unwrap();

        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains(problem), "{stderr}");
        assert!(output.stdout.is_empty());
        assert_eq!(output.status.code(), Some(2));
    }
}

/// A function behind a gateway, on a port that takes only what is signed at the invoke endpoint.
struct Server {
    address: SocketAddr,
    oci: SimulatedOci,
    gateway: Gateway,
    refused: Arc<Mutex<usize>>,
    runtime: Option<Runtime>,
}

impl Server {
    fn start() -> Self {
        let runtime = runtime();
        let oci = SimulatedOci::new(Tenancy::built_in().unwrap(), Timestamp::now).unwrap();
        let agent = agent(&runtime);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let mut server = Self {
            address: listener.local_addr().unwrap(),
            oci,
            gateway: Gateway::new(agent),
            refused: Arc::default(),
            runtime: Some(runtime),
        };
        server.serve(listener);
        server
    }

    /// Ends all connections, and answers no more.
    fn stop(&mut self) {
        self.runtime.take().unwrap().shutdown_timeout(PATIENCE);
    }

    /// Answers again, as a new process would.
    fn come_back(&mut self) {
        let runtime = runtime();
        self.gateway = Gateway::new(agent(&runtime));
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

    fn refused(&self) -> usize {
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
struct Connect {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Connect {
    /// To the invoke endpoint of `server`, which stands for OCI's.
    fn start(server: &Server, home: &Path, variables: &[(&'static str, String)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_oci-mcp"));
        command
            .args(["connect", INVOKE])
            .env_clear()
            .env(
                "OCI_ENDPOINT_OVERRIDE",
                format!("http://{}", server.address),
            )
            .env("HOME", home)
            .envs(variables.iter().map(|(name, value)| (name, value)));
        Self::spawn(command)
    }

    fn to(url: &str) -> Self {
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

    fn send(&mut self, line: &str) {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
    }

    fn next(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: `{line}`"))
    }

    fn ask(&mut self, line: &str) -> Value {
        self.send(line);
        self.next()
    }

    /// Ends the input, and returns the log.
    fn end(mut self) -> String {
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
fn write_profiles(oci: &SimulatedOci, home: &Path) {
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

/// What runs this program as a function that logs nothing.
fn agent(runtime: &Runtime) -> Agent {
    let _inside = runtime.enter();
    let mut function = Function::new(env!("CARGO_BIN_EXE_oci-mcp"));
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

fn is_zombie(process: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero()));
    stat.is_ok_and(|stat| stat.contains(") Z "))
}

const INVOKE: &str = "https://example.us-phoenix-1.functions.oci.oraclecloud.com/20181201/functions/ocid1.fnfunc.oc1..a/actions/invoke";
const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}"#;
const LIST: &str = r#"{"jsonrpc":"2.0","id":7,"method":"tools/list"}"#;
const PING: &str = r#"{"jsonrpc":"2.0","id":8,"method":"tools/call","params":{"name":"oci_ping"}}"#;
const LIFETIME: Duration = Duration::from_secs(3600);

/// Far more than anything here needs.
const PATIENCE: Duration = Duration::from_secs(20);
