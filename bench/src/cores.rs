//! Which core runs what. A thread that wanders between cores costs up to twice as much CPU, so
//! while CPU is measured the servers get one core and the driver another.

use std::io;

use rustix::thread::{CpuSet, Pid, sched_getaffinity, sched_setaffinity};

/// The driver on one core and its servers on another, until dropped. On a machine with one core
/// they share it.
pub(crate) struct Pinned {
    before: CpuSet,
}

impl Pinned {
    /// Pins this thread, and apart from it `threads`.
    ///
    /// # Errors
    ///
    /// What the kernel returns.
    pub(crate) fn apart(threads: impl IntoIterator<Item = Pid>) -> io::Result<Self> {
        let before = sched_getaffinity(None)?;
        let mut cores = (0..CpuSet::MAX_CPU).filter(|&core| before.is_set(core));
        let first = cores.next().unwrap_or_default();
        let second = cores.next().unwrap_or(first);
        for thread in threads {
            sched_setaffinity(Some(thread), &only(second))?;
        }
        sched_setaffinity(None, &only(first))?;
        Ok(Self { before })
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        // What it could be before, it can be again.
        let _restored = sched_setaffinity(None, &self.before);
    }
}

fn only(core: usize) -> CpuSet {
    let mut cores = CpuSet::new();
    cores.set(core);
    cores
}
