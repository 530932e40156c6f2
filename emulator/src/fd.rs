//! File descriptors that the kernel makes readable when something happens.

use std::io;
use std::os::fd::OwnedFd;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Registers `fd` with the runtime.
///
/// # Errors
///
/// Returns what registering it with epoll returns.
#[expect(
    deprecated,
    reason = "the successor is unsafe, for types whose descriptor may change, as an `OwnedFd`'s cannot"
)]
pub(crate) fn register(fd: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::with_interest(fd, Interest::READABLE)
}
