//! Which instances exist, and what each is doing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What an instance is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Its socket is awaited.
    Starting,
    /// It serves a call.
    Busy,
    /// It has answered, and waits.
    Idle,
    /// It is idle and stopped.
    Frozen,
}

/// One instance of the function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InstanceInfo {
    /// Its process, which leads a process group of its own.
    pub pid: u32,
    /// What it is doing.
    pub state: State,
}

/// The list of instances.
#[derive(Clone, Debug, Default)]
pub(crate) struct Roster(Arc<Mutex<BTreeMap<u32, State>>>);

impl Roster {
    pub(crate) fn enter(&self, pid: u32) -> Entry {
        self.lock().insert(pid, State::Starting);
        Entry {
            pid,
            roster: self.clone(),
        }
    }

    pub(crate) fn list(&self) -> Vec<InstanceInfo> {
        let info = |(&pid, &state)| InstanceInfo { pid, state };
        self.lock().iter().map(info).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u32, State>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An instance's line in the list, gone when dropped.
#[derive(Debug)]
pub(crate) struct Entry {
    pid: u32,
    roster: Roster,
}

impl Entry {
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    pub(crate) fn state(&self) -> Option<State> {
        self.roster.lock().get(&self.pid).copied()
    }

    pub(crate) fn set(&self, state: State) {
        self.roster.lock().insert(self.pid, state);
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.roster.lock().remove(&self.pid);
    }
}
