//! Serves the simulated OCI on loopback, and writes to a folder what its clients need.
//!
//! ```text
//! cargo run -p oci-emulator --example simulated_oci -- FOLDER
//! ```
//!
//! `FOLDER/config` has the profiles `DEFAULT` (API key), `SESSION` (security token) and `STRANGER` (a key
//! that is not registered); `FOLDER/rp` is a function's resource principal, rotated every 2 seconds;
//! `FOLDER/pod` is what a pod of OKE finds. One line of JSON on the standard output says the rest, and
//! that it is ready. It ends with its standard input.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::{Write as _, stdout};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use oci_emulator::{ApiKey, Proxymux, ResourcePrincipal, SimulatedOci, Tenancy};
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let folder = std::env::args_os()
        .nth(1)
        .ok_or("the folder to write to is missing")?;
    let folder = PathBuf::from(folder);
    fs::create_dir_all(folder.join("rp"))?;
    fs::create_dir_all(folder.join("pod"))?;

    let oci = SimulatedOci::new(Tenancy::built_in()?, Timestamp::now)?;
    write_profiles(&oci, &folder)?;
    let function = oci.find("functions", "mcp")?;
    let principal = ResourcePrincipal::new(oci.clone(), folder.join("rp"), &function, HOUR)?;
    let proxymux = Proxymux::new(oci.clone(), &oci.find("clusters", "main")?, true)?;
    write(&folder, "pod/ca.crt", proxymux.certificate())?;
    write(
        &folder,
        "pod/token",
        &proxymux.service_account_token("default", "mcp", HOUR)?,
    )?;
    write(&folder, "resource.pem", &oci.resource_key(&function)?)?;
    oci.nest(&function, &oci.find("applications", "tools")?);

    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let nodes = TcpListener::bind((Ipv4Addr::LOCALHOST, 12250)).await.ok();
    let ready = json!({
        "endpoint": format!("http://{}", listener.local_addr()?),
        "tenancy": oci.tenancy_id(),
        "region": oci.region(),
        "function": function,
        "delegation_token": oci.delegation_token(USER, HOUR)?,
        "environment": principal.environment().into_iter().collect::<std::collections::BTreeMap<_, _>>(),
        "proxymux": nodes.is_some(),
    });
    writeln!(stdout(), "{ready}")?;

    let mut ignored = Vec::new();
    let mut stdin = tokio::io::stdin();
    tokio::select! {
        served = oci.serve(listener) => served?,
        served = serve_nodes(proxymux, nodes) => served?,
        () = principal.rotate_every(Duration::from_secs(2)) => {}
        _ended = stdin.read_to_end(&mut ignored) => {}
    }
    Ok(())
}

/// The port is fixed, so another program may have it.
async fn serve_nodes(proxymux: Proxymux, listener: Option<TcpListener>) -> std::io::Result<()> {
    match listener {
        Some(listener) => proxymux.serve(listener).await,
        None => std::future::pending().await,
    }
}

fn write_profiles(oci: &SimulatedOci, folder: &Path) -> Result<(), Failure> {
    let key = oci.api_key(USER)?;
    let session = oci.user_session(USER, HOUR)?;
    let stranger = SimulatedOci::new(Tenancy::built_in()?, Timestamp::now)?.api_key(USER)?;
    let token = write(folder, "token", &session.token)?;
    let mut config = String::new();
    for (name, key, more) in [
        ("DEFAULT", &key, String::new()),
        (
            "SESSION",
            &ApiKey {
                private_key: session.private_key,
                ..key.clone()
            },
            format!("security_token_file={token}\n"),
        ),
        ("STRANGER", &stranger, String::new()),
    ] {
        let file = write(
            folder,
            &format!("{}.pem", name.to_lowercase()),
            &key.private_key,
        )?;
        let ApiKey {
            tenancy,
            user,
            fingerprint,
            ..
        } = key;
        let region = oci.region();
        write!(
            config,
            "[{name}]\ntenancy={tenancy}\nuser={user}\nfingerprint={fingerprint}\nregion={region}\nkey_file={file}\n{more}"
        )?;
    }
    write(folder, "config", &config)?;
    Ok(())
}

fn write(folder: &Path, name: &str, content: &str) -> std::io::Result<String> {
    let path = folder.join(name);
    fs::write(&path, content)?;
    Ok(path.to_string_lossy().into_owned())
}

const HOUR: Duration = Duration::from_secs(60 * 60);
const USER: &str = "ada@example.com";
