//! The commands that the pages of `docs/` show, as far as they need no cloud.

#![cfg(test)]
#![cfg(feature = "dev")]

use std::fs;
use std::path::Path;
use std::process::Command;

use oci_mcp_tests::workspace;
use tempfile::TempDir;

/// What the pages have their reader set, and some of what their commands print.
const VARIABLES: [(&str, &str); 12] = [
    ("AD", "Uocm:PHX-AD-1"),
    ("APPLICATION", "ocid1.generativeaihostedapplication.oc1..a"),
    ("APP_OCID", "ocid1.fnapp.oc1..a"),
    ("COMPARTMENT", "ocid1.compartment.oc1..a"),
    ("DOMAIN_URL", "https://idcs-a.identity.oraclecloud.com"),
    ("FUNCTION", "ocid1.fnfunc.oc1..a"),
    ("GATEWAY", "ocid1.apigateway.oc1..a"),
    (
        "GATEWAY_HOST",
        "a.apigateway.us-phoenix-1.oci.customer-oci.com",
    ),
    (
        "IMAGE",
        "ocir.us-phoenix-1.oci.oraclecloud.com/a/oci-mcp:0.1.0",
    ),
    ("MODEL", "ocid1.datasciencemodel.oc1..a"),
    ("PROJECT", "ocid1.datascienceproject.oc1..a"),
    ("SUBNET", "ocid1.subnet.oc1..a"),
];

#[test]
fn every_request_that_a_page_has_rendered_is_rendered() {
    let folder = TempDir::new().unwrap();
    let bin = Path::new(env!("CARGO_BIN_EXE_oci-mcp")).parent().unwrap();

    let commands = commands("oci-mcp render ");

    assert!(commands.len() >= 8, "{commands:?}");
    for command in commands {
        // What takes the document is in the cloud.
        let rendering = command.split(" | ").next().unwrap();
        let output = Command::new("/bin/sh")
            .args(["-euc", rendering])
            .env_clear()
            .envs(VARIABLES)
            .env("PATH", bin)
            .current_dir(folder.path())
            .output()
            .unwrap();

        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command}\n{errors}");
        assert_eq!(errors, "", "{command}");
    }
}

/// The commands in the shell blocks of all pages that begin with `start`.
fn commands(start: &str) -> Vec<String> {
    let pages = fs::read_dir(workspace().join("docs")).unwrap();
    let pages = pages.map(|page| fs::read_to_string(page.unwrap().path()).unwrap());
    let mut found = Vec::new();
    for page in pages {
        let blocks = page.split("```sh\n").skip(1);
        let blocks = blocks.map(|rest| rest.split("```").next().unwrap().replace("\\\n", " "));
        for block in blocks {
            let lines = block.lines().map(str::trim);
            found.extend(
                lines
                    .filter(|line| line.starts_with(start))
                    .map(str::to_owned),
            );
        }
    }
    found
}
