//! A server under test: how to start it, and what the kernel says of it while it runs.

use std::error::Error;
use std::ffi::OsString;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use rustix::fs::{Advice, fadvise};
use rustix::thread::Pid;
use tempfile::TempDir;

use crate::client::{Address, Client};
use crate::message::{Framing, Operation, Revision, request};

/// How to start a server.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) name: &'static str,
    pub(crate) framing: Framing,
    program: PathBuf,
    artefact: PathBuf,
    args: Vec<OsString>,
    variables: Vec<(&'static str, OsString)>,
    token: Option<&'static str>,
}

impl Server {
    pub(crate) fn new(name: &'static str, framing: Framing, program: &Path) -> Self {
        Self {
            name,
            framing,
            program: program.to_owned(),
            artefact: program.to_owned(),
            args: Vec::new(),
            variables: Vec::new(),
            token: None,
        }
    }

    /// Has every request bring `token`.
    pub(crate) fn token(mut self, token: &'static str) -> Self {
        self.token = Some(token);
        self
    }

    pub(crate) fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    pub(crate) fn variable(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    /// Has requests bring what those to `other` bring.
    pub(crate) fn asked_as(mut self, other: &Self) -> Self {
        self.token = other.token;
        self
    }

    /// What has to be deployed, if it is not the program.
    pub(crate) fn artefact(mut self, path: PathBuf) -> Self {
        self.artefact = path;
        self
    }

    /// The size of what has to be deployed, in bytes.
    ///
    /// # Errors
    ///
    /// What looking it up returns.
    pub(crate) fn size(&self) -> io::Result<u64> {
        size(&self.artefact)
    }

    /// Drops the program from the page cache.
    ///
    /// Of a program that was just built the kernel maps more around each page that is touched than
    /// of one that was read from a disk, as it is on a host that has the image already.
    ///
    /// # Errors
    ///
    /// What opening the program returns.
    pub(crate) fn evict(&self) -> io::Result<()> {
        let program = fs::File::open(&self.program)?;
        // What is not yet written cannot be dropped.
        program.sync_all()?;
        Ok(fadvise(&program, 0, None, Advice::DontNeed)?)
    }

    /// A request to this server as a client of the latest revision makes it.
    pub(crate) fn request(&self, operation: Operation) -> Vec<u8> {
        self.request_of(Revision::Newest, operation)
    }

    /// The same as a client of `revision` makes it.
    pub(crate) fn request_of(&self, revision: Revision, operation: Operation) -> Vec<u8> {
        request(self.framing, revision, operation, self.token)
    }

    /// Starts the server and connects as soon as it listens.
    ///
    /// # Errors
    ///
    /// If it cannot be started, ends, or does not listen within half a minute.
    pub(crate) fn start(&self) -> Result<(Running, Client), Box<dyn Error>> {
        // Not `TMPDIR`, which may be too long for a socket's address.
        let folder = tempfile::Builder::new()
            .prefix("bench-")
            .tempdir_in("/tmp")?;
        let log = folder.path().join("log");
        let mut command = Command::new(&self.program);
        command
            .args(&self.args)
            .env_clear()
            .envs(self.variables.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(&log)?);
        let address = match self.framing {
            Framing::Function => {
                let socket = folder.path().join("lsnr.sock");
                command.env("FN_FORMAT", "http-stream");
                command.env("FN_LISTENER", format!("unix:{}", socket.display()));
                Address::Socket(socket)
            }
            Framing::Http => {
                let port = free_port()?;
                command.env("PORT", port.to_string());
                command.env("OCI_MCP_PORT", port.to_string());
                Address::Port(port)
            }
        };
        let mut running = Running {
            started: Instant::now(),
            child: command.spawn()?,
            address,
            _folder: folder,
        };
        let client = running.await_connection().map_err(|error| {
            let log = fs::read_to_string(log).unwrap_or_default();
            format!("{} does not start: {error}\n{log}", self.name)
        })?;
        Ok((running, client))
    }
}

/// A server that runs; killed when dropped.
pub(crate) struct Running {
    /// The moment before it was started.
    pub(crate) started: Instant,
    child: Child,
    address: Address,
    _folder: TempDir,
}

impl Running {
    pub(crate) fn connect(&self) -> Result<Client, Box<dyn Error>> {
        Ok(Client::connect(&self.address)?)
    }

    /// The CPU time of all its threads: exact while it waits for a request.
    ///
    /// # Errors
    ///
    /// If `/proc` cannot be read, as when the server has ended.
    pub(crate) fn cpu(&self) -> Result<Duration, Box<dyn Error>> {
        let mut nanoseconds = 0;
        for thread in self.threads()? {
            let schedstat = self.proc(&format!("task/{thread}/schedstat"));
            let schedstat = fs::read_to_string(schedstat)?;
            let on_cpu = schedstat.split(' ').next().unwrap_or_default();
            nanoseconds += on_cpu.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanoseconds))
    }

    /// The memory that is this process's own share, in bytes.
    ///
    /// # Errors
    ///
    /// If `/proc` cannot be read, as when the server has ended.
    pub(crate) fn pss(&self) -> Result<u32, Box<dyn Error>> {
        let rollup = fs::read_to_string(self.proc("smaps_rollup"))?;
        let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
        let kibibytes = line.and_then(|line| line.split_whitespace().next());
        Ok(kibibytes.ok_or("smaps_rollup has no Pss")?.parse::<u32>()? * 1024)
    }

    /// The threads it has now.
    ///
    /// # Errors
    ///
    /// If `/proc` cannot be read, as when the server has ended.
    pub(crate) fn threads(&self) -> Result<Vec<Pid>, Box<dyn Error>> {
        let mut threads = Vec::new();
        for task in fs::read_dir(self.proc("task"))? {
            let id = task?.file_name().to_string_lossy().parse()?;
            threads.extend(Pid::from_raw(id));
        }
        Ok(threads)
    }

    fn proc(&self, file: &str) -> PathBuf {
        Path::new("/proc")
            .join(self.child.id().to_string())
            .join(file)
    }

    fn await_connection(&mut self) -> Result<Client, Box<dyn Error>> {
        loop {
            if let Ok(client) = Client::connect(&self.address) {
                return Ok(client);
            }
            if let Some(status) = self.child.try_wait()? {
                return Err(format!("it ended: {status}").into());
            }
            match self.started.elapsed() {
                // Whoever starts so fast is measured in hundredths of a millisecond.
                waited if waited < Duration::from_millis(20) => thread::yield_now(),
                waited if waited < Duration::from_secs(30) => {
                    thread::sleep(Duration::from_micros(200));
                }
                _ => return Err("it does not listen".into()),
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Neither fails for a child that is ours and not yet reaped.
        let _killed = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// The size of a file, or of all files below a folder.
fn size(path: &Path) -> io::Result<u64> {
    let metadata = fs::symlink_metadata(path)?;
    if !metadata.is_dir() {
        return Ok(metadata.len());
    }
    let mut sum = 0;
    for entry in fs::read_dir(path)? {
        sum += size(&entry?.path())?;
    }
    Ok(sum)
}

/// A port that was free a moment ago.
fn free_port() -> Result<u16, Box<dyn Error>> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}
