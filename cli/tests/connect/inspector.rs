//! Clients that nobody here wrote, before an invoke endpoint that verifies signatures.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use oci_mcp_tests::{peer, skip, workspace};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{INVOKE, Server, write_profiles};

#[test]
fn the_inspector_uses_a_function_with_what_print_config_prints() {
    let test = "the_inspector_uses_a_function_with_what_print_config_prints";
    let Some(inspector) = peer(test, "inspector", "node") else {
        return;
    };
    let server = Server::start();
    let home = TempDir::new().unwrap();
    write_profiles(&server.oci, home.path());
    let config = configuration(&server, home.path());

    for (profile, era) in [("KEY", "legacy"), ("SESSION", "auto"), ("KEY", "modern")] {
        let inspect = |method: &[&str]| {
            let output = Command::new("timeout")
                .args(["120", "node_modules/.bin/node"])
                .args(["node_modules/.bin/mcp-inspector", "--cli"])
                .args(["--config", &config, "--server", profile])
                .args(["--protocol-era", era, "--method"])
                .args(method)
                .current_dir(&inspector)
                // It keeps a file there.
                .env("HOME", home.path())
                .stdin(Stdio::null())
                .output()
                .unwrap();
            answer(&output)
        };

        let list = inspect(&["tools/list"]);
        let call = inspect(&["tools/call", "--tool-name", "oci_ping"]);

        let tools = list["tools"].as_array().unwrap();
        let has_ping = tools.iter().any(|tool| tool["name"] == "oci_ping");
        assert!(has_ping, "{era}: {list}");
        let report = &call["structuredContent"];
        assert_eq!(report["host"], "functions", "{era}: {call}");
    }
    assert_eq!(server.refused(), 0);
}

#[test]
fn pythons_clients_use_a_function_that_takes_signatures() {
    let test = "pythons_clients_use_a_function_that_takes_signatures";
    let function = Path::new(env!("CARGO_BIN_EXE_oci-mcp")).with_file_name("function");
    if !function.exists() {
        skip(
            test,
            "function is not built: `cargo build -p oci-mcp-tests`",
        );
        return;
    }
    let (Some(old), Some(new)) = (
        peer(test, "python-mcp-1", "python3"),
        peer(test, "python-mcp-2", "python3"),
    ) else {
        return;
    };
    let server = Server::of(&function);
    let home = TempDir::new().unwrap();
    write_profiles(&server.oci, home.path());

    for (peer, script, mode, revision, profile) in [
        (&old, "python_mcp_1.py", "legacy", "2025-11-25", "KEY"),
        (&new, "python_mcp_2.py", "legacy", "2025-11-25", "SESSION"),
        (&new, "python_mcp_2.py", "modern", "2026-07-28", "KEY"),
    ] {
        let connect = format!(
            "env HOME={} OCI_ENDPOINT_OVERRIDE={} OCI_CONFIG_PROFILE={profile} {} connect {INVOKE}",
            home.path().display(),
            server.url(),
            env!("CARGO_BIN_EXE_oci-mcp"),
        );
        let output = Command::new("timeout")
            .arg("120")
            .arg(peer.join("bin/python"))
            .arg(workspace().join("tests/peers").join(script))
            .args([&connect, mode])
            .stdin(Stdio::null())
            .output()
            .unwrap();

        let report = answer(&output);

        assert_eq!(report["revision"], revision, "{report}");
        assert_eq!(report["structured"], json!({ "sum": 42 }), "{report}");
        assert_eq!(report["resource"], "so much depends", "{report}");
    }
    assert_eq!(server.refused(), 0);
}

/// A file for the Inspector, with a server for each profile; `server` stands for OCI.
fn configuration(server: &Server, home: &Path) -> String {
    let mut servers = serde_json::Map::new();
    for profile in ["KEY", "SESSION"] {
        let output = Command::new(env!("CARGO_BIN_EXE_oci-mcp"))
            .args(["print-config", "inspector", INVOKE, "--name", profile])
            .env_clear()
            .env("OCI_CONFIG_PROFILE", profile)
            .output()
            .unwrap();
        let mut printed = answer(&output);
        let entry = &mut printed["mcpServers"][profile];
        entry["env"]["OCI_ENDPOINT_OVERRIDE"] = server.url().into();
        servers.insert(profile.to_owned(), entry.take());
    }
    let path = home.join("inspector.json");
    std::fs::write(&path, json!({ "mcpServers": servers }).to_string()).unwrap();
    path.display().to_string()
}

fn answer(output: &Output) -> Value {
    let stderr = String::from_utf8_lossy(&output.stderr);
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{stderr}{stdout}");
    serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout}"))
}
