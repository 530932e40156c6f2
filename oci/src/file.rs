//! Files that hold secrets: bounded, and wiped when dropped.

use std::error::Error;
use std::fmt::Display;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::{fmt, io};

use zeroize::Zeroizing;

/// Keys, tokens, certificates and profiles all are far smaller. More is a mistake, such as a device.
const MAX_BYTES: usize = 256 * 1024;

/// Reads the file whole.
///
/// # Errors
///
/// [`FileError`] if it cannot be read, or is larger than 256 KiB.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let read = || {
        let file = File::open(path)?;
        let size = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
        // One buffer from the start, because growing leaves copies of what was read so far.
        let mut content = Zeroizing::new(Vec::with_capacity(size.min(MAX_BYTES) + 1));
        file.take(MAX_BYTES as u64 + 1).read_to_end(&mut content)?;
        Ok(content)
    };
    match read() {
        Ok(content) if content.len() <= MAX_BYTES => Ok(content),
        Ok(_) => Err(FileError::TooLarge),
        Err(source) => Err(FileError::Io(source)),
    }
}

/// Reads the file whole, as text. A byte order mark is left out.
///
/// # Errors
///
/// As [`read`], and [`FileError::NotText`].
pub(crate) fn read_text(path: &Path) -> Result<Zeroizing<String>, FileError> {
    let content = read(path)?;
    match std::str::from_utf8(&content) {
        Ok(text) => Ok(Zeroizing::new(
            text.strip_prefix('\u{feff}').unwrap_or(text).to_owned(),
        )),
        Err(_) => Err(FileError::NotText),
    }
}

/// Why a file was not read. Whoever reads it says which.
#[derive(Debug)]
pub(crate) enum FileError {
    Io(io::Error),
    TooLarge,
    NotText,
}

impl FileError {
    /// Whether there is no file.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::NotFound)
    }

    /// What is wrong, as the end of a sentence.
    pub(crate) fn problem(&self) -> impl Display {
        match self {
            Self::Io(error) => match error.kind() {
                io::ErrorKind::NotFound => "there is no such file",
                io::ErrorKind::PermissionDenied => "this process may not",
                io::ErrorKind::IsADirectory => "it is a folder",
                _ => "the system refused",
            },
            Self::TooLarge => "it is larger than 256 KiB",
            Self::NotText => "it is not UTF-8",
        }
    }
}

impl Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem().fmt(f)
    }
}

impl Error for FileError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Io(source) => Some(source),
            Self::TooLarge | Self::NotText => None,
        }
    }
}
