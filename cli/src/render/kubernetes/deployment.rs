//! The pods of a server.

use serde_json::{Value, json};

use super::{Args, Settings, labels};

/// What a `Deployment` is to be.
pub(super) fn spec(args: &Args, settings: &Settings, port: u16) -> Value {
    let env = settings
        .iter()
        .map(|(name, value)| json!({ "name": name, "value": value }));
    let env: Vec<_> = env.collect();
    let probe = |path: &str| json!({ "path": path, "port": "http" });
    json!({
        "selector": { "matchLabels": labels(args) },
        "template": {
            "metadata": { "labels": labels(args) },
            "spec": {
                // Workload identity exchanges this token for OCI's.
                "automountServiceAccountToken": true,
                "containers": [{
                    // Not in a map of their own, so that what changes them starts new pods.
                    "env": env,
                    "image": args.image,
                    // Requests still come for a moment after a pod is told to end. In the image is no shell that could wait.
                    "lifecycle": { "preStop": { "sleep": { "seconds": 5 } } },
                    "livenessProbe": { "httpGet": probe("/health"), "periodSeconds": 20, "timeoutSeconds": 5 },
                    "name": "oci-mcp",
                    "ports": [{ "containerPort": port, "name": "http" }],
                    "readinessProbe": { "httpGet": probe("/ready"), "periodSeconds": 5 },
                    "resources": { "limits": { "memory": "128Mi" }, "requests": { "cpu": "50m", "memory": "32Mi" } },
                    "securityContext": {
                        "allowPrivilegeEscalation": false,
                        "capabilities": { "drop": ["ALL"] },
                        "readOnlyRootFilesystem": true,
                    },
                }],
                // Beside a service that is called oci-mcp, Kubernetes would set OCI_MCP_PORT to tcp://…, which is no port.
                "enableServiceLinks": false,
                "imagePullSecrets": [{ "name": args.pull_secret }],
                "securityContext": {
                    "runAsGroup": 1000,
                    "runAsNonRoot": true,
                    "runAsUser": 1000,
                    "seccompProfile": { "type": "RuntimeDefault" },
                },
                "serviceAccountName": args.name,
                // 5 s before SIGTERM, and 25 s to drain.
                "terminationGracePeriodSeconds": 35,
                "topologySpreadConstraints": [{
                    "labelSelector": { "matchLabels": labels(args) },
                    "maxSkew": 1,
                    "topologyKey": "kubernetes.io/hostname",
                    "whenUnsatisfiable": "ScheduleAnyway",
                }],
            },
        },
    })
}
