//! The fake programs of `functions/fake.py` and `containers/fake.py`, and what the tests do with
//! them.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use oci_emulator::{Agent, Call, Container, Function, Limits, Reply};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, WaitId, WaitIdOptions, pidfd_open, waitid};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_blocking;

/// Limits under which nothing happens by the clock unless a test wants it to.
pub(crate) fn patient() -> Limits {
    Limits {
        timeout: LONG,
        start_timeout: LONG,
        freeze_after: LONG,
        connection_idle: LONG,
        ..Limits::default()
    }
}

/// An agent whose function starts in the way `start` names; `None` if there is no Python.
pub(crate) fn agent(start: &str, limits: Limits) -> Option<Agent> {
    let mut function = Function::new(PYTHON.as_ref()?);
    function.args = arguments("functions", start);
    function.env = vec![("COLOUR".into(), "blue".into())];
    Some(Agent::new(function, limits).unwrap())
}

/// A container that starts in the way `start` names; `None` if there is no Python.
pub(crate) fn container(start: &str) -> Option<Container> {
    let mut container = Container::new(PYTHON.as_ref()?);
    container.args = arguments("containers", start);
    container.env = vec![("COLOUR".into(), "blue".into())];
    container.start_timeout = LONG;
    container.grace = LONG;
    Some(container)
}

fn arguments(kind: &str, start: &str) -> Vec<OsString> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let script = tests.join(kind).join("fake.py");
    // -I and -S only make it start faster.
    vec!["-IS".into(), script.into(), start.into()]
}

/// A call that has the function do what `url` says.
pub(crate) fn call(url: &str) -> Call {
    let mut headers = HeaderMap::new();
    headers.insert("fn-http-request-url", url.parse().unwrap());
    headers.insert("fn-intent", HeaderValue::from_static("httprequest"));
    Call::new(headers, Bytes::from_static(b"hello"))
}

/// What the function saw of a call.
pub(crate) fn seen(reply: &Reply) -> Value {
    assert_eq!(reply.status, 200, "{reply:?}");
    serde_json::from_slice(&reply.body).unwrap()
}

pub(crate) async fn pid(agent: &Agent) -> u32 {
    number(&seen(&agent.invoke(call("/")).await)["pid"])
}

pub(crate) fn number(value: &Value) -> u32 {
    value.as_u64().unwrap().try_into().unwrap()
}

/// The folder of the function that saw a call.
pub(crate) fn folder(seen: &Value) -> PathBuf {
    let listener = seen["env"]["FN_LISTENER"].as_str().unwrap();
    let socket = Path::new(listener.strip_prefix("unix:").unwrap());
    socket.parent().unwrap().to_owned()
}

/// A port to which a function may connect, to wait there or to tell something.
pub(crate) async fn port() -> (TcpListener, u16) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// A function that arrived at its port; if it waits there, it goes on when this is dropped.
pub(crate) async fn arrival(listener: &TcpListener) -> TcpStream {
    let arrival = tokio::time::timeout(LONG, listener.accept()).await;
    arrival.unwrap().unwrap().0
}

pub(crate) fn watch(pid: u32) -> OwnedFd {
    let pid = Pid::from_raw(pid.try_into().unwrap()).unwrap();
    pidfd_open(pid, PidfdFlags::empty()).unwrap()
}

/// Waits for the end of a process.
pub(crate) async fn ended(process: OwnedFd) {
    let waited = spawn_blocking(move || {
        let timeout = Timespec::try_from(LONG).unwrap();
        let mut fds = [PollFd::new(&process, PollFlags::IN)];
        poll(&mut fds, Some(&timeout)).unwrap()
    });
    assert_eq!(waited.await.unwrap(), 1, "the process lives on");
}

/// Waits until a child of this process is stopped.
pub(crate) async fn stopped(pid: u32) {
    let id = WaitId::Pid(Pid::from_raw(pid.try_into().unwrap()).unwrap());
    let options = WaitIdOptions::STOPPED | WaitIdOptions::NOWAIT;
    let waited = spawn_blocking(move || waitid(id, options));
    tokio::time::timeout(LONG, waited)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert_eq!(state(pid), Some('T'));
}

/// The state of a process in `/proc`, if it exists.
pub(crate) fn state(pid: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

fn python() -> Option<PathBuf> {
    let mut python = Command::new("python3");
    // The program itself: what is in `PATH` may be a slow script that looks for it each time.
    python.args(["-c", "import sys; print(sys.executable)"]);
    let output = python.output().ok()?;
    let path = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| path.trim().into())
}

/// Says once, for a person and for the list of what was not tested, why tests do nothing.
fn skip() {
    let reason = "oci-emulator: no `python3`, so the emulator is not tested with programs";
    eprintln!("skipped: {reason}");
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    fs::create_dir_all(&target).unwrap();
    let list = target.join("skipped.txt");
    let mut list = OpenOptions::new()
        .append(true)
        .create(true)
        .open(list)
        .unwrap();
    // In one write, as other tests append to it, too.
    list.write_all(format!("{reason}\n").as_bytes()).unwrap();
}

pub(crate) const LONG: Duration = Duration::from_secs(60);

static PYTHON: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
    let python = python();
    if python.is_none() {
        skip();
    }
    python
});
