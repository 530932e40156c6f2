//! `oci_ping`: is the server there, and who and where does it think it is.

use std::time::Instant;

use oci_mcp::{Annotations, Context, Json, NoArgs, Tool, ToolError};
use schemars::JsonSchema;
use serde::Serialize;

/// Reports what an instance knows of itself without asking anybody.
pub(crate) struct Ping {
    started: Instant,
    region: Option<String>,
    identity: Identity,
}

/// What the tool answers.
#[derive(Debug, JsonSchema, Serialize)]
pub(crate) struct Report {
    version: &'static str,
    host: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    identity: Identity,
    uptime_seconds: f64,
}

/// The kind of identity that the environment offers for requests to OCI.
#[derive(Clone, Copy, Debug, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Identity {
    None,
    ResourcePrincipal,
}

impl Ping {
    /// A tool of an instance that `started` then, in the environment that `lookup` finds.
    pub(crate) fn new(started: Instant, lookup: impl Fn(&str) -> Option<String>) -> Self {
        let region = lookup("OCI_REGION").or_else(|| lookup("OCI_RESOURCE_PRINCIPAL_REGION"));
        let identity = match lookup("OCI_RESOURCE_PRINCIPAL_VERSION") {
            Some(_) => Identity::ResourcePrincipal,
            None => Identity::None,
        };
        Self {
            started,
            region,
            identity,
        }
    }
}

impl Tool for Ping {
    type Args = NoArgs;
    type Output = Json<Report>;
    const NAME: &'static str = "oci_ping";
    const DESCRIPTION: &'static str = "Tells whether the server is up: its version, the host and \
        region it runs in, the kind of identity it has for OCI, and the uptime of this instance.";
    const TITLE: Option<&'static str> = Some("Ping");
    const ANNOTATIONS: Annotations = Annotations {
        open_world_hint: Some(false),
        ..Annotations::READ_ONLY
    };

    async fn call(&self, cx: &Context, _: NoArgs) -> Result<Json<Report>, ToolError> {
        Ok(Json(Report {
            version: env!("CARGO_PKG_VERSION"),
            host: cx.host(),
            region: self.region.clone(),
            identity: self.identity,
            uptime_seconds: (self.started.elapsed().as_secs_f64() * 1000.0).round() / 1000.0,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ping(set: &[(&str, &str)]) -> Ping {
        Ping::new(Instant::now(), |name| {
            let found = set.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_region_is_the_operators_or_else_the_platforms() {
        let platform = ("OCI_RESOURCE_PRINCIPAL_REGION", "us-phoenix-1");

        assert_eq!(ping(&[platform]).region.as_deref(), Some("us-phoenix-1"));
        assert_eq!(
            ping(&[platform, ("OCI_REGION", "x")]).region.as_deref(),
            Some("x")
        );
        assert_eq!(ping(&[]).region, None);
    }

    #[test]
    fn the_identity_is_what_the_platform_offers() {
        let offered = ping(&[("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2")]);

        assert_eq!(offered.identity, Identity::ResourcePrincipal);
        assert_eq!(ping(&[]).identity, Identity::None);
    }
}
