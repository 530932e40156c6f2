//! What the kernel says of a process.

use std::path::{Path, PathBuf};
use std::{fs, io};

use rustix::process::{Pid, Signal, kill_process};

use crate::until;

/// A process, there or gone.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Process {
    pid: u32,
}

impl Process {
    /// The process with the number `pid`.
    #[must_use]
    pub fn new(pid: u32) -> Self {
        Self { pid }
    }

    /// Every process there is.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let entries = fs::read_dir("/proc").unwrap();
        let names = entries.filter_map(|entry| entry.unwrap().file_name().into_string().ok());
        names
            .filter_map(|name| name.parse().ok())
            .map(Self::new)
            .collect()
    }

    /// Its number.
    #[must_use]
    pub fn pid(self) -> u32 {
        self.pid
    }

    /// A file of its folder in `/proc`, as far as it is text.
    ///
    /// # Errors
    ///
    /// If there is no such process, or it may not be asked.
    pub fn read(self, file: &str) -> io::Result<String> {
        let bytes = fs::read(format!("/proc/{}/{file}", self.pid))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// What follows `name:` in one of its files.
    #[must_use]
    pub fn field(self, file: &str, name: &str) -> String {
        let text = self.read(file).unwrap();
        let mut fields = text.lines().filter_map(|line| line.split_once(':'));
        let found = fields.find(|(field, _)| *field == name);
        found.unwrap().1.trim().to_owned()
    }

    /// Its state, such as `S` for asleep and `T` for stopped; `None` if it is gone.
    #[must_use]
    pub fn state(self) -> Option<char> {
        let stat = self.read("stat").ok()?;
        stat.rsplit_once(") ")?.1.chars().next()
    }

    /// Waits until it is stopped.
    pub async fn stopped(self) {
        until(|| self.state() == Some('T')).await;
    }

    /// Kills it, and tells whether it was there.
    #[must_use]
    pub fn kill(self) -> bool {
        self.signal(Signal::KILL)
    }

    /// Signals it, and tells whether it was there.
    #[must_use]
    pub fn signal(self, signal: Signal) -> bool {
        kill_process(self.id(), signal).is_ok()
    }

    /// The only process it has started.
    #[must_use]
    pub fn child(self) -> Self {
        let children = self.read(&format!("task/{}/children", self.pid)).unwrap();
        Self::new(children.trim().parse().unwrap())
    }

    /// Where it listens, if it is a function.
    #[must_use]
    pub fn socket(self) -> Option<PathBuf> {
        let environ = self.read("environ").ok()?;
        let mut variables = environ.split('\0');
        let listener = variables.find_map(|variable| variable.strip_prefix("FN_LISTENER=unix:"));
        listener.map(PathBuf::from)
    }

    /// The memory it has, in KiB.
    #[must_use]
    pub fn resident(self) -> u64 {
        let rss = self.field("smaps_rollup", "Rss");
        rss.strip_suffix(" kB").unwrap().trim().parse().unwrap()
    }

    /// How many sockets it has open.
    #[must_use]
    pub fn sockets(self) -> usize {
        self.open_files("socket:")
    }

    /// How many open files it has whose name begins with `name`.
    #[must_use]
    pub fn open_files(self, name: &str) -> usize {
        let files = fs::read_dir(format!("/proc/{}/fd", self.pid)).unwrap();
        // One may be closed while they are listed.
        let targets = files.filter_map(|file| fs::read_link(file.unwrap().path()).ok());
        let named = targets.filter(|target| target.to_string_lossy().starts_with(name));
        named.count()
    }

    /// How often its threads were given a core, or took one back from it.
    #[must_use]
    pub fn switches(self) -> Vec<u64> {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.pid)).unwrap();
        let mut threads: Vec<_> = tasks.map(|task| task.unwrap().file_name()).collect();
        threads.sort();
        let count = |thread: &str, kind: &str| {
            let file = format!("task/{thread}/status");
            self.field(&file, kind).parse().unwrap()
        };
        let counts = threads.iter().flat_map(|thread| {
            let kinds = ["voluntary_ctxt_switches", "nonvoluntary_ctxt_switches"];
            kinds.map(|kind| count(thread.to_str().unwrap(), kind))
        });
        counts.collect()
    }

    /// Whether its command or its environment names `what`.
    #[must_use]
    pub fn mentions(self, what: &Path) -> bool {
        let what = what.to_str().unwrap();
        let mentions = |file| self.read(file).is_ok_and(|text| text.contains(what));
        mentions("cmdline") || mentions("environ")
    }

    /// Its number as system calls take it.
    fn id(self) -> Pid {
        Pid::from_raw(self.pid.try_into().unwrap()).unwrap()
    }
}
