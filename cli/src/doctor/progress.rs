//! What is being looked at, for a person who waits.

use std::cell::RefCell;
use std::io::{self, IsTerminal, Write};

/// A line on stderr, if that is a terminal, which is gone at the end.
pub(super) struct Progress {
    is_shown: bool,
    steps: RefCell<Vec<&'static str>>,
}

/// Something that is being looked at until this is dropped.
pub(super) struct Step<'a> {
    progress: &'a Progress,
    name: &'static str,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self {
            is_shown: io::stderr().is_terminal(),
            steps: RefCell::default(),
        }
    }

    pub(super) fn begin(&self, name: &'static str) -> Step<'_> {
        self.steps.borrow_mut().push(name);
        self.show();
        Step {
            progress: self,
            name,
        }
    }

    fn show(&self) {
        if !self.is_shown {
            return;
        }
        let steps = self.steps.borrow().join(", ");
        let line = if steps.is_empty() {
            String::new()
        } else {
            format!("looking at {steps} ...")
        };
        // There is nobody left to tell if stderr is closed.
        let _written = write!(io::stderr(), "\r\u{1b}[K{line}");
    }
}

impl Drop for Step<'_> {
    fn drop(&mut self) {
        self.progress
            .steps
            .borrow_mut()
            .retain(|name| *name != self.name);
        self.progress.show();
    }
}
