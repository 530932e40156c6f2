//! `oci-mcp render kubernetes`: a server in a cluster, as `kubectl apply --filename -` takes it.

mod deployment;

use oci_mcp::ConfigError;
use serde_json::{Value, json};

use super::environment::{self, Checked, Place, Settings};
use super::limits::{IMAGE, hold, image};

/// The server's pods, and what belongs to them.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where they are
    #[arg(long, default_value = "mcp")]
    namespace: String,
    /// What they are called, and their service account
    #[arg(long, default_value = "oci-mcp")]
    name: String,
    /// The image, with its tag
    #[arg(long, default_value = IMAGE)]
    image: String,
    /// The secret by which the image is pulled
    #[arg(long, default_value = "ocir")]
    pull_secret: String,
    /// The namespace of the ingress controller, which alone is let in
    #[arg(long, default_value = "ingress-nginx")]
    ingress_namespace: String,
    /// The fewest pods
    #[arg(long, default_value_t = 2)]
    min_replicas: u32,
    /// The most pods
    #[arg(long, default_value_t = 10)]
    max_replicas: u32,
    #[command(flatten)]
    overrides: environment::Overrides,
}

/// The manifests.
///
/// # Errors
///
/// Every problem of the settings, and names that Kubernetes would refuse.
pub(super) fn document(args: &Args) -> Result<Value, ConfigError> {
    let (mut settings, mut vars) = environment::read(&args.overrides, &PLACE);
    let port = environment::port(&settings);
    settings.insert("OCI_MCP_PORT".to_owned(), port.to_string());
    hold_all(args, port, &mut vars);

    let manifests = [
        (
            "v1",
            "ServiceAccount",
            json!({ "automountServiceAccountToken": false }),
        ),
        (
            "apps/v1",
            "Deployment",
            spec(&deployment::spec(args, &settings, port)),
        ),
        ("v1", "Service", spec(&service(args))),
        (
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            spec(&autoscaler(args)),
        ),
        (
            "policy/v1",
            "PodDisruptionBudget",
            spec(&json!({ "maxUnavailable": 1, "selector": { "matchLabels": labels(args) } })),
        ),
        (
            "networking.k8s.io/v1",
            "NetworkPolicy",
            spec(&network_policy(args)),
        ),
    ];
    let items = manifests.map(|(version, kind, mut manifest)| {
        if let Some(members) = manifest.as_object_mut() {
            members.insert("apiVersion".to_owned(), json!(version));
            members.insert("kind".to_owned(), json!(kind));
            let metadata =
                json!({ "labels": labels(args), "name": args.name, "namespace": args.namespace });
            members.insert("metadata".to_owned(), metadata);
        }
        manifest
    });
    vars.finish(Some(
        json!({ "apiVersion": "v1", "items": items, "kind": "List" }),
    ))
}

/// Notes what Kubernetes, or a pod whose server is no root, would refuse.
fn hold_all(args: &Args, port: u16, vars: &mut Checked) {
    image(vars, &args.image, false);
    for (flag, name) in [
        ("--namespace", &args.namespace),
        ("--name", &args.name),
        ("--pull-secret", &args.pull_secret),
        ("--ingress-namespace", &args.ingress_namespace),
    ] {
        let limit = "up to 63 small letters, digits and hyphens, none of these at an end";
        hold(vars, flag, name, is_label(name), limit);
    }
    let (least, most) = (args.min_replicas, args.max_replicas);
    let limit = "at least 1";
    hold(vars, "--min-replicas", least, least > 0, limit);
    let limit = format!("at least --min-replicas, which is {least}");
    hold(vars, "--max-replicas", most, most >= least, limit);
    let limit = "the server is no root, so that its port is from 1024 to 65535";
    hold(vars, "OCI_MCP_PORT", port, port >= 1024, limit);
}

fn spec(spec: &Value) -> Value {
    json!({ "spec": spec })
}

fn labels(args: &Args) -> Value {
    json!({ "app.kubernetes.io/name": args.name })
}

fn service(args: &Args) -> Value {
    json!({ "ports": [{ "name": "http", "port": 80, "targetPort": "http" }], "selector": labels(args) })
}

fn autoscaler(args: &Args) -> Value {
    json!({
        "maxReplicas": args.max_replicas,
        "metrics": [{
            "resource": { "name": "cpu", "target": { "averageUtilization": 70, "type": "Utilization" } },
            "type": "Resource",
        }],
        "minReplicas": args.min_replicas,
        "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": args.name },
    })
}

fn network_policy(args: &Args) -> Value {
    let namespace = |name: &str| json!([{ "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": name } } }]);
    json!({
        "egress": [
            { "ports": [{ "port": 53, "protocol": "UDP" }, { "port": 53, "protocol": "TCP" }], "to": namespace("kube-system") },
            // OCI, the issuer of tokens; and where OKE gives out identities.
            { "ports": [{ "port": 443 }, { "port": 12250 }] },
        ],
        "ingress": [{ "from": namespace(&args.ingress_namespace), "ports": [{ "port": "http" }] }],
        "podSelector": { "matchLabels": labels(args) },
        "policyTypes": ["Ingress", "Egress"],
    })
}

fn is_label(name: &str) -> bool {
    (1..=63).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
}

/// A pod with this program's image.
const PLACE: Place = Place {
    name: "a pod",
    given: &[("OCI_MCP_BIND", "0.0.0.0")],
    set: &[("OCI_MCP_HOST", "container")],
    // Of all that Kubernetes keeps.
    max_bytes: 1024 * 1024,
    is_name: environment::POSIX_NAME,
};
