//! Whether files have been replaced.

use std::fs;
use std::fs::Metadata;
use std::path::Path;
use std::time::SystemTime;

/// What tells files from those that take their place: time of change, length, and inode.
///
/// Looking costs a microsecond or two a file, so that it can be done for every signature.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Stamp(Vec<Option<File>>);

#[derive(Clone, Debug, Eq, PartialEq)]
struct File {
    modified: Option<SystemTime>,
    length: u64,
    inode: u64,
}

impl Stamp {
    /// The files as they are now. One that is not there counts, too.
    pub(super) fn of<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Self {
        let file = |path| {
            let metadata = fs::metadata(path).ok()?;
            Some(File {
                modified: metadata.modified().ok(),
                length: metadata.len(),
                inode: inode(&metadata),
            })
        };
        Self(paths.into_iter().map(file).collect())
    }

    /// These files, and those of `other`.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }
}

#[cfg(unix)]
fn inode(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> u64 {
    0
}
