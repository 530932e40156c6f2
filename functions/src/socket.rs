//! The unix socket, made so that the Fn agent never sees it before it answers.

use std::ffi::OsString;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::task::{Context, Poll};
use std::{fs, io};

use tokio::net::{UnixListener, UnixStream};

use crate::error::Error;

/// A listening socket that takes its files away when dropped.
#[derive(Debug)]
pub(crate) struct Socket {
    listener: UnixListener,
    _files: Files,
}

impl Socket {
    /// Listens at `path`, in place of whatever an earlier process left there.
    ///
    /// # Errors
    ///
    /// Returns the path and the cause if a file cannot be replaced or made; nothing is left
    /// behind.
    pub(crate) fn bind(path: &Path) -> Result<Self, Error> {
        let failed = |at: &Path| {
            let attempt = format!(
                "cannot listen at `{}`: its folder must exist and be writable by this user",
                at.display()
            );
            move |source| Error { attempt, source }
        };
        let staging = staging_path(path);
        // The agent dials as soon as `path` appears, so `path` goes first and comes back last.
        remove(path).map_err(failed(path))?;
        remove(&staging).map_err(failed(&staging))?;

        let listener = UnixListener::bind(&staging).map_err(failed(&staging))?;
        let metadata = fs::symlink_metadata(&staging).map_err(failed(&staging))?;
        let files = Files {
            path: path.to_owned(),
            staging,
            inode: metadata.ino(),
        };
        // The agent runs as another user.
        fs::set_permissions(&files.staging, fs::Permissions::from_mode(0o666))
            .map_err(failed(&files.staging))?;
        // Relative and in the same folder, because the agent sees the folder at another path and
        // refuses any target that has one.
        let target = files.staging.file_name().unwrap_or_default();
        symlink(target, path).map_err(failed(path))?;
        Ok(Self {
            listener,
            _files: files,
        })
    }

    pub(crate) fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<UnixStream>> {
        let accepted = self.listener.poll_accept(cx);
        accepted.map_ok(|(stream, _peer)| stream)
    }
}

/// Where the socket is bound before `path` links to it; the name the official FDKs use.
pub(crate) fn staging_path(path: &Path) -> PathBuf {
    let mut name = OsString::from("phony");
    name.push(path.file_name().unwrap_or_default());
    path.with_file_name(name)
}

#[derive(Debug)]
struct Files {
    path: PathBuf,
    staging: PathBuf,
    inode: u64,
}

impl Drop for Files {
    fn drop(&mut self) {
        // During a restart the next process may have put its own socket here already.
        let ours = |metadata: fs::Metadata| metadata.ino() == self.inode;
        if !fs::symlink_metadata(&self.staging).is_ok_and(ours) {
            return;
        }
        for path in [&self.path, &self.staging] {
            if let Err(error) = remove(path) {
                tracing::debug!(path = %path.display(), %error, "a socket file was left behind");
            }
        }
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileTypeExt;
    use std::os::unix::net;

    use super::*;

    #[tokio::test]
    async fn the_listener_is_a_relative_link_to_a_socket_everyone_may_open() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lsnr.sock");

        let _socket = Socket::bind(&path).unwrap();

        assert_eq!(fs::read_link(&path).unwrap(), Path::new("phonylsnr.sock"));
        let target = fs::metadata(&path).unwrap();
        assert!(target.file_type().is_socket());
        assert_eq!(target.permissions().mode() & 0o777, 0o666);
    }

    #[tokio::test]
    async fn a_dropped_socket_leaves_no_files() {
        let folder = tempfile::tempdir().unwrap();

        drop(Socket::bind(&folder.path().join("lsnr.sock")).unwrap());

        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn stale_files_of_every_kind_are_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lsnr.sock");
        let staging = folder.path().join("phonylsnr.sock");
        let kinds: [fn(&Path); 3] = [
            |at| drop(net::UnixListener::bind(at).unwrap()),
            |at| symlink("gone.sock", at).unwrap(),
            |at| fs::write(at, "a file").unwrap(),
        ];

        for leave in kinds {
            leave(&path);
            leave(&staging);
            let _socket = Socket::bind(&path).unwrap();

            assert!(fs::metadata(&path).unwrap().file_type().is_socket());
        }
    }

    #[tokio::test]
    async fn a_socket_that_was_replaced_leaves_its_successor_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lsnr.sock");
        let first = Socket::bind(&path).unwrap();
        let _second = Socket::bind(&path).unwrap();

        drop(first);

        assert!(net::UnixStream::connect(&path).is_ok());
    }

    #[tokio::test]
    async fn a_missing_folder_is_named_with_the_cause_behind_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("absent/lsnr.sock");

        let error = Socket::bind(&path).unwrap_err();

        assert!(error.to_string().contains("absent/phonylsnr.sock"));
        assert_eq!(error.source.kind(), io::ErrorKind::NotFound);
    }
}
