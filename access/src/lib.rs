#![doc = include_str!("../README.md")]

mod bearer;
mod cache;
mod challenge;
mod claims;
mod gateway;
mod identity;
mod introspection;
mod json;
mod jwks;
mod jwt;
mod metadata;
mod oci_iam;
mod outbound;
mod policy;
mod refusal;
mod scopes;
mod static_tokens;
mod verifier;

pub use self::bearer::bearer_token;
pub use self::challenge::Challenges;
pub use self::claims::{InvalidRequirements, Requirements};
pub use self::gateway::{GATEWAY_HEADERS, Gateway, InvalidSecret};
pub use self::identity::Identity;
pub use self::introspection::{ClientCredentials, Introspection};
pub use self::jwks::Keys;
pub use self::jwt::{Algorithm, Jwt, UnknownAlgorithm};
pub use self::metadata::{
    InvalidMetadata, ResourceMetadata, is_metadata_path, metadata_url, well_known_paths,
};
pub use self::oci_iam::{IDENTITY_DOMAIN_ISSUER, identity_domain};
pub use self::outbound::{BoxError, Clock, InvalidUrl, SecureUrl, Transport};
pub use self::policy::{Binding, Policy, ToolFacts};
pub use self::refusal::{Reason, Refusal};
pub use self::scopes::{InvalidScope, Scopes};
pub use self::static_tokens::{InvalidStaticTokens, StaticTokens};
pub use self::verifier::Verifier;
