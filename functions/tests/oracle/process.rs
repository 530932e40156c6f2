//! The two functions as processes, and what they print.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Once;
use std::time::Duration;
use std::{env, fs};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::time::timeout;

pub(crate) struct Process {
    pub(crate) listener: PathBuf,
    pub(crate) stdout: mpsc::UnboundedReceiver<String>,
    pub(crate) stderr: mpsc::UnboundedReceiver<String>,
    // Kills it when dropped, also by a test that fails.
    _child: Child,
}

impl Process {
    pub(crate) async fn python(python: &Path, listener: &Path) -> Self {
        let mut command = Command::new(python);
        command
            .args(["-c", "from fdk.scripts.fdk import main; main()"])
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/func.py"))
            .arg("handler")
            .env("FN_FORMAT", "http-stream")
            .env("FN_LISTENER", format!("unix:{}", listener.display()))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            // It then says on stderr when it serves.
            .env("FDK_DEBUG", "true");
        let mut process = Self::spawn(command, listener);
        until(&mut process.stderr, "starting infinite loop").await;
        process
    }

    pub(crate) async fn ours(listener: &Path) -> Self {
        let mut command = Command::new(env::current_exe().unwrap());
        command
            .args(["--exact", "serves_if_it_is_the_child_process"])
            .env("ORACLE_LISTENER", listener);
        let mut process = Self::spawn(command, listener);
        until(&mut process.stdout, SERVING).await;
        process
    }

    fn spawn(mut command: Command, listener: &Path) -> Self {
        let mut child = command
            .envs(LOG_FRAME)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self {
            listener: listener.to_owned(),
            stdout: lines(child.stdout.take().unwrap()),
            stderr: lines(child.stderr.take().unwrap()),
            _child: child,
        }
    }
}

/// The lines of a stream, which is read all the time so that its writer never waits.
fn lines(stream: impl AsyncRead + Unpin + Send + 'static) -> mpsc::UnboundedReceiver<String> {
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut lines = BufReader::new(stream).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

pub(crate) async fn until(lines: &mut mpsc::UnboundedReceiver<String>, part: &str) -> String {
    let mut seen = Vec::new();
    loop {
        let next = timeout(PATIENCE, lines.recv()).await;
        let Ok(Some(line)) = next else {
            panic!("no line with {part:?}, but: {seen:#?}");
        };
        if line.contains(part) {
            return line;
        }
        seen.push(line);
    }
}

/// The peer's Python, or a note that the tests were skipped.
pub(crate) fn peer() -> Option<PathBuf> {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    let peers = var("OCI_MCP_PEERS").map_or_else(|| target.join("peers"), PathBuf::from);
    let python = peers.join("fdk/bin/python");
    if python.exists() {
        return Some(python);
    }
    NOTED.call_once(|| {
        let note = format!("fdk_oracle: skipped: there is no {}", python.display());
        // Not `eprintln!`, which the test harness would keep to itself.
        writeln!(std::io::stderr(), "{note}").unwrap();
        fs::create_dir_all(&target).unwrap();
        let skipped = target.join("skipped.txt");
        let mut file = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(skipped)
            .unwrap();
        writeln!(file, "{note}").unwrap();
    });
    None
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test cannot be given its environment otherwise"
)]
pub(crate) fn var(name: &str) -> Option<String> {
    env::var(name).ok()
}

// Two tests are skipped for the one reason.
static NOTED: Once = Once::new();

pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
pub(crate) const SERVING: &str = "the child process serves";
pub(crate) const LOG_FRAME: [(&str, &str); 2] = [
    ("FN_LOGFRAME_NAME", "FRAME"),
    ("FN_LOGFRAME_HDR", "Fn-Call-Id"),
];
