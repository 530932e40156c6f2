//! Where a client finds out who gives tokens for this server: RFC 9728.

use std::error::Error;
use std::fmt;

use serde::Serialize;

use crate::outbound::SecureUrl;
use crate::scopes::Scopes;

/// Protected resource metadata (RFC 9728, section 2), to be served as `application/json`.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct ResourceMetadata {
    resource: String,
    authorization_servers: Vec<String>,
    #[serde(skip_serializing_if = "Scopes::is_empty")]
    scopes_supported: Scopes,
    bearer_methods_supported: [&'static str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_name: Option<String>,
}

impl ResourceMetadata {
    /// The metadata of the MCP endpoint at `resource`, the URL that clients use: it has no slash at
    /// its end. `scopes` are those that a client may have to ask for.
    ///
    /// # Errors
    ///
    /// [`InvalidMetadata`] if there is no authorization server, which MCP asks for, or if the scopes
    /// have `offline_access`, which is between client and authorization server.
    pub fn new(
        resource: &SecureUrl,
        authorization_servers: impl IntoIterator<Item = SecureUrl>,
        scopes: Scopes,
    ) -> Result<Self, InvalidMetadata> {
        let servers = authorization_servers.into_iter();
        let authorization_servers: Vec<_> = servers.map(|url| url.as_str().to_owned()).collect();
        if authorization_servers.is_empty() {
            return Err(InvalidMetadata("there is no authorization server"));
        }
        if scopes.iter().any(|scope| scope == "offline_access") {
            return Err(InvalidMetadata(
                "`offline_access` is not a scope of this server; clients ask for it themselves",
            ));
        }
        Ok(Self {
            resource: resource.as_str().trim_end_matches('/').to_owned(),
            authorization_servers,
            scopes_supported: scopes,
            bearer_methods_supported: ["header"],
            resource_name: None,
        })
    }

    /// Adds a name for people.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.resource_name = Some(name.into());
        self
    }

    /// The URL of the server, which is also the audience of its tokens (RFC 8707).
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.resource
    }
}

/// Where the metadata of `resource` belongs (RFC 9728, section 3.1): what a challenge names.
///
/// ```
/// use oci_mcp_access::{SecureUrl, metadata_url};
///
/// let resource = SecureUrl::parse("https://tools.example/v1/mcp")?;
///
/// assert_eq!(
///     metadata_url(&resource).as_str(),
///     "https://tools.example/.well-known/oauth-protected-resource/v1/mcp",
/// );
/// # Ok::<(), oci_mcp_access::InvalidUrl>(())
/// ```
#[must_use]
pub fn metadata_url(resource: &SecureUrl) -> SecureUrl {
    let (_, path) = resource.split();
    resource.at(&format!("{WELL_KNOWN}{path}"))
}

/// The paths for which a gateway needs routes to the metadata of the MCP endpoint at `path`, such as
/// `/mcp`, if everything is reached under `prefix`, such as `/v1` of a deployment, or an empty one.
///
/// The first is the one that [`metadata_url`] names; then the root, which clients try next; then both
/// below the prefix, for a gateway that passes on nothing else: a challenge can name them.
#[must_use]
pub fn well_known_paths(prefix: &str, path: &str) -> Vec<String> {
    let (prefix, path) = (prefix.trim_end_matches('/'), path.trim_end_matches('/'));
    let mut paths = vec![
        format!("{WELL_KNOWN}{prefix}{path}"),
        WELL_KNOWN.to_owned(),
        format!("{prefix}{WELL_KNOWN}{path}"),
        format!("{prefix}{WELL_KNOWN}"),
    ];
    if prefix.is_empty() {
        paths.truncate(2);
    }
    paths.dedup();
    paths
}

/// Whether a request for `requested` is for the metadata of the MCP endpoint at `path`, under
/// whatever prefix: all of [`well_known_paths`], for a server that does not know its prefix.
#[must_use]
pub fn is_metadata_path(requested: &str, path: &str) -> bool {
    let rest = requested.split_once(WELL_KNOWN).map(|(_, rest)| rest);
    rest.is_some_and(|rest| {
        let rest = rest.trim_end_matches('/');
        rest.is_empty() || rest.starts_with('/') && rest.ends_with(path.trim_end_matches('/'))
    })
}

/// Metadata that clients could not use.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InvalidMetadata(&'static str);

impl fmt::Display for InvalidMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for InvalidMetadata {}

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn url(text: &str) -> SecureUrl {
        SecureUrl::parse(text).unwrap()
    }

    #[test]
    fn the_document_has_what_mcp_asks_for() {
        let scopes = Scopes::parse("write:tools read:tools").unwrap();
        let issuer = url("https://issuer.example/realms/a");

        let metadata = ResourceMetadata::new(&url("https://a.example/mcp/"), [issuer], scopes);

        assert_eq!(
            serde_json::to_value(metadata.unwrap().name("Tools")).unwrap(),
            json!({
                "resource": "https://a.example/mcp",
                "authorization_servers": ["https://issuer.example/realms/a"],
                "scopes_supported": ["read:tools", "write:tools"],
                "bearer_methods_supported": ["header"],
                "resource_name": "Tools",
            }),
        );
    }

    #[test]
    fn a_document_without_authorization_server_or_with_offline_access_is_refused() {
        let resource = url("https://a.example/mcp");
        let offline = Scopes::parse("read:tools offline_access").unwrap();
        let issuer = url("https://issuer.example");

        let lonely = ResourceMetadata::new(&resource, [], Scopes::default());
        let offline = ResourceMetadata::new(&resource, [issuer], offline);

        assert!(lonely.is_err());
        assert!(offline.is_err());
    }

    #[test]
    fn the_well_known_paths_are_the_path_specific_the_root_and_both_below_a_prefix() {
        let root = "/.well-known/oauth-protected-resource";

        assert_eq!(well_known_paths("", "/mcp"), [&format!("{root}/mcp"), root]);
        assert_eq!(well_known_paths("/", "/"), [root]);
        assert_eq!(
            well_known_paths("/v1", "/mcp"),
            [
                &format!("{root}/v1/mcp"),
                root,
                &format!("/v1{root}/mcp"),
                &format!("/v1{root}"),
            ],
        );
    }
    #[test]
    fn a_server_knows_the_paths_of_its_metadata_under_any_prefix_and_no_others() {
        let others = [
            "/mcp",
            "/.well-known/oauth-protected-resource2",
            "/.well-known/oauth-protected-resource-mcp",
            "/.well-known/oauth-protected-resource/other",
            "/.well-known/oauth-authorization-server/mcp",
        ];

        for prefix in ["", "/v1", "/a/b"] {
            for path in well_known_paths(prefix, "/mcp") {
                assert!(is_metadata_path(&path, "/mcp"), "{path}");
                assert!(is_metadata_path(&format!("{path}/"), "/mcp"), "{path}");
            }
        }
        for path in others {
            assert!(!is_metadata_path(path, "/mcp"), "{path}");
        }
    }
}
