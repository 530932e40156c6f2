//! Whether the port of a container or model deployment can be listened at, or is.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use bytes::Bytes;
use http::{Request, Uri};
use oci_rest::Transport;
use tower::ServiceExt;

use super::finding::Finding;

/// Looks at `address` on a machine whose files are under `root`.
pub(super) async fn examine(
    address: SocketAddr,
    root: &Path,
    in_pod: bool,
    transport: &Transport,
) -> Vec<Finding> {
    let mut findings = vec![match TcpListener::bind(address) {
        Ok(_) => Finding::good(format!("{address}, where the server listens, is free")),
        Err(error) if error.kind() == ErrorKind::AddrInUse => taken(address, transport).await,
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            Finding::problem(format!("this user may not listen at {address}"))
                .because("ports below 1024 are for root")
                .mend("OCI_MCP_PORT=8080")
        }
        Err(error) => Finding::problem(format!("the server cannot listen at {address}"))
            .because(error)
            .mend("OCI_MCP_BIND=0.0.0.0, or an address that this machine has"),
    }];
    let contained = [".dockerenv", "run/.containerenv"];
    let in_container = in_pod || contained.iter().any(|name| root.join(name).exists());
    if in_container && address.ip().is_loopback() {
        findings.push(
            Finding::warning(format!(
                "nobody outside of this container reaches {address}"
            ))
            .because("a container's loopback address is its own, or that of its pod")
            .mend("OCI_MCP_BIND=0.0.0.0, with OCI_MCP_ACCESS to say who may call"),
        );
    }
    findings
}

/// Something listens at `address`: is it a server like this one?
async fn taken(address: SocketAddr, transport: &Transport) -> Finding {
    let port = address.port();
    // Plain HTTP is for loopback alone, where a server that listens everywhere is found, too.
    let host = if address.is_ipv6() {
        "[::1]"
    } else {
        "127.0.0.1"
    };
    let uri = format!("http://{host}:{port}/health").parse::<Uri>();
    let mut request = Request::new(Bytes::new());
    *request.uri_mut() = uri.unwrap_or_default();
    let is_server = match transport.clone().oneshot(request).await {
        Ok(answer) => {
            answer.status() == 200 && answer.body().windows(7).any(|word| word == b"healthy")
        }
        Err(_) => false,
    };
    if is_server {
        return Finding::good(format!("a server is at {address}, and healthy"));
    }
    Finding::problem(format!("something else listens at {address}"))
        .because("it does not answer GET /health as this server does")
        .mend(format!(
            "OCI_MCP_PORT=<a free one>, or end what `ss -ltnp 'sport = :{port}'` shows"
        ))
}

#[cfg(test)]
mod tests {
    use http::Response;
    use tempfile::TempDir;

    use super::*;
    use crate::doctor::finding::Verdict;

    fn answering(status: u16, body: &'static str) -> Transport {
        Transport::new(tower::service_fn(move |_: Request<Bytes>| async move {
            let answer = Response::builder().status(status).body(Bytes::from(body));
            Ok(answer.unwrap())
        }))
    }

    /// A port that is taken.
    fn held() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    #[tokio::test]
    async fn a_free_port_and_one_that_a_healthy_server_has_are_good() {
        let machine = TempDir::new().unwrap();
        let (_listener, address) = held();
        let free = "127.0.0.1:0".parse().unwrap();
        let healthy = answering(200, r#"{"status":"healthy"}"#);

        for address in [free, address] {
            let findings = examine(address, machine.path(), false, &healthy).await;

            assert_eq!(findings.len(), 1, "{findings:?}");
            assert_eq!(findings[0].verdict, Verdict::Good, "{findings:?}");
        }
    }

    #[tokio::test]
    async fn a_port_that_something_else_has_is_a_problem() {
        let machine = TempDir::new().unwrap();
        let (_listener, address) = held();

        let findings = examine(address, machine.path(), false, &answering(200, "Hello")).await;

        assert_eq!(findings[0].verdict, Verdict::Problem);
        assert!(
            findings[0]
                .remedy
                .as_ref()
                .unwrap()
                .contains("OCI_MCP_PORT"),
            "{findings:?}"
        );
    }

    #[tokio::test]
    async fn an_address_that_the_machine_does_not_have_is_a_problem() {
        let machine = TempDir::new().unwrap();
        // TEST-NET-1 of RFC 5737.
        let address = "192.0.2.1:8080".parse().unwrap();

        let findings = examine(address, machine.path(), false, &answering(200, "")).await;

        assert_eq!(findings[0].verdict, Verdict::Problem);
        assert!(findings[0].what.contains("cannot listen"), "{findings:?}");
    }

    #[tokio::test]
    async fn loopback_in_a_container_is_a_warning() {
        let machine = TempDir::new().unwrap();
        std::fs::write(machine.path().join(".dockerenv"), "").unwrap();
        let free = "127.0.0.1:0".parse().unwrap();
        let nobody = answering(404, "");

        let container = examine(free, machine.path(), false, &nobody).await;
        let pod = examine(free, Path::new("/nonexistent"), true, &nobody).await;

        for findings in [container, pod] {
            assert_eq!(findings[1].verdict, Verdict::Warning);
            assert!(
                findings[1]
                    .remedy
                    .as_ref()
                    .unwrap()
                    .contains("OCI_MCP_BIND=0.0.0.0")
            );
        }
    }
}
