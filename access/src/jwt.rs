//! JSON web tokens (RFC 7519) of one issuer, verified with its keys.

mod algorithm;
mod jws;

pub use self::algorithm::{Algorithm, UnknownAlgorithm};

use std::fmt;
use std::sync::Arc;

use self::jws::Jws;
use crate::bearer::{MAX_TOKEN_BYTES, too_long};
use crate::cache::{Entry, TokenCache, hash};
use crate::claims::Requirements;
use crate::identity::Identity;
use crate::json;
use crate::jwks::{Held, Keys, Verdict};
use crate::outbound::Clock;
use crate::refusal::{Reason, Refusal, quoted};

/// Verifies signed JSON web tokens (RFC 7519, RFC 7515, RFC 9068), as RFC 8725 advises.
///
/// The signature is verified before a claim is read. A token that was verified is known by its hash
/// until it expires, or the issuer's keys change.
pub struct Jwt {
    requirements: Requirements,
    algorithms: Vec<Algorithm>,
    access_tokens_only: bool,
    keys: Keys,
    cache: TokenCache,
    clock: Clock,
}

impl Jwt {
    /// Tokens that meet `requirements` and are signed with one of `keys`, by any [`Algorithm`] that
    /// the key is for.
    #[must_use]
    pub fn new(requirements: Requirements, keys: Keys, clock: Clock) -> Self {
        Self {
            requirements,
            algorithms: Algorithm::ALL.to_vec(),
            access_tokens_only: false,
            keys,
            cache: TokenCache::default(),
            clock,
        }
    }

    /// Takes no algorithms but these.
    #[must_use]
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms = algorithms.into_iter().collect();
        self
    }

    /// Takes no token whose header does not have `typ` as `at+jwt`, which tells access tokens from
    /// all others (RFC 9068, section 2.1). OCI IAM and many others do not set it.
    #[must_use]
    pub fn access_tokens_only(mut self) -> Self {
        self.access_tokens_only = true;
        self
    }

    /// Whose `token` is, if it was verified a moment ago and nothing has to be fetched.
    pub(crate) fn known(&self, token: &str) -> Option<Arc<Identity>> {
        let generation = self.keys.fresh_generation()?;
        let known = self.cache.find(&hash(token), (self.clock)())?;
        // A key that the issuer has withdrawn takes its tokens with it.
        (known.generation == generation).then_some(known.identity)
    }

    /// Verifies `token`, fetching the issuer's keys if that is due.
    ///
    /// # Errors
    ///
    /// [`Refusal`] with what is wrong with the token, or [`Reason::Unavailable`] if there are no keys.
    pub async fn verify(&self, token: &str) -> Result<Arc<Identity>, Refusal> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(too_long());
        }
        let hash = hash(token);
        if let Some(known) = self.cache.find(&hash, (self.clock)()) {
            // A key that the issuer has withdrawn takes its tokens with it.
            if self.keys.current().await?.generation == known.generation {
                return Ok(known.identity);
            }
        }
        let jws = self.parse(token)?;
        let generation = self.verify_signature(&jws).await?;
        let claims = jws.payload()?;
        let claims = json::object(&claims)
            .map_err(|problem| Refusal::new(Reason::Malformed, format!("claims: {problem}")))?;
        let now = (self.clock)();
        let identity = Arc::new(self.requirements.identify(claims, &REQUIRED, now)?);
        if let Some(until) = self.requirements.usable_until(&identity) {
            let entry = Entry {
                identity: Arc::clone(&identity),
                until,
                generation,
            };
            self.cache.insert(hash, entry, now);
        }
        Ok(identity)
    }

    /// Reads the header, and refuses what it asks for, before anything is fetched or computed.
    fn parse<'a>(&self, token: &'a str) -> Result<Jws<'a>, Refusal> {
        let jws = Jws::parse(token)?;
        if !self.algorithms.contains(&jws.algorithm) {
            let detail = format!("`alg` is `{}`", jws.algorithm.as_str());
            return Err(Refusal::new(Reason::AlgorithmRefused, detail));
        }
        if self.access_tokens_only && !jws.is_access_token {
            let detail = "`typ` is not `at+jwt`";
            return Err(Refusal::new(Reason::WrongType, detail));
        }
        Ok(jws)
    }

    /// Verifies the signature, if need be with keys that were fetched anew, and returns the generation
    /// of the keys.
    ///
    /// A wrong signature is a reason to fetch, too: the keys of OCI IAM are all called `SIGNING_KEY`.
    async fn verify_signature(&self, jws: &Jws<'_>) -> Result<u64, Refusal> {
        let mut held = self.keys.current().await?;
        let mut verdict = jws.verdict(&held);
        if verdict != Verdict::Verified
            && let Some(newer) = self.keys.newer_than(held.generation).await
        {
            held = newer;
            verdict = jws.verdict(&held);
        }
        let name = jws.algorithm.as_str();
        let id = jws.key_id.as_deref().map_or("none".to_owned(), quoted);
        match verdict {
            Verdict::Verified => Ok(held.generation),
            Verdict::WrongSignature => {
                let detail = format!("`alg` is `{name}`, `kid` is {id}");
                Err(Refusal::new(Reason::BadSignature, detail))
            }
            Verdict::NoKey => {
                let others = held.keys.skipped();
                let detail = format!("no key for `alg` `{name}`, `kid` {id}{others}");
                Err(Refusal::new(Reason::UnknownKey, detail))
            }
        }
    }
}

impl Jws<'_> {
    fn verdict(&self, held: &Held) -> Verdict {
        let key_id = self.key_id.as_deref();
        held.keys
            .verify(self.algorithm, key_id, self.signed, &self.signature)
    }
}

impl fmt::Debug for Jwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jwt")
            .field("requirements", &self.requirements)
            .field("algorithms", &self.algorithms)
            .field("access_tokens_only", &self.access_tokens_only)
            .field("keys", &self.keys)
            .field("cache", &self.cache)
            .finish_non_exhaustive()
    }
}

/// Beside `aud`, without which no token is taken (RFC 9068, section 2.2).
const REQUIRED: [&str; 3] = ["iss", "exp", "sub"];
