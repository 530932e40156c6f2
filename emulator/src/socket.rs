//! Waiting for a function's socket, and the checks that Fn's agent makes of it.

use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::{fs, io};

use rustix::fs::inotify::{self, CreateFlags, Reader, WatchFlags};
use rustix::io::Errno;
use tempfile::TempDir;
use tokio::io::unix::AsyncFd;

use crate::fd;

/// The name that a function's socket must have.
pub(crate) const NAME: &str = "lsnr.sock";

/// Makes the folder in which a function's socket is to appear.
///
/// # Errors
///
/// Returns what creating it returns.
pub(crate) fn folder() -> io::Result<TempDir> {
    // Not `TMPDIR`, which may be too long for a socket's address (107 bytes).
    tempfile::Builder::new().prefix("fn-").tempdir_in("/tmp")
}

/// A watch over a function's folder.
#[derive(Debug)]
pub(crate) struct Watch(AsyncFd<OwnedFd>);

impl Watch {
    /// Watches `folder`; to be called before the function starts.
    ///
    /// # Errors
    ///
    /// Returns what inotify returns.
    pub(crate) fn new(folder: &Path) -> io::Result<Self> {
        let inotify = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        inotify::add_watch(&inotify, folder, WatchFlags::CREATE | WatchFlags::MOVED_TO)?;
        fd::register(inotify).map(Self)
    }

    /// Returns when the name of the socket appears.
    ///
    /// # Errors
    ///
    /// Returns what reading from inotify returns.
    pub(crate) async fn appeared(&self) -> io::Result<()> {
        loop {
            let mut ready = self.0.readable().await?;
            match ready.try_io(|inotify| read_until_named(inotify.get_ref())) {
                Ok(result) => return result,
                Err(_would_block) => {}
            }
        }
    }
}

/// Reads events until one names the socket; `WouldBlock` if none of those present does.
fn read_until_named(inotify: &OwnedFd) -> io::Result<()> {
    let mut buffer = [MaybeUninit::uninit(); 1024];
    let mut events = Reader::new(inotify, &mut buffer);
    loop {
        match events.next() {
            Ok(event)
                if event
                    .file_name()
                    .is_some_and(|name| name.to_bytes() == NAME.as_bytes()) =>
            {
                return Ok(());
            }
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Checks what is at `path` as Fn's agent does.
///
/// # Errors
///
/// Refuses a symbolic link that leaves its folder, and anything that is not a socket.
pub(crate) fn check(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path)?.is_symlink() {
        let target = fs::read_link(path)?;
        // What Go's `filepath.Dir` calls ".".
        if !matches!(target.parent().and_then(Path::to_str), Some("" | ".")) {
            return Err(io::Error::other(format!(
                "the link to the socket must name a file in its own folder, not `{}`",
                target.display()
            )));
        }
    }
    if fs::metadata(path)?.file_type().is_socket() {
        Ok(())
    } else {
        Err(io::Error::other("the listener's file is not a socket"))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use tempfile::TempDir;

    use super::*;

    /// A folder with a listening `phony.sock`.
    fn folder() -> (TempDir, UnixListener) {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("phony.sock")).unwrap();
        (folder, listener)
    }

    #[test]
    fn a_link_must_stay_in_its_folder_and_lead_to_a_socket() {
        let (folder, _listener) = folder();
        fs::write(folder.path().join("file"), "").unwrap();
        let absolute = folder.path().join("phony.sock");

        for (target, accepted) in [
            (Path::new("phony.sock"), true),
            (Path::new("./phony.sock"), true),
            (&absolute, false),
            (Path::new("../phony.sock"), false),
            (Path::new("file"), false),
            (Path::new("missing"), false),
            (Path::new(".."), false),
        ] {
            let link = folder.path().join(NAME);
            symlink(target, &link).unwrap();

            assert_eq!(check(&link).is_ok(), accepted, "{}", target.display());
            fs::remove_file(link).unwrap();
        }
    }

    #[tokio::test]
    async fn a_socket_renamed_into_place_is_noticed() {
        let (folder, _listener) = folder();
        let watch = Watch::new(folder.path()).unwrap();

        fs::write(folder.path().join("other"), "").unwrap();
        fs::rename(folder.path().join("phony.sock"), folder.path().join(NAME)).unwrap();

        watch.appeared().await.unwrap();
        check(&folder.path().join(NAME)).unwrap();
    }
}
