//! The socket of a function, by the contract of Fn: a relative link, in a folder that can be written, to a socket
//! that everybody may open ("FDK contract", `http-stream`).

use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::Path;

use super::finding::Finding;

/// Looks at what is, and may be, at the `listener` of the settings: `unix:/tmp/iofs/lsnr.sock`.
pub(super) fn examine(listener: &str) -> Vec<Finding> {
    let path = Path::new(listener.strip_prefix("unix:").unwrap_or(listener));
    let folder = path.parent().unwrap_or(Path::new("/"));
    let mut findings = vec![writable(folder)];
    match fs::symlink_metadata(path) {
        Ok(found) => findings.push(there(path, &found)),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => {
            let path = path.display();
            let finding = Finding::problem(format!("{path} cannot be looked at")).because(error);
            findings.push(finding.mend("a folder that the user of the function may enter"));
        }
    }
    findings
}

/// Whether the socket can be made in `folder`, which only trying shows.
fn writable(folder: &Path) -> Finding {
    let shown = folder.display();
    let probe = folder.join(format!(".oci-mcp-doctor-{}", std::process::id()));
    let made = File::create_new(&probe).and_then(|_made| fs::remove_file(&probe));
    match made {
        Ok(()) => Finding::good(format!(
            "{shown}, where the function listens, can be written"
        )),
        Err(error) => Finding::problem(format!("in {shown} the function cannot make its socket"))
            .because(error)
            .mend(
                "on OCI: let the platform mount it, with no VOLUME in the image and user 1000; \
                    on a \
                 laptop: oci-mcp dev plays the platform",
            ),
    }
}

/// What an FDK that runs, or has run, left at `path`.
fn there(path: &Path, found: &fs::Metadata) -> Finding {
    let shown = path.display();
    if !found.is_symlink() {
        return Finding::warning(format!("{shown} is there, and is no link"))
            .because(
                "an FDK makes its socket under another name first, so that it is never \
                found before it listens",
            )
            .mend("nothing: the server replaces it when it starts; another FDK may not");
    }
    let target = fs::read_link(path).unwrap_or_default();
    if target.components().count() != 1 || target.is_absolute() {
        return Finding::problem(format!("{shown} leads to {}", target.display()))
            .because(
                "the platform sees the folder at another path, and takes no target but a \
                name in it",
            )
            .mend(format!(
                "ln -sfn <NAME IN THE SAME FOLDER> {shown}, or start the server anew"
            ));
    }
    let Ok(socket) = fs::metadata(path) else {
        return left_behind(path);
    };
    let mode = socket.permissions().mode() & 0o777;
    if !socket.file_type().is_socket() {
        return Finding::problem(format!("{} is no socket", target.display()))
            .because(format!("{shown} leads there"))
            .mend(format!("rm {shown}, and start the server anew"));
    }
    if mode & 0o666 != 0o666 {
        let socket = path.with_file_name(&target);
        return Finding::problem(format!("{} has the mode {mode:o}", socket.display()))
            .because("the platform's agent is another user, and must read and write it")
            .mend(format!("chmod 666 {}", socket.display()));
    }
    match UnixStream::connect(path) {
        Ok(_) => Finding::good(format!(
            "a server listens at {shown}, as the platform wants it"
        )),
        Err(_) => left_behind(path),
    }
}

fn left_behind(path: &Path) -> Finding {
    Finding::warning(format!("nobody listens at {}", path.display()))
        .because("a process that has ended left it behind")
        .mend("nothing: the server replaces it when it starts")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use tempfile::TempDir;

    use super::*;
    use crate::doctor::finding::Verdict;

    /// What is found in a folder that `make` has prepared.
    fn examined(make: impl FnOnce(&Path)) -> Vec<Finding> {
        let folder = TempDir::new().unwrap();
        make(folder.path());
        examine(&format!("unix:{}/lsnr.sock", folder.path().display()))
    }

    fn listening(folder: &Path, mode: u32) -> UnixListener {
        let socket = folder.join("phonylsnr.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        fs::set_permissions(&socket, fs::Permissions::from_mode(mode)).unwrap();
        symlink("phonylsnr.sock", folder.join("lsnr.sock")).unwrap();
        listener
    }

    #[test]
    fn a_folder_that_can_be_written_and_a_socket_as_the_platform_wants_it_are_good() {
        let mut listener = None;

        let before = examined(|_| ());
        let running = examined(|folder| listener = Some(listening(folder, 0o666)));

        for findings in [before, running] {
            let verdicts: Vec<_> = findings.iter().map(|finding| finding.verdict).collect();
            assert!(
                verdicts.iter().all(|verdict| *verdict == Verdict::Good),
                "{findings:?}"
            );
        }
    }

    #[test]
    fn a_folder_that_is_not_there_is_a_problem() {
        let findings = examine("unix:/no/such/folder/lsnr.sock");

        assert_eq!(findings[0].verdict, Verdict::Problem);
        assert!(findings[0].what.contains("/no/such/folder"), "{findings:?}");
        assert_eq!(findings.len(), 1);
    }

    #[test]
    fn what_the_platform_would_not_take_is_told_with_what_mends_it() {
        let mut listener = None;
        let absolute = examined(|folder| {
            listener = Some(listening(folder, 0o666));
            fs::remove_file(folder.join("lsnr.sock")).unwrap();
            symlink(folder.join("phonylsnr.sock"), folder.join("lsnr.sock")).unwrap();
        });
        let closed = examined(|folder| listener = Some(listening(folder, 0o600)));
        let file = examined(|folder| {
            fs::write(folder.join("file"), "").unwrap();
            symlink("file", folder.join("lsnr.sock")).unwrap();
        });

        let rows = [
            (absolute, "leads to", "ln -sfn"),
            (closed, "has the mode 600", "chmod 666"),
            (file, "is no socket", "rm "),
        ];
        for (findings, what, remedy) in rows {
            let finding = findings.last().unwrap();
            assert_eq!(finding.verdict, Verdict::Problem, "{findings:?}");
            assert!(finding.what.contains(what), "{findings:?}");
            assert!(
                finding.remedy.as_ref().unwrap().contains(remedy),
                "{findings:?}"
            );
        }
    }

    #[test]
    fn what_an_earlier_process_left_is_a_warning() {
        let dangling = examined(|folder| symlink("gone", folder.join("lsnr.sock")).unwrap());
        let dead = examined(|folder| drop(listening(folder, 0o666)));
        let file = examined(|folder| fs::write(folder.join("lsnr.sock"), "").unwrap());

        for findings in [dangling, dead, file] {
            assert_eq!(
                findings.last().unwrap().verdict,
                Verdict::Warning,
                "{findings:?}"
            );
        }
    }
}
