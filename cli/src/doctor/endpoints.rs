//! Whether everything that the server asks can be reached: names, connections, certificates.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::DATE;
use http::{Request, Uri};
use oci_mcp_tools::OciTools;
use oci_rest::{Catalogue, Endpoints, Region, Template, Transport, TransportErrorKind};
use tokio::net::lookup_host;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tower::ServiceExt;

use super::clock::Reading;
use super::finding::{Finding, chain};

/// What is asked, and what for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Address {
    pub(super) url: String,
    /// Who needs it, in words.
    pub(super) of: &'static str,
}

/// What decides what is asked.
pub(super) struct Asked<'a> {
    pub(super) tools: &'a OciTools,
    pub(super) endpoints: &'a Endpoints,
    pub(super) region: Option<&'a Region>,
    /// What the identity is called.
    pub(super) principal: &'a str,
}

impl Asked<'_> {
    /// Everything that the tools ask, and the server itself by the settings that `lookup` finds, each address
    /// once. What cannot be known yet is a finding.
    pub(super) fn addresses(
        &self,
        lookup: &dyn Fn(&str) -> Option<String>,
    ) -> (Vec<Address>, Vec<Finding>) {
        let (mut found, mut findings) = (Vec::new(), Vec::new());
        if let Some(region) = self.region {
            let services = self.tools.addresses(self.endpoints, region).into_iter();
            found.extend(services.map(|endpoint| (endpoint.to_string(), "for tools")));
            let exchanges = EXCHANGING
                .iter()
                .any(|kind| self.principal.starts_with(kind));
            let auth = exchanges.then_some((AUTH, "for the identity"));
            let own = auth.into_iter().chain([(OBJECT_STORAGE, "for oci_ping")]);
            found.extend(own.filter_map(|(url, of)| {
                let endpoint = self
                    .endpoints
                    .service(region, &Template::new(url), None)
                    .ok()?;
                Some((endpoint.to_string(), of))
            }));
        } else {
            let because = "the region is not known; see identity";
            findings.push(Finding::not_checked("the services that tools ask", because));
        }
        found.extend(of_settings(self.endpoints, lookup));
        let mut addresses: Vec<Address> = Vec::new();
        for (url, of) in found {
            if !addresses.iter().any(|known| known.url == url) {
                addresses.push(Address { url, of });
            }
        }
        (addresses, findings)
    }
}

/// What settings of the server lead to.
fn of_settings(
    endpoints: &Endpoints,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Vec<(String, &'static str)> {
    let mut found = Vec::new();
    for name in URLS {
        // What is wrong with one is told of the settings.
        let url = lookup(name).filter(|url| !url.trim().is_empty());
        found.extend(url.map(|url| (url.trim().to_owned(), name)));
    }
    for (name, operation) in OCIDS {
        let id = lookup(name).unwrap_or_default();
        let endpoint = region_of(endpoints, &id).and_then(|region| {
            let catalogue = Catalogue::new();
            let operation = catalogue.find(operation).ok()?;
            operation.endpoint(endpoints, &region, None).ok()
        });
        found.extend(endpoint.map(|endpoint| (endpoint.to_string(), name)));
    }
    found
}

/// The region that an OCID names.
pub(super) fn region_of(endpoints: &Endpoints, id: &str) -> Option<Region> {
    let region = id.split('.').nth(3)?;
    endpoints.regions().configured(region).ok()
}

/// Asks each of `addresses`, not too many at a time: a name is looked up on a thread.
pub(super) async fn examine(
    addresses: Vec<Address>,
    transport: &Transport,
    now: fn() -> SystemTime,
) -> (Vec<Finding>, Vec<Reading>) {
    let room = Arc::new(Semaphore::new(AT_A_TIME));
    let mut asked = JoinSet::new();
    for (number, address) in addresses.into_iter().enumerate() {
        let (room, transport) = (Arc::clone(&room), transport.clone());
        asked.spawn(async move {
            // It is never closed.
            let _room = room.acquire_owned().await;
            let (finding, reading) = ask(&address, transport, now).await;
            (number, finding, reading)
        });
    }
    let mut told = asked.join_all().await;
    told.sort_unstable_by_key(|(number, ..)| *number);
    let (mut findings, mut readings) = (Vec::new(), Vec::new());
    for (_, finding, reading) in told {
        findings.push(finding);
        readings.extend(reading);
    }
    (findings, readings)
}

/// Any answer will do, also that of a service which refuses what is not signed.
async fn ask(
    address: &Address,
    transport: Transport,
    now: fn() -> SystemTime,
) -> (Finding, Option<Reading>) {
    let Address { url, of } = address;
    let uri: Uri = match url.parse() {
        Ok(uri) => uri,
        Err(error) => {
            return (
                Finding::problem(format!("{url} is no URL: {error}, {of}"))
                    .mend("a URL in its setting, such as https://host.example"),
                None,
            );
        }
    };
    let host = uri.host().unwrap_or_default().to_owned();
    if let Err(problem) = look_up(&uri).await {
        let finding = Finding::problem(format!("the name {host} is not known, {of}"));
        return (finding.because(problem).mend(NAMES), None);
    }
    let mut request = Request::new(Bytes::new());
    *request.uri_mut() = uri;
    let start = Instant::now();
    match transport.oneshot(request).await {
        Ok(answer) => {
            let took = start.elapsed().as_millis();
            let date = answer
                .headers()
                .get(DATE)
                .and_then(|date| date.to_str().ok());
            let theirs = date.and_then(|date| httpdate::parse_http_date(date).ok());
            let ours = now();
            let reading = theirs.map(|theirs| Reading { host, theirs, ours });
            (
                Finding::good(format!("{url} answers within {took} ms, {of}")),
                reading,
            )
        }
        Err(error) => {
            let remedy = match error.kind() {
                TransportErrorKind::Tls => CERTIFICATES,
                TransportErrorKind::Refused => "https, not plain http",
                _ => WAYS,
            };
            let finding = Finding::problem(format!("{url} cannot be reached, {of}"));
            (finding.because(chain(&error)).mend(remedy), None)
        }
    }
}

/// Looks the name up on its own, because afterwards nobody tells an unknown name from a network that is not there.
///
/// # Errors
///
/// Why there is no address.
pub(super) async fn look_up(uri: &Uri) -> Result<(), String> {
    let host = uri.host().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let port = uri.port_u16().unwrap_or(443);
    match timeout(LOOK_UP, lookup_host((bare, port))).await {
        Ok(Ok(mut addresses)) => match addresses.next() {
            Some(_) => Ok(()),
            None => Err("it has no address".to_owned()),
        },
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {LOOK_UP:?}")),
    }
}

const AT_A_TIME: usize = 8;
const LOOK_UP: Duration = Duration::from_secs(5);
const OBJECT_STORAGE: &str = "https://objectstorage.{region}.{secondLevelDomain}";
const AUTH: &str = "https://auth.{region}.{secondLevelDomain}";
/// Identities that exchange what they have for a token at the identity service.
const EXCHANGING: [&str; 4] = [
    "instance principal",
    "resource principal 1",
    "resource principal 2.1",
    "resource principal 3",
];
const URLS: [&str; 4] = [
    "OCI_MCP_ACCESS_IDENTITY_DOMAIN",
    "OCI_MCP_ACCESS_INTROSPECTION_URL",
    "OCI_MCP_ACCESS_ISSUER",
    "OCI_MCP_ACCESS_JWKS_URL",
];
/// Settings that name something in OCI, and the operation that the server asks for it.
const OCIDS: [(&str, &str); 4] = [
    ("OCI_MCP_ACCESS_CLIENT_SECRET_ID", SECRET),
    ("OCI_MCP_ACCESS_SECRET_ID", SECRET),
    ("OCI_MCP_AUDIT_LOG_ID", "loggingingestion.put_logs"),
    ("OCI_MCP_STATE_KEY_SECRET_ID", SECRET),
];
const SECRET: &str = "secrets.get_secret_bundle";
const NAMES: &str = "look at the region's name, and at DNS: nslookup of that name, from here; in \
    a VCN \
    the subnet's DHCP options must have a resolver";
const WAYS: &str = "let this machine out to it by HTTPS: in a VCN a service or NAT gateway, its \
    route, and \
    an egress rule for TCP 443; in a cluster the network policy";
const CERTIFICATES: &str =
    "SSL_CERT_FILE=<PEM file of the authority>, if it is a private one or a proxy's";

#[cfg(test)]
mod tests {
    use http::Response;
    use oci_mcp::Vars;
    use oci_rest::TransportError;

    use super::*;
    use crate::doctor::finding::Verdict;
    use crate::oci::fake;

    fn addresses(principal: &str, settings: &'static [(&str, &str)]) -> Vec<String> {
        let lookup = move |name: &str| {
            let found = settings.iter().find(|(own, _)| *own == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let mut vars = Vars::new(lookup);
        let tools = OciTools::read(&mut vars, Box::new(|| Err("nothing is asked".into())));
        let endpoints = Endpoints::default();
        let region = endpoints.regions().requested("phx").unwrap();
        let asked = Asked {
            tools: &tools,
            endpoints: &endpoints,
            region: Some(&region),
            principal,
        };
        let (addresses, _) = asked.addresses(&lookup);
        addresses.into_iter().map(|address| address.url).collect()
    }

    #[test]
    fn what_the_tools_the_identity_and_the_settings_lead_to_is_asked() {
        let function = addresses("resource principal 2.2", &[("OCI_MCP_TOOLSETS", "compute")]);
        let instance = addresses(
            "instance principal",
            &[
                ("OCI_MCP_TOOLSETS", "compute"),
                ("OCI_MCP_ACCESS_JWKS_URL", "https://issuer.example/jwks"),
                ("OCI_MCP_AUDIT_LOG_ID", "ocid1.log.oc1.iad.aaaa"),
                (
                    "OCI_MCP_STATE_KEY_SECRET_ID",
                    "ocid1.vaultsecret.oc1.eu-frankfurt-1.aaaa",
                ),
            ],
        );

        let iaas = "https://iaas.us-phoenix-1.oraclecloud.com";
        let storage = "https://objectstorage.us-phoenix-1.oraclecloud.com";
        assert_eq!(function, [iaas, storage]);
        assert_eq!(
            instance,
            [
                iaas,
                "https://auth.us-phoenix-1.oraclecloud.com",
                storage,
                "https://issuer.example/jwks",
                "https://ingestion.logging.us-ashburn-1.oci.oraclecloud.com",
                "https://secrets.vaults.eu-frankfurt-1.oci.oraclecloud.com",
            ]
        );
    }

    /// What is found of one address, to which every request fails in this way, or is answered.
    async fn asked(url: &str, failure: Option<TransportErrorKind>) -> (Finding, Option<Reading>) {
        let transport = Transport::new(tower::service_fn(move |_: Request<Bytes>| async move {
            match failure {
                Some(kind) => Err(TransportError::new(kind, "it failed so")),
                None => Ok(Response::builder()
                    .status(401)
                    .header(DATE, "Sat, 21 Nov 2026 12:00:05 GMT")
                    .body(Bytes::new())
                    .unwrap()),
            }
        }));
        let address = Address {
            url: url.to_owned(),
            of: "for tools",
        };
        let (mut findings, mut readings) =
            examine(vec![address], &transport, || fake::clock()()).await;
        (findings.remove(0), readings.pop())
    }

    #[tokio::test]
    async fn any_answer_will_do_and_tells_the_time() {
        let (finding, reading) = asked("https://127.0.0.1", None).await;

        assert_eq!(finding.verdict, Verdict::Good);
        let reading = reading.unwrap();
        let skew = reading.theirs.duration_since(reading.ours).unwrap();
        assert_eq!(skew, Duration::from_secs(5));
    }

    #[tokio::test]
    async fn each_way_to_fail_is_told_with_its_own_remedy() {
        let rows = [
            (TransportErrorKind::Tls, "SSL_CERT_FILE"),
            (TransportErrorKind::ConnectTimeout, "egress rule"),
            (TransportErrorKind::Refused, "https, not plain http"),
        ];

        for (kind, remedy) in rows {
            let (finding, reading) = asked("https://127.0.0.1", Some(kind)).await;

            assert_eq!(finding.verdict, Verdict::Problem);
            assert_eq!(finding.why.as_deref(), Some("it failed so"));
            assert!(
                finding.remedy.as_ref().unwrap().contains(remedy),
                "{finding:?}"
            );
            assert!(reading.is_none());
        }
        let (finding, _) = asked("https://[", None).await;
        assert!(finding.what.contains("is no URL"), "{finding:?}");
    }
}
