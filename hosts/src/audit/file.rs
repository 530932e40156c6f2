//! A file that only grows.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt, PermissionsExt};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use oci_mcp::{AuditSink, Flush};
use tokio::task::spawn_blocking;

/// A file to which whole lines are appended, so that several processes may share one.
pub(crate) struct File {
    file: Arc<fs::File>,
    /// Whether it ends within a line, because a disk was full or a process was killed.
    is_torn: AtomicBool,
}

/// Of who else is on the machine: nothing.
const OTHERS: u32 = 0o007;

impl File {
    /// Opens the file at `path`, which is made if there is none.
    ///
    /// # Errors
    ///
    /// Why it cannot be used, as the end of a sentence.
    pub(super) fn open(path: &str) -> Result<Self, String> {
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)
            .map_err(|error| format!("it cannot be opened: {error}"))?;
        let metadata = file.metadata().map_err(|error| error.to_string())?;
        if !metadata.is_file() {
            return Err("it is no regular file".to_owned());
        }
        if metadata.permissions().mode() & OTHERS != 0 {
            return Err("others may use it; `chmod o=` it first".to_owned());
        }
        let mut last = [b'\n'];
        if let Some(end) = metadata.len().checked_sub(1) {
            file.read_exact_at(&mut last, end)
                .map_err(|error| format!("it cannot be read: {error}"))?;
        }
        let file = Self::of(file);
        file.is_torn.store(last != *b"\n", Ordering::Relaxed);
        Ok(file)
    }

    pub(super) fn of(file: fs::File) -> Self {
        Self {
            file: Arc::new(file),
            is_torn: AtomicBool::new(false),
        }
    }
}

impl AuditSink for File {
    fn write(&self, line: &str) -> io::Result<()> {
        let mut file = &*self.file;
        if self.is_torn.load(Ordering::Relaxed) {
            file.write_all(b"\n")?;
            self.is_torn.store(false, Ordering::Relaxed);
        }
        let written = file.write_all(line.as_bytes());
        self.is_torn.store(written.is_err(), Ordering::Relaxed);
        written
    }

    fn flush(&self) -> Flush<'_> {
        let file = Arc::clone(&self.file);
        Box::pin(async move {
            // A disk may take its time.
            let synced = spawn_blocking(move || file.sync_data()).await;
            synced.map_err(io::Error::other)?
        })
    }
}
