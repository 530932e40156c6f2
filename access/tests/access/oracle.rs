//! `PyJWT` and jose as oracles: they make keys and tokens of every algorithm, and take what we take.

use std::process::Command;
use std::sync::Arc;
use std::time::SystemTime;

use oci_mcp_access::{Clock, Jwt, Keys, Reason};
use serde::Deserialize;
use serde_json::Value;

use crate::peer::{peer, script};
use crate::support::{AUDIENCE, ISSUER, refusal, requirements};

/// What a peer prints.
#[derive(Deserialize)]
struct Report {
    jwks: Value,
    tokens: Vec<(String, String, bool)>,
    weak: Option<String>,
}

fn report(command: &mut Command) -> Report {
    let output = command.args([ISSUER, AUDIENCE]).output().unwrap();
    let problem = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{problem}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the peers go by the time that it is"
)]
fn verifier(jwks: &Value) -> (Jwt, tempfile::NamedTempFile) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), jwks.to_string()).unwrap();
    let clock: Clock = Arc::new(SystemTime::now);
    let keys = Keys::from_file(file.path(), Clock::clone(&clock));
    (Jwt::new(requirements(), keys, clock), file)
}

/// Compares the verdicts on every token.
async fn compare(report: &Report) {
    let (jwt, _file) = verifier(&report.jwks);
    let (mut taken, mut refused) = (0, 0);
    for (name, token, they_take) in &report.tokens {
        let result = jwt.verify(token).await;
        assert_eq!(result.is_ok(), *they_take, "{name}: {result:?}");
        if *they_take {
            taken += 1;
        } else {
            refused += 1;
        }
    }
    assert!(taken >= 9 && refused >= 9 * 9, "{taken} {refused}");
}

#[tokio::test]
async fn what_pyjwt_makes_is_taken_and_refused_as_by_pyjwt() {
    let Some(folder) = peer("pyjwt_oracle", "pyjwt", "python3") else {
        return;
    };
    let python = folder.join("bin/python");
    let report = report(Command::new(python).arg(script("pyjwt_tokens.py")));

    compare(&report).await;

    let (jwt, _file) = verifier(&report.jwks);
    let weak = refusal(&jwt, &report.weak.unwrap()).await;
    assert_eq!(weak.reason(), Reason::UnknownKey);
    assert!(weak.detail().contains("2048"), "{}", weak.detail());
}

#[tokio::test]
async fn what_jose_makes_is_taken_and_refused_as_by_jose() {
    let Some(folder) = peer("jose_oracle", "issuer", "node") else {
        return;
    };
    let mut node = Command::new("node");
    let report = report(node.arg(script("jose_tokens.mjs")).arg(folder));

    compare(&report).await;
}
