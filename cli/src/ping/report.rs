//! What `oci_ping` answers.

use oci_rest::OciError;
use schemars::JsonSchema;
use serde::Serialize;

/// What the tool answers.
#[derive(Debug, JsonSchema, Serialize)]
pub(crate) struct Report {
    pub(super) version: &'static str,
    pub(super) host: &'static str,
    /// Where this runs, or where it is told to work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) region: Option<String>,
    /// Whoever requests to OCI are signed for.
    pub(super) identity: Option<Identity>,
    /// Why there is no identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) no_identity: Option<String>,
    /// One request with that identity, of a kind that needs no policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) signed_call: Option<SignedCall>,
    pub(super) uptime_seconds: f64,
    /// Whether the operator allows changes; a policy may refuse them to a caller.
    pub(super) mutations: bool,
}

#[derive(Debug, JsonSchema, Serialize)]
pub(super) struct Identity {
    /// Its kind: `resource principal 2.2`, `API key of profile DEFAULT`.
    pub(super) principal: String,
    /// The OCID of its tenancy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tenancy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) region: Option<String>,
}

#[derive(Debug, JsonSchema, Serialize)]
pub(super) struct SignedCall {
    pub(super) operation: &'static str,
    /// The HTTP status, if it succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<Failure>,
    /// From the first look at the credential to the end of the answer.
    pub(super) milliseconds: f64,
}

/// Why the request did not succeed.
#[derive(Debug, Default, JsonSchema, Serialize)]
pub(super) struct Failure {
    /// The HTTP status, if OCI answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<u16>,
    /// OCI's code for it: `NotAuthenticated`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) code: Option<String>,
    pub(super) message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) hint: Option<String>,
    /// By what OCI's support finds the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) opc_request_id: Option<String>,
}

impl Failure {
    /// What went wrong before anything was sent.
    pub(super) fn before(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            ..Self::default()
        }
    }
}

impl From<OciError> for Failure {
    fn from(error: OciError) -> Self {
        Self {
            status: error.status().map(|status| status.as_u16()),
            code: error.code().map(str::to_owned),
            message: error.message().to_owned(),
            hint: error.hint().map(str::to_owned),
            opc_request_id: error.opc_request_id().map(str::to_owned),
        }
    }
}
