//! A record of requests, and a judge who knows none of its code.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;

use crate::{runs, skip, workspace};

/// A file for a record of requests.
#[derive(Debug)]
pub struct Record {
    /// Where it is.
    pub path: PathBuf,
    _folder: TempDir,
}

impl Record {
    /// One that has no lines yet.
    #[must_use]
    #[expect(
        clippy::new_without_default,
        reason = "a default is no file of its own"
    )]
    pub fn new() -> Self {
        let folder = TempDir::new().unwrap();
        Self {
            path: folder.path().join("audit.jsonl"),
            _folder: folder,
        }
    }

    /// The setting by which a server writes to it.
    #[must_use]
    pub fn setting(&self) -> (&str, &str) {
        ("OCI_MCP_AUDIT", self.path.to_str().unwrap())
    }

    /// Its lines.
    #[must_use]
    pub fn lines(&self) -> Vec<Value> {
        let text = fs::read_to_string(&self.path).unwrap_or_default();
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        lines.collect()
    }

    /// Its last line.
    #[must_use]
    pub fn last(&self) -> Value {
        self.lines().pop().unwrap()
    }

    /// Has Python's own libraries verify the chains, of which there are so many, and tell the digest of `arguments`.
    #[must_use]
    pub fn judge(&self, test: &str, instances: usize, arguments: &Value) -> Option<String> {
        if !runs("python3") {
            skip(test, "python3 is not installed");
            return None;
        }
        let output = std::process::Command::new("python3")
            .arg(workspace().join("tests/judge/audit.py"))
            .arg(&self.path)
            .arg(arguments.to_string())
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{error}");
        let told = String::from_utf8(output.stdout).unwrap();
        let (found, digest) = told.split_once('\n').unwrap();
        assert_eq!(found, instances.to_string());
        Some(digest.trim().to_owned())
    }
}
