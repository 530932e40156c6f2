//! What signing costs: the first request of a process, and later ones against a bare signature of
//! ring with the same key.
//!
//! It fails if the first one takes more than 1 ms, or a later one more than 1.3 bare signatures. Time is
//! that of the processor for the thread, and of several runs the fastest, because others compute, too.
//!
//! ```sh
//! cargo run --release -p oci-rest --example timing
//! ```

#![expect(clippy::print_stdout, reason = "a program for people at a terminal")]

use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use data_encoding::{BASE64_MIME, BASE64URL_NOPAD};
use http::Method;
use oci_rest::{
    Credential, Environment, Https, Payload, PrivateKey, Regions, Surroundings, Target,
    find_principal, sign,
};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustix::time::{ClockId, clock_gettime};

type Failure = Box<dyn Error>;

const PEM: &str = include_str!("../tests/keys/pkcs8.pem");
const BODY: Payload<'_> = Payload::Bytes(br#"{"displayName": "one"}"#);
const STARTS: u32 = 9;
const ROUNDS: u32 = 1000;
const MAX_FIRST: Duration = Duration::from_millis(1);
const MAX_RATIO: f64 = 1.3;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_763_640_000);
    if let Some(folder) = std::env::args_os().nth(1) {
        println!("{}", first(folder.into(), now).await?.as_nanos());
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    write_principal(folder.path())?;
    let mut firsts = Vec::new();
    for _ in 0..STARTS {
        let itself = Command::new(std::env::current_exe()?)
            .arg(folder.path())
            .output()?;
        let nanos = String::from_utf8(itself.stdout)?.trim().parse()?;
        firsts.push(Duration::from_nanos(nanos));
    }
    let (slowest, first) = (nth(&mut firsts, STARTS - 1), nth(&mut firsts, 0));
    println!("first request, the fastest of {STARTS} starts: {first:?} (the slowest: {slowest:?})");

    let key = Arc::new(PrivateKey::from_pem(PEM.as_bytes(), None)?);
    let credential = Credential::api_key("ocid1.tenancy.oc1..a", "ocid1.user.oc1..b", key)?;
    let ratio = compare(&credential, now)?;
    if first > MAX_FIRST || ratio > MAX_RATIO {
        return Err(format!("more than {MAX_FIRST:?}, or than {MAX_RATIO} bare signatures").into());
    }
    Ok(())
}

/// The first request of a process: a transport made, resource principal 2.2 found and read, signed.
async fn first(folder: PathBuf, now: SystemTime) -> Result<Duration, Failure> {
    let before = cpu();
    let surroundings = Surroundings::new(Arc::new(move || now), Https::new().build()?)?;
    let environment = Environment::new(move |name| variable(&folder, name));
    let regions = Regions::from_environment(&environment)?;
    let principal = find_principal(&environment, &regions, &surroundings)?;
    one(&*principal.credential().await?, now)?;
    Ok(since(before))
}

/// Signs turn by turn with [`sign`] and with ring alone, because the speed of a shared machine drifts.
fn compare(credential: &Credential, now: SystemTime) -> Result<f64, Failure> {
    let der: String = PEM.lines().filter(|line| !line.starts_with('-')).collect();
    let der = BASE64_MIME
        .decode(der.as_bytes())
        .map_err(|error| error.to_string())?;
    let pair = RsaKeyPair::from_pkcs8(&der).map_err(|error| error.to_string())?;
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    let mut signature = [0; 256];
    for _ in 0..ROUNDS {
        let before = cpu();
        one(credential, now)?;
        ours.push(since(before));

        let before = cpu();
        pair.sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            &[7; 400],
            &mut signature,
        )
        .map_err(|ring::error::Unspecified| "ring does not sign")?;
        bare.push(since(before));
        black_box(signature);
    }
    report(
        "median",
        nth(&mut ours, ROUNDS / 2),
        nth(&mut bare, ROUNDS / 2),
    );
    Ok(report("fastest", nth(&mut ours, 0), nth(&mut bare, 0)))
}

fn one(credential: &Credential, now: SystemTime) -> Result<(), Failure> {
    let target = Target {
        method: &Method::POST,
        path_and_query: &"/20160918/instances/ocid1.instance.oc1.phx.c?action=STOP".parse()?,
        host: Some("iaas.us-phoenix-1.oraclecloud.com"),
    };
    black_box(sign(credential, now, &target, BODY)?);
    Ok(())
}

fn variable(folder: &Path, name: &str) -> Option<String> {
    let path = |name| folder.join(name).to_str().map(str::to_owned);
    match name {
        "OCI_RESOURCE_PRINCIPAL_VERSION" => Some("2.2".to_owned()),
        "OCI_RESOURCE_PRINCIPAL_RPST" => path("rpst"),
        "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM" => path("private.pem"),
        "OCI_RESOURCE_PRINCIPAL_REGION" => Some("us-phoenix-1".to_owned()),
        _ => None,
    }
}

/// What a function finds: a key, and a token of that key.
fn write_principal(folder: &Path) -> Result<(), Failure> {
    let (n, e) = PrivateKey::from_pem(PEM.as_bytes(), None)?.public_components();
    let jwk = serde_json::json!({
        "kty": "RSA",
        "n": BASE64URL_NOPAD.encode(&n),
        "e": BASE64URL_NOPAD.encode(&e),
    });
    let claims = serde_json::json!({
        "exp": 1_763_641_800,
        "res_tenant": "ocid1.tenancy.oc1..a",
        "jwk": jwk.to_string(),
    });
    let [header, claims] = [r#"{"alg":"RS256"}"#.to_owned(), claims.to_string()]
        .map(|part| BASE64URL_NOPAD.encode(part.as_bytes()));
    // As long as a real one is.
    let signature = BASE64URL_NOPAD.encode(&[7; 256]);
    fs::write(folder.join("private.pem"), PEM)?;
    fs::write(
        folder.join("rpst"),
        format!("{header}.{claims}.{signature}"),
    )?;
    Ok(())
}

fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

fn since(before: Duration) -> Duration {
    cpu().saturating_sub(before)
}

fn nth(times: &mut [Duration], n: u32) -> Duration {
    times.sort_unstable();
    times.get(n as usize).copied().unwrap_or_default()
}

fn report(what: &str, ours: Duration, bare: Duration) -> f64 {
    let ratio = ours.as_secs_f64() / bare.as_secs_f64();
    println!("{what} of {ROUNDS}: {ours:?}, {ratio:.3} times a bare signature ({bare:?})");
    ratio
}
