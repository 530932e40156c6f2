use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;
use tempfile::TempDir;

use super::*;

fn try_read(set: &[(&str, &str)]) -> Result<Option<Audit>, String> {
    let mut vars = Vars::new(|name: &str| {
        let found = set.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| (*value).to_owned())
    });
    let audit = read(&mut vars, false, open);
    vars.finish(Some(audit)).map_err(|error| error.to_string())
}

fn refused(audit: &Audit) {
    audit.refused("test", StatusCode::REQUEST_TIMEOUT, "slow_body");
}

#[test]
fn without_a_place_there_is_no_record() {
    assert!(try_read(&[]).unwrap().is_none());
    assert!(try_read(&[(AUDIT, "off")]).unwrap().is_none());
    assert!(try_read(&[(AUDIT, "stderr")]).unwrap().is_some());
}

#[test]
fn what_cannot_be_used_is_named_with_its_remedy() {
    let folder = TempDir::new().unwrap();
    let open = folder.path().join("open");
    fs::write(&open, "").unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o644)).unwrap();
    let [folder, open] = [folder.path(), &open].map(|path| path.to_str().unwrap());
    let log = "ocid1.log.oc1.phx.a";
    for (set, problem) in [
        (&[(AUDIT, "stdrr")][..], "with a `/` in it"),
        (&[(AUDIT, "/no/such/file")], "it cannot be opened: No such"),
        (&[(AUDIT, folder)], "it cannot be opened: Is a directory"),
        (&[(AUDIT, "/dev/null")], "it is no regular file"),
        (&[(AUDIT, open)], "`chmod o=` it first"),
        (&[(LOG_ID, "web")], "`OCI_MCP_AUDIT_LOG_ID` is `web`"),
        (
            &[(AUDIT, "stderr"), (ARGUMENTS, "yes")],
            "`true` or `false`",
        ),
        (&[(LOG_ID, log), (FAIL_CLOSED, "1")], "`true` or `false`"),
        (
            &[(ARGUMENTS, "true")],
            "`OCI_MCP_AUDIT_ARGUMENTS` has no effect",
        ),
        (
            &[(AUDIT, "off"), (FAIL_CLOSED, "true")],
            "`OCI_MCP_AUDIT_FAIL_CLOSED` has no effect",
        ),
    ] {
        let error = try_read(set).err();

        let error = error.unwrap_or_else(|| panic!("{set:?}"));
        assert!(error.contains(problem), "{error}");
    }
}

#[tokio::test]
async fn a_file_is_made_for_its_owner_alone_and_grows_line_by_line() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("audit.jsonl");
    let set = [(AUDIT, path.to_str().unwrap())];

    for _ in 0..2 {
        let audit = try_read(&set).unwrap().unwrap();
        refused(&audit);
        audit.close().await;
    }

    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = fs::read_to_string(&path).unwrap();
    let lines = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let lines: Vec<_> = lines.collect();
    let events: Vec<_> = lines.iter().map(|line| &line["event"]).collect();
    assert_eq!(events, ["request", "close", "request", "close"]);
    assert_eq!(lines[0]["instance"], lines[1]["instance"]);
    assert_ne!(lines[0]["instance"], lines[2]["instance"]);
}

#[test]
fn a_line_that_a_killed_process_left_unfinished_is_ended() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("audit.jsonl");
    fs::write(&path, r#"{"seq":0,"#).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();

    let audit = try_read(&[(AUDIT, path.to_str().unwrap())]);
    refused(&audit.unwrap().unwrap());

    let text = fs::read_to_string(&path).unwrap();
    let (torn, line) = text.split_once('\n').unwrap();
    assert_eq!(torn, r#"{"seq":0,"#);
    assert!(serde_json::from_str::<Value>(line).is_ok(), "{line}");
}

#[test]
fn a_disk_that_is_full_takes_nothing_and_says_so() {
    // A device that is always full; opened here, because no setting may name a device.
    let file = File::of(fs::File::options().write(true).open("/dev/full").unwrap());

    assert!(file.write("line\n").is_err());
    assert!(file.write("line\n").is_err());
}

#[test]
fn with_a_record_a_server_names_its_scheme() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("audit.jsonl");
    let audit = try_read(&[(AUDIT, path.to_str().unwrap())]).unwrap();

    let record = Record::new(audit, "jwt");
    record.refused("test", StatusCode::BAD_REQUEST, "broken_body");
    record.close();
    Record::new(None, "jwt").close();

    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().count(), 2);
    assert!(text.contains(r#""reason":"broken_body""#), "{text}");
}
