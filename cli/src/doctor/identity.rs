//! Who requests to OCI are signed for, where that was found, and how long it lasts.

use std::time::{Duration, SystemTime};

use data_encoding::BASE64URL_NOPAD;
use oci_rest::{ConfigFile, Credential, Environment, Region};
use serde_json::{Map, Value};
use tokio::time::timeout;

use super::finding::{Finding, chain, quoted};
use crate::oci::Oci;

/// What is known of the identity, for those who go on with it.
pub(super) struct Identity {
    pub(super) oci: Option<Oci>,
    /// Where to ask: that of the operator or the identity.
    pub(super) region: Option<Region>,
    /// Whether there is something to sign with.
    pub(super) can_sign: bool,
    pub(super) findings: Vec<Finding>,
}

impl Identity {
    /// What to call it.
    pub(super) fn principal(&self) -> &str {
        self.oci
            .as_ref()
            .map_or("", |oci| oci.client.principal().name())
    }
}

/// Looks at the identity that `connected` has, on `host`.
pub(super) async fn examine(
    connected: Result<Oci, crate::oci::Unavailable>,
    environment: &Environment,
    host: &str,
    now: SystemTime,
) -> Identity {
    let oci = match connected {
        Ok(oci) => oci,
        Err(error) => {
            return Identity {
                oci: None,
                region: None,
                can_sign: false,
                findings: vec![none(&error.to_string(), host, environment)],
            };
        }
    };
    let principal = oci.client.principal();
    let place = place(principal.name(), environment);
    let mut findings = vec![Finding::good(format!("{}, of {place}", principal.name()))];
    let credential = match timeout(PATIENCE, principal.credential()).await {
        Ok(Ok(credential)) => Some(credential),
        Ok(Err(error)) => {
            findings = vec![
                Finding::problem(format!("{} cannot be used", principal.name()))
                    .because(chain(&error))
                    .mend(format!("look at {place}")),
            ];
            None
        }
        Err(_) => {
            let what = format!(
                "{} gave no credential within {PATIENCE:?}",
                principal.name()
            );
            findings = vec![
                Finding::problem(what)
                    .mend(format!("look at {place}, and whether it can be reached")),
            ];
            None
        }
    };
    let own = credential
        .as_ref()
        .and_then(|credential| credential.region());
    let region = oci.region.clone().or_else(|| own.cloned());
    if let Some(credential) = &credential {
        findings.extend(lasting(credential, now));
        if region.is_none() {
            findings.push(
                Finding::problem("it is not known which region is to be asked")
                    .because("neither the identity nor a variable names one")
                    .mend("OCI_REGION=<region>, such as us-ashburn-1"),
            );
        }
    }
    Identity {
        oci: Some(oci),
        region,
        can_sign: credential.is_some(),
        findings,
    }
}

/// That there is no identity: `problem` is a page, of which most is for other hosts.
fn none(problem: &str, host: &str, environment: &Environment) -> Finding {
    let (found, advice) = problem
        .split_once("\nwhat gives one")
        .unwrap_or((problem, ""));
    let (what, why) = found.split_once('\n').unwrap_or((found, ""));
    let hosts: &[&str] = match host {
        "functions" => &["Functions"],
        "datascience" => &["model deployment"],
        _ if environment.var("KUBERNETES_SERVICE_HOST").is_some() => &["OKE"],
        _ => &[
            "container instance",
            "hosted application",
            "compute instance",
            "laptop",
        ],
    };
    let of_host = |line: &&str| {
        let name = line.trim_start().split(':').next().unwrap_or_default();
        hosts.contains(&name)
    };
    let advice: Vec<_> = advice.lines().filter(of_host).map(str::trim).collect();
    let mut finding = Finding::problem(what);
    if !why.is_empty() {
        // What is not set is most of the page.
        let found: Vec<_> = why
            .lines()
            .filter(|line| !line.ends_with(": not set"))
            .collect();
        finding = finding.because(found.join("\n"));
    }
    if !advice.is_empty() {
        finding = finding.mend(advice.join("\n"));
    }
    finding
}

/// How long the credential lasts, and for whom it speaks. Its token is never told, some claims of it are.
fn lasting(credential: &Credential, now: SystemTime) -> Vec<Finding> {
    let mut facts: Vec<String> = claims(credential);
    if facts.is_empty() {
        facts.extend(
            credential
                .tenancy()
                .map(|tenancy| format!("tenancy {tenancy}")),
        );
    }
    facts.extend(credential.region().map(|region| format!("region {region}")));
    let Some(expires) = credential.expires() else {
        return vec![Finding::good(format!(
            "it does not expire: {}",
            facts.join(", ")
        ))];
    };
    let facts = facts.join(", ");
    vec![match expires.duration_since(now) {
        Ok(left) if left > SOON => Finding::good(format!(
            "its token is good for {} more minutes: {facts}",
            left.as_secs() / 60
        )),
        Ok(left) => Finding::warning(format!(
            "its token expires in {} s: {facts}",
            left.as_secs()
        ))
        .because("whoever renews it has not done so yet")
        .mend("on OCI the host renews it; on a laptop: oci session refresh"),
        Err(_) => Finding::problem(format!("its token has expired: {facts}"))
            .mend("on OCI the host renews it; on a laptop: oci session authenticate"),
    }]
}

/// Claims that say for whom a token speaks, and nothing that must be kept.
fn claims(credential: &Credential) -> Vec<String> {
    let Some(token) = credential.key_id().strip_prefix("ST$") else {
        return Vec::new();
    };
    let payload = token.split('.').nth(1).unwrap_or_default();
    let payload = BASE64URL_NOPAD.decode(payload.trim_end_matches('=').as_bytes());
    let payload = payload.unwrap_or_default();
    let claims: Map<String, Value> = serde_json::from_slice(&payload).unwrap_or_default();
    let known = |name: &str| claims.get(name).and_then(Value::as_str);
    let told = CLAIMS
        .iter()
        .filter(|name| **name != "tenant" || known("res_tenant").is_none());
    told.filter_map(|name| Some(format!("{name} {}", quoted(known(name)?))))
        .collect()
}

/// Where the principal called `name` has what it signs with. Values of variables are told only where they
/// are paths or addresses.
fn place(name: &str, environment: &Environment) -> String {
    let named = |variables: &[&str]| -> Vec<String> {
        let set = variables.iter().filter_map(|variable| {
            let value = environment.var(variable)?;
            let value = value.trim();
            let is_secret = SECRETS.contains(variable) && !value.starts_with('/');
            Some(if !is_secret && !value.contains('@') {
                format!("{variable}={}", quoted(value))
            } else {
                format!("{variable}, the value itself")
            })
        });
        set.collect()
    };
    let chosen = named(&["OCI_MCP_AUTH_TYPE", "OCI_CLI_AUTH"]);
    let mut places = if name.starts_with("API key") || name.starts_with("session") {
        let file = ConfigFile::open(None, environment);
        let file = file.map(|file| file.path().display().to_string());
        file.into_iter().chain(named(PROFILE)).collect()
    } else if name.starts_with("instance") {
        let base = environment.var("OCI_METADATA_BASE_URL");
        vec![base.unwrap_or_else(|| "http://169.254.169.254/opc/v2".to_owned())]
    } else if name.starts_with("OKE") {
        named(POD)
    } else {
        named(RESOURCE)
    };
    places.extend(chosen);
    places.join(", ")
}

const PATIENCE: Duration = Duration::from_secs(15);
/// Hosts renew tokens long before.
const SOON: Duration = Duration::from_secs(60);
const CLAIMS: [&str; 7] = [
    "sub",
    "ptype",
    "ttype",
    "res_type",
    "res_tenant",
    "tenant",
    "res_compartment",
];
const PROFILE: &[&str] = &["OCI_CONFIG_PROFILE", "OCI_CLI_PROFILE", "OCI_CLI_KEY_FILE"];
/// Secrets, unless they are absolute paths.
const SECRETS: &[&str] = &[
    "OCI_RESOURCE_PRINCIPAL_RPST",
    "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM",
];
const POD: &[&str] = &["KUBERNETES_SERVICE_HOST", "OCI_RESOURCE_PRINCIPAL_REGION"];
const RESOURCE: &[&str] = &[
    "OCI_RESOURCE_PRINCIPAL_VERSION",
    "OCI_RESOURCE_PRINCIPAL_RPST",
    "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM",
    "OCI_RESOURCE_PRINCIPAL_REGION",
    "OCI_RESOURCE_PRINCIPAL_RPT_ENDPOINT",
    "OCI_RESOURCE_PRINCIPAL_RPST_ENDPOINT",
];

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::future::{BoxFuture, pending};
    use oci_rest::{
        Client, Endpoints, Fixed, Principal, PrincipalError, PrivateKey, SecurityToken,
        Surroundings,
    };

    use super::*;
    use crate::doctor::finding::Verdict;
    use crate::oci::fake;

    const HOUR: Duration = Duration::from_secs(3600);

    /// The key and the token of a user's session, which began at noon.
    fn session() -> (Credential, String) {
        let session = fake::simulated().user_session("ada@example.com", HOUR);
        let session = session.unwrap();
        let token = SecurityToken::parse(&session.token).unwrap();
        let key = PrivateKey::from_pem(session.private_key.as_bytes(), None).unwrap();
        (Credential::token(&token, Arc::new(key)), session.token)
    }

    fn after(time: Duration) -> SystemTime {
        fake::clock()() + time
    }

    fn way(principal: Arc<dyn Principal>) -> Oci {
        let oci = fake::simulated();
        let Surroundings { services, .. } = fake::with(&oci);
        Oci {
            client: Client::new(principal, services, fake::clock(), || 7),
            endpoints: Endpoints::default(),
            region: None,
        }
    }

    #[test]
    fn how_long_a_token_lasts_is_told_and_never_the_token() {
        let (credential, token) = session();
        let minute = Duration::from_secs(60);

        let rows = [
            (Duration::ZERO, Verdict::Good, "good for 60 more minutes"),
            (minute * 119 / 2, Verdict::Warning, "expires in 30 s"),
            (HOUR + minute, Verdict::Problem, "has expired"),
        ];
        for (passed, verdict, text) in rows {
            let findings = lasting(&credential, after(passed));

            let told = format!("{findings:?}");
            assert_eq!(findings[0].verdict, verdict, "{told}");
            assert!(told.contains(text), "no {text} in {told}");
            assert!(told.contains("ptype user"), "{told}");
            assert!(token.split('.').all(|part| !told.contains(part)), "{told}");
        }
    }

    #[tokio::test]
    async fn a_region_that_nobody_names_is_a_problem() {
        let (credential, _) = session();
        let principal = Arc::new(Fixed::new("session of profile DEFAULT", credential));
        let nothing = fake::environment::<&str, &str>([]);

        let found = examine(Ok(way(principal)), &nothing, "container", after(HOUR / 2)).await;

        let last = found.findings.last().unwrap();
        assert_eq!(last.verdict, Verdict::Problem, "{:?}", found.findings);
        assert!(
            last.remedy.as_ref().unwrap().contains("OCI_REGION"),
            "{last:?}"
        );
        assert!(found.can_sign && found.region.is_none());
    }

    /// An identity that is waited for in vain.
    #[derive(Debug)]
    struct Silent;

    impl Principal for Silent {
        fn name(&self) -> &'static str {
            "instance principal"
        }

        fn credential(&self) -> BoxFuture<'_, Result<Arc<Credential>, PrincipalError>> {
            Box::pin(pending())
        }

        fn invalidate(&self, _: &Arc<Credential>) {}
    }

    #[tokio::test(start_paused = true)]
    async fn an_identity_that_does_not_come_is_not_waited_for() {
        let nothing = fake::environment::<&str, &str>([]);

        let found = examine(
            Ok(way(Arc::new(Silent))),
            &nothing,
            "container",
            after(HOUR),
        )
        .await;

        let problem = format!("{:?}", found.findings);
        assert_eq!(found.findings[0].verdict, Verdict::Problem);
        assert!(
            problem.contains("within 15s") && problem.contains("169.254.169.254"),
            "{problem}"
        );
        assert!(!found.can_sign);
    }

    #[test]
    fn a_variable_that_holds_a_secret_is_named_without_its_value() {
        let variables = [
            ("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2"),
            ("OCI_RESOURCE_PRINCIPAL_RPST", "eyJ.literal.token"),
            ("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM", "/etc/key.pem"),
            (
                "OCI_RESOURCE_PRINCIPAL_RPT_ENDPOINT",
                "https://user:secret@example",
            ),
        ];

        let told = place("resource principal 2.2", &fake::environment(variables));

        assert!(
            told.contains("OCI_RESOURCE_PRINCIPAL_RPST, the value itself"),
            "{told}"
        );
        assert!(told.contains("PRIVATE_PEM=/etc/key.pem"), "{told}");
        assert!(
            !told.contains("literal") && !told.contains("secret"),
            "{told}"
        );
    }
}
