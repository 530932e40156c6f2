//! What this process may use, held to what the settings let it need.

use std::path::Path;

use oci_mcp_hosts::Place;

use super::finding::Finding;

/// Looks at the limits of this process, on a machine whose files are under `root`.
pub(super) fn examine(root: &Path, place: Place, fn_memory: Option<&str>) -> Vec<Finding> {
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap_or_default();
    let number = |paths: &[&str]| {
        paths
            .iter()
            .find_map(|path| read(path).trim().parse::<u64>().ok())
    };
    // Of version 2, or of version 1.
    let memory = number(&[
        "sys/fs/cgroup/memory.max",
        "sys/fs/cgroup/memory/memory.limit_in_bytes",
    ]);
    let of_platform = fn_memory.and_then(|mebibytes| mebibytes.trim().parse::<u64>().ok());
    let of_platform = of_platform.map(|mebibytes| mebibytes.saturating_mul(MEBIBYTE));
    let memory = memory.into_iter().chain(of_platform).min();
    let processes = number(&["sys/fs/cgroup/pids.max", "sys/fs/cgroup/pids/pids.max"]);
    let files = soft_limit(&read("proc/self/limits"), "Max open files");
    let mut findings: Vec<Finding> = [
        memory.and_then(|bytes| too_little(bytes, place)),
        processes.and_then(too_few_processes),
        files.and_then(|files| too_few_files(files, place)),
    ]
    .into_iter()
    .flatten()
    .collect();
    if findings.is_empty() {
        let shown = |limit: Option<u64>| {
            limit.map_or_else(|| "any number of".to_owned(), |n| n.to_string())
        };
        // Version 1 says a number that no machine has where there is no limit.
        let memory = memory.filter(|bytes| *bytes < 1 << 60);
        let memory = memory.map_or_else(
            || "all memory".to_owned(),
            |bytes| format!("{} MiB", bytes / MEBIBYTE),
        );
        findings.push(Finding::good(format!(
            "{memory}, {} processes and threads, {} open files are enough",
            shown(processes),
            shown(files)
        )));
    }
    findings
}

/// Besides the messages that wait there is one that is being read, and its answer.
fn too_little(bytes: u64, place: Place) -> Option<Finding> {
    let messages = if place.address.is_some() {
        AT_A_TIME
    } else {
        1
    };
    let message = u64::try_from(place.max_body_bytes).unwrap_or(u64::MAX);
    let needed = OWN.saturating_add(message.saturating_mul(messages + 2));
    let mebibytes = |bytes: u64| bytes.div_ceil(MEBIBYTE);
    (bytes < needed).then(|| {
        Finding::warning(format!("there are {} MiB of memory", mebibytes(bytes)))
            .because(format!(
                "with messages as large as OCI_MCP_MAX_BODY_BYTES lets them be, {messages} at a \
                    time, it may \
                 need {}: the kernel then ends it",
                mebibytes(needed)
            ))
            .mend(format!(
                "{} MiB of memory, or a smaller OCI_MCP_MAX_BODY_BYTES",
                mebibytes(needed).next_power_of_two()
            ))
    })
}

fn too_few_processes(limit: u64) -> Option<Finding> {
    (limit < PROCESSES).then(|| {
        Finding::warning(format!("there may be {limit} processes and threads"))
            .because("names are looked up on threads, and tools that block have one each")
            .mend("--pids-limit 50, which is what OCI Functions has")
    })
}

fn too_few_files(limit: u64, place: Place) -> Option<Finding> {
    // A function has one request at a time; elsewhere each client has a connection.
    let needed = if place.address.is_some() { 256 } else { 64 };
    (limit < needed).then(|| {
        Finding::warning(format!("{limit} files and connections may be open"))
            .because(format!(
                "clients and OCI's services have one each: {needed} are little enough"
            ))
            .mend("ulimit -n 1024, or --ulimit nofile=1024 of the container engine")
    })
}

/// The soft limit in the line `name` of `/proc/self/limits`; `None` if there is none.
fn soft_limit(limits: &str, name: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

const MEBIBYTE: u64 = 1024 * 1024;
/// What the server itself has in memory after calls of every kind, with room to spare.
const OWN: u64 = 16 * MEBIBYTE;
/// How many messages a container holds at once, by what `hosts` lets it buffer.
const AT_A_TIME: u64 = 16;
const PROCESSES: u64 = 16;

#[cfg(test)]
mod tests {
    use std::fs;

    use oci_mcp::Vars;
    use tempfile::TempDir;

    use super::*;
    use crate::doctor::finding::Verdict;

    fn place(settings: &[(&str, &str)]) -> Place {
        let mut vars = Vars::new(|name: &str| {
            let found = settings.iter().find(|(own, _)| *own == name);
            found.map(|(_, value)| (*value).to_owned())
        });
        oci_mcp_hosts::check(crate::app, &mut vars, []).unwrap()
    }

    const FUNCTION: (&str, &str) = ("FN_LISTENER", "unix:/tmp/iofs/lsnr.sock");

    fn machine(memory: &str, processes: &str, files: &str) -> TempDir {
        let root = TempDir::new().unwrap();
        for (path, text) in [
            ("sys/fs/cgroup/memory.max", memory),
            ("sys/fs/cgroup/pids.max", processes),
            (
                "proc/self/limits",
                &format!(
                    "Limit  Soft Limit  Hard Limit  Units\nMax open files  {files}  4096  files\n"
                ),
            ),
        ] {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, format!("{text}\n")).unwrap();
        }
        root
    }

    #[test]
    fn what_oci_functions_gives_is_enough_for_a_function() {
        let root = machine("134217728", "50", "350");

        let findings = examine(root.path(), place(&[FUNCTION]), Some("128"));

        let expected = "128 MiB, 50 processes and threads, 350 open files are enough";
        assert_eq!(findings, [Finding::good(expected)]);
    }

    #[test]
    fn without_limits_all_is_good() {
        let root = machine("max", "max", "unlimited");

        let findings = examine(root.path(), place(&[]), None);

        assert_eq!(findings[0].verdict, Verdict::Good, "{findings:?}");
        assert_eq!(
            findings[0].what,
            "all memory, any number of processes and threads, any number of open files are enough"
        );
    }

    #[test]
    fn each_limit_that_is_too_low_is_a_finding_with_what_to_set() {
        let root = machine("33554432", "8", "32");

        let findings = examine(root.path(), place(&[]), None);

        let remedies: Vec<_> = findings
            .iter()
            .map(|finding| finding.remedy.clone().unwrap())
            .collect();
        assert_eq!(findings.len(), 3, "{findings:?}");
        assert!(
            findings
                .iter()
                .all(|finding| finding.verdict == Verdict::Warning)
        );
        assert!(remedies[0].starts_with("128 MiB"), "{remedies:?}");
        assert!(remedies[1].contains("--pids-limit"), "{remedies:?}");
        assert!(remedies[2].contains("ulimit -n"), "{remedies:?}");
    }

    #[test]
    fn the_memory_that_the_platform_names_counts_too() {
        let root = machine("max", "max", "1024");
        let large = ("OCI_MCP_MAX_BODY_BYTES", "6000000");

        let little = examine(root.path(), place(&[FUNCTION, large]), Some("16"));
        let enough = examine(root.path(), place(&[FUNCTION, large]), Some("128"));

        assert_eq!(little[0].verdict, Verdict::Warning);
        assert_eq!(enough[0].verdict, Verdict::Good, "{enough:?}");
    }
}
