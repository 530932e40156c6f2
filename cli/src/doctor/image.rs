//! Whether the binary is for the processor that it runs on, or is to run on.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::finding::Finding;

/// Looks at the binary of this process, on a machine whose files are under `root`; `shape` is where it is to run.
pub(super) fn examine(root: &Path, shape: Option<&str>) -> Vec<Finding> {
    let mut head = [0; 20];
    let read =
        File::open(root.join("proc/self/exe")).and_then(|mut file| file.read_exact(&mut head));
    let binary = match read.map(|()| machine(&head)) {
        Ok(Some(binary)) => binary,
        Ok(None) => {
            return vec![Finding::not_checked(
                "the binary",
                "it is for an odd processor",
            )];
        }
        Err(error) => return vec![Finding::not_checked("the binary", error)],
    };
    // Emulation of single programs does not reach this file.
    let own = std::fs::read_to_string(root.join("proc/sys/kernel/arch"));
    let own = own.unwrap_or_default();
    let mut findings = vec![match own.trim() {
        "" => Finding::good(format!("the binary is for {binary}, and runs")),
        own if own == binary => Finding::good(format!("binary and machine are {own}")),
        own => Finding::warning(format!("the binary is for {binary}, this machine is {own}"))
            .because("it runs emulated, which costs many times the time and the memory")
            .mend(format!("docker build --platform {}", platform(own))),
    }];
    findings.extend(shape.map(|shape| for_shape(binary, shape)));
    findings
}

/// The processor that the first bytes of an ELF file are for, as `uname -m` calls it (System V ABI, "ELF Header", `e_machine`).
fn machine(head: &[u8; 20]) -> Option<&'static str> {
    let [0x7f, b'E', b'L', b'F', rest @ ..] = head else {
        return None;
    };
    // The two after the type; both that are known have the lower byte first.
    let [.., low, high] = rest;
    match u16::from_le_bytes([*low, *high]) {
        62 => Some("x86_64"),
        183 => Some("aarch64"),
        _ => None,
    }
}

/// Whether `binary` runs on the shape of an instance, a model deployment or an application of functions.
fn for_shape(binary: &str, shape: &str) -> Finding {
    let takes: &[&str] = match shape.to_ascii_uppercase().as_str() {
        "GENERIC_X86_ARM" => {
            return Finding::warning(format!("{shape} wants an image for both processors"))
                .because(format!("this binary is for {binary} alone"))
                .mend(
                    "docker buildx build --platform linux/amd64,linux/arm64, or the shape of \
                    one of them",
                );
        }
        "GENERIC_X86" => &["x86_64"],
        "GENERIC_ARM" => &["aarch64"],
        // Of Ampere: A1, A2, A4.
        name if name.split('.').any(|part| {
            let mut chars = part.chars();
            chars.next() == Some('A')
                && chars.next().is_some_and(|c| c.is_ascii_digit())
                && part.len() == 2
        }) =>
        {
            &["aarch64"]
        }
        name if name.contains('.') => &["x86_64"],
        _ => {
            return Finding::not_checked(
                format!("the processor of {shape}"),
                "it is the name of no shape, such as VM.Standard.E5.Flex or GENERIC_X86",
            );
        }
    };
    if takes.contains(&binary) {
        return Finding::good(format!("the binary is for {binary}, which {shape} has"));
    }
    let wanted = takes.join(" or ");
    Finding::problem(format!(
        "the binary is for {binary}, and {shape} is {wanted}"
    ))
    .because("it ends there with `exec format error`")
    .mend(format!("docker build --platform {}", platform(&wanted)))
}

fn platform(machine: &str) -> &'static str {
    if machine == "aarch64" {
        "linux/arm64"
    } else {
        "linux/amd64"
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;
    use crate::doctor::finding::Verdict;

    /// A machine on which a binary runs whose header has this `e_machine`.
    fn on(arch: &str, number: u16) -> TempDir {
        let root = TempDir::new().unwrap();
        let mut head = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0".to_vec();
        head.extend(number.to_le_bytes());
        fs::create_dir_all(root.path().join("proc/self")).unwrap();
        fs::create_dir_all(root.path().join("proc/sys/kernel")).unwrap();
        fs::write(root.path().join("proc/self/exe"), head).unwrap();
        fs::write(
            root.path().join("proc/sys/kernel/arch"),
            format!("{arch}\n"),
        )
        .unwrap();
        root
    }

    #[test]
    fn a_binary_for_this_machine_is_good_and_one_that_is_emulated_is_not() {
        let native = examine(on("aarch64", 183).path(), None);
        let emulated = examine(on("aarch64", 62).path(), None);

        assert_eq!(native, [Finding::good("binary and machine are aarch64")]);
        assert_eq!(emulated[0].verdict, Verdict::Warning);
        assert!(
            emulated[0]
                .remedy
                .as_ref()
                .unwrap()
                .ends_with("linux/arm64"),
            "{emulated:?}"
        );
    }

    #[test]
    fn a_shape_of_another_processor_is_a_problem() {
        let rows = [
            ("CI.Standard.E4.Flex", 62, Verdict::Good),
            ("CI.Standard.A1.Flex", 62, Verdict::Problem),
            ("CI.Standard.A1.Flex", 183, Verdict::Good),
            ("VM.Standard.E5.Flex", 183, Verdict::Problem),
            ("GENERIC_X86", 62, Verdict::Good),
            ("GENERIC_ARM", 62, Verdict::Problem),
            ("GENERIC_X86_ARM", 62, Verdict::Warning),
            ("VM.GPU.A10.1", 62, Verdict::Good),
            ("E4", 62, Verdict::NotChecked),
        ];

        for (shape, number, verdict) in rows {
            let findings = examine(on("x86_64", number).path(), Some(shape));

            assert_eq!(findings[1].verdict, verdict, "{shape}: {findings:?}");
        }
    }

    #[test]
    fn the_binary_of_these_tests_is_for_this_machine() {
        let findings = examine(Path::new("/"), None);

        assert_eq!(findings[0].verdict, Verdict::Good, "{findings:?}");
    }

    #[test]
    fn what_is_no_program_is_not_judged() {
        let root = on("x86_64", 62);
        fs::write(
            root.path().join("proc/self/exe"),
            "#!/bin/sh and more than 20 bytes",
        )
        .unwrap();

        assert_eq!(examine(root.path(), None)[0].verdict, Verdict::NotChecked);
    }
}
