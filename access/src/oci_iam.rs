//! Tokens of an OCI IAM identity domain.

use crate::claims::Requirements;
use crate::jwks::Keys;
use crate::jwt::{Algorithm, Jwt};
use crate::outbound::{Clock, SecureUrl, Transport};

/// The `iss` of the tokens of all identity domains, unless the domain was given an issuer of its own
/// (*Security*, *OAuth*).
///
/// It does not tell one domain from another: that is for the domain's keys.
pub const IDENTITY_DOMAIN_ISSUER: &str = "https://identity.oraclecloud.com/";

/// Verifies tokens of the identity domain at `domain`, the *Domain URL* that the console shows.
///
/// `requirements` name the audience that the resource application has in the domain, and
/// [`IDENTITY_DOMAIN_ISSUER`]. The keys are the domain's own, so that the tokens of other domains,
/// which have the same issuer and the same key id, are refused.
///
/// The domain publishes its keys only once **Configure client access** is switched on in its settings;
/// until then it answers 401. They cannot be found from the issuer, whose URL is no domain's.
#[must_use]
pub fn identity_domain(
    domain: &SecureUrl,
    requirements: Requirements,
    transport: Transport,
    clock: Clock,
) -> Jwt {
    let keys = domain.at("/admin/v1/SigningCert/jwk");
    let keys = Keys::from_url(keys, transport, Clock::clone(&clock)).hint(HINT);
    Jwt::new(requirements, keys, clock).algorithms([Algorithm::Rs256])
}

const HINT: &str =
    "; without `Configure client access` in its settings, an identity domain answers 401";
