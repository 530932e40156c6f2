//! The chains of a record, of which this keeps no more than their ends.

use std::collections::HashMap;

use data_encoding::HEXLOWER;
use ring::digest::{SHA256, digest};
use serde::Deserialize;

/// Looks at one line after the other.
#[derive(Debug, Default)]
pub(super) struct Verifier {
    /// In the order in which they appear.
    instances: Vec<(String, Instance)>,
    by_name: HashMap<String, usize>,
    findings: Vec<Finding>,
    more: u64,
    lines: u64,
    is_broken: bool,
}

/// The lines of one instance.
#[derive(Debug)]
pub(super) struct Instance {
    pub(super) lines: u64,
    /// How many lines it says that it could not write.
    pub(super) lost: u64,
    pub(super) first: String,
    pub(super) last: String,
    pub(super) is_closed: bool,
    seq: u64,
    hash: String,
}

/// What is wrong, and where.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) file: String,
    pub(super) line: u64,
    pub(super) instance: Option<String>,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    /// It is no line of a record.
    Foreign,
    Changed,
    /// So many lines are missing before it.
    Missing(u64),
    /// Its instance begins with it, though it is not the first.
    Headless(u64),
    Repeated,
    Unchained,
    AfterClose,
    /// It is the last, and has no line feed.
    Unfinished,
}

/// What the chain goes by.
#[derive(Deserialize)]
struct Line {
    seq: u64,
    instance: String,
    prev: String,
    #[serde(default)]
    lost: u64,
    time: String,
    event: String,
}

/// `,"hash":"`, 64 digits and `"}`.
const END: usize = 75;

/// More findings are counted, not told.
const MAX_FINDINGS: usize = 1000;

impl Verifier {
    /// Looks at `line`, which `is_whole` if a line feed followed.
    pub(super) fn line(&mut self, file: &str, number: u64, line: &[u8], is_whole: bool) {
        let mut found = |kind, instance: Option<&str>| {
            self.is_broken |= kind != Kind::Unfinished;
            if self.findings.len() == MAX_FINDINGS {
                self.more += 1;
                return;
            }
            self.findings.push(Finding {
                file: file.to_owned(),
                line: number,
                instance: instance.map(str::to_owned),
                kind,
            });
        };
        let Some((told, stated, fits)) = read(line) else {
            let kind = if is_whole {
                Kind::Foreign
            } else {
                Kind::Unfinished
            };
            return found(kind, None);
        };
        self.lines += 1;
        let name = told.instance.as_str();
        if !is_whole {
            found(Kind::Unfinished, Some(name));
        }
        if !fits {
            found(Kind::Changed, Some(name));
        }
        let Some(&index) = self.by_name.get(name) else {
            // What was changed may have another's name.
            if fits {
                if told.seq > 0 || told.prev.bytes().any(|b| b != b'0') {
                    found(Kind::Headless(told.seq), Some(name));
                }
                self.by_name.insert(name.to_owned(), self.instances.len());
                let instance = Instance::begin(&told, stated);
                self.instances.push((told.instance, instance));
            }
            return;
        };
        let Some((_, instance)) = self.instances.get_mut(index) else {
            return;
        };
        if instance.is_closed {
            found(Kind::AfterClose, Some(name));
        }
        let expected = instance.seq + 1;
        if told.seq < expected {
            return found(Kind::Repeated, Some(name));
        }
        if told.seq > expected {
            found(Kind::Missing(told.seq - expected), Some(name));
        } else if told.prev != instance.hash {
            found(Kind::Unchained, Some(name));
        }
        if fits || told.seq == expected {
            instance.go_on(&told, stated);
        }
    }

    /// Notes a line that is too long for any of a record.
    pub(super) fn too_long(&mut self, file: &str, number: u64) {
        self.line(file, number, b"", true);
    }

    /// Whether every line is as it was written.
    pub(super) fn fits(&self) -> bool {
        !self.is_broken
    }

    pub(super) fn lines(&self) -> u64 {
        self.lines
    }

    pub(super) fn instances(&self) -> impl Iterator<Item = (&str, &Instance)> {
        let all = self.instances.iter();
        all.map(|(name, instance)| (name.as_str(), instance))
    }

    pub(super) fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// How many findings there are beyond those.
    pub(super) fn more(&self) -> u64 {
        self.more
    }
}

impl Instance {
    fn begin(line: &Line, hash: &str) -> Self {
        let mut instance = Self {
            lines: 0,
            lost: 0,
            first: line.time.clone(),
            last: String::new(),
            is_closed: false,
            seq: 0,
            hash: String::new(),
        };
        instance.go_on(line, hash);
        instance
    }

    fn go_on(&mut self, line: &Line, hash: &str) {
        self.lines += 1;
        self.lost += line.lost;
        self.last.clone_from(&line.time);
        self.is_closed = line.event == "close";
        self.seq = line.seq;
        hash.clone_into(&mut self.hash);
    }
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Foreign => "foreign",
            Self::Changed => "changed",
            Self::Missing(_) => "missing",
            Self::Headless(_) => "headless",
            Self::Repeated => "repeated",
            Self::Unchained => "unchained",
            Self::AfterClose => "after_close",
            Self::Unfinished => "unfinished",
        }
    }

    pub(super) fn message(self) -> String {
        match self {
            Self::Foreign => "this is no line of a record".to_owned(),
            Self::Changed => "this line was changed: its hash is not that of its text".to_owned(),
            Self::Missing(1) => "a line is missing before this one".to_owned(),
            Self::Missing(count) => format!("{count} lines are missing before this one"),
            Self::Headless(0) => "this line is not the first of its instance".to_owned(),
            Self::Headless(seq) => format!("the {seq} lines before this one are not there"),
            Self::Repeated => "this line is not in its place, or there twice".to_owned(),
            Self::Unchained => "this line does not follow from the one before".to_owned(),
            Self::AfterClose => "this line comes after the last of its instance".to_owned(),
            Self::Unfinished => {
                "the last line is not finished, as when a process is killed".to_owned()
            }
        }
    }
}

/// What a line says, the hash that it states, and whether that is its own. `None` if it is none.
fn read(line: &[u8]) -> Option<(Line, &str, bool)> {
    let line = std::str::from_utf8(line).ok()?;
    let (text, end) = line.split_at_checked(line.len().checked_sub(END)?)?;
    let stated = end.strip_prefix(",\"hash\":\"")?.strip_suffix("\"}")?;
    let told: Line = serde_json::from_str(line).ok()?;
    let is_hex = |text: &str, length| {
        text.len() == length && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    // What a person is shown must be what it seems.
    let is_time = told.time.len() < 40 && told.time.bytes().all(|b| b.is_ascii_graphic());
    if !is_hex(&told.instance, 32) || !is_hex(&told.prev, 64) || !is_time {
        return None;
    }
    let hash = HEXLOWER.encode(digest(&SHA256, text.as_bytes()).as_ref());
    Some((told, stated, hash == stated))
}
