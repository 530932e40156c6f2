//! The schemes by which the app itself knows its callers.

use std::error::Error;
use std::fs::File;
use std::io::Read;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use oci_mcp::{Access, Principal, Vars};
use oci_mcp_access::{
    BoxError, Challenges, ClientCredentials, Clock, Gateway, IDENTITY_DOMAIN_ISSUER, Introspection,
    Jwt, Keys, Policy, Requirements, ResourceMetadata, Scopes, SecureUrl, StaticTokens, Transport,
    Verifier, identity_domain, metadata_url,
};
use oci_rest::Https;
use tower::ServiceExt;
use tower::util::BoxCloneSyncService;

use super::{Reach, Scheme};
use crate::secrets::{Secrets, is_in_vault};

/// Of a file that a setting names, and of an answer of the issuer.
const MAX_BYTES: usize = 256 * 1024;

/// For an answer of the issuer, who is asked while a caller waits.
const PATIENCE: Duration = Duration::from_secs(5);

/// Reads the settings of `scheme`. What is wrong is noted in `vars`.
pub(super) fn read(
    vars: &mut Vars<'_>,
    secrets: &mut Secrets,
    scheme: Scheme,
    reach: Option<Reach>,
) -> Option<Access> {
    let mut settings = Settings {
        vars,
        secrets,
        scheme,
    };
    let policy = settings.policy();
    let access = match scheme {
        Scheme::Gateway => settings.gateway(reach),
        Scheme::Static => settings.tokens(),
        _ => settings.issuer(&policy.clone().unwrap_or_default()),
    };
    Some(access?.policy(policy?))
}

struct Settings<'a, 'v> {
    vars: &'a mut Vars<'v>,
    secrets: &'a mut Secrets,
    scheme: Scheme,
}

/// Who gives out tokens: by its URL, or as an identity domain, whose issuer may go by another name.
struct Issuer {
    url: Option<SecureUrl>,
    domain: Option<SecureUrl>,
}

/// What tokens must say, and what clients are told of it.
struct Resource {
    requirements: Requirements,
    challenges: Challenges,
    metadata: ResourceMetadata,
}

impl Settings<'_, '_> {
    /// What callers may call; by default what their scopes `read:tools` and `write:tools` say.
    fn policy(&mut self) -> Option<Policy> {
        const POLICY: &str = "OCI_MCP_ACCESS_POLICY";
        if self.vars.get(POLICY).is_none() {
            return Some(Policy::default());
        }
        let file = self.file(POLICY)?;
        let policy: Policy = self.noted(POLICY, serde_json::from_slice(&file))?;
        let has_claims = matches!(self.scheme, Scheme::Jwt | Scheme::Introspection);
        if !has_claims && policy.claims().next().is_some() {
            let scheme = self.scheme.name();
            self.vars.note(format_args!(
                "`{POLICY}` binds arguments to claims, of which `{scheme}` has none"
            ));
        }
        Some(policy)
    }

    /// The scopes that clients are told of: by default all that the policy asks for.
    fn scopes(&mut self, policy: &Policy) -> Option<Scopes> {
        const SCOPES: &str = "OCI_MCP_ACCESS_SCOPES";
        match self.vars.get(SCOPES) {
            Some(scopes) => self.noted(SCOPES, Scopes::parse(scopes.trim())),
            None => Some(policy.scopes()),
        }
    }

    fn gateway(&mut self, reach: Option<Reach>) -> Option<Access> {
        const GATEWAY: &str = "OCI_MCP_ACCESS_GATEWAY";
        let secret = self.gateway_with_secret();
        let only_from = if reach.is_some_and(Reach::is_functions) {
            let gateway = self.required(GATEWAY);
            Some(gateway.map(Principal::new)?)
        } else {
            if reach.is_some() && self.vars.get(GATEWAY).is_some() {
                let why = "only Functions say which gateway a request came through";
                self.vars.note(format_args!("`{GATEWAY}`: {why}"));
            }
            None
        };
        let challenges = Challenges::new(None, Scopes::default());
        let access = Access::new(Verifier::Gateway(secret?), challenges);
        Some(match only_from {
            Some(gateway) => access.only_from(gateway),
            None => access,
        })
    }

    fn gateway_with_secret(&mut self) -> Option<Gateway> {
        const FILE: &str = "OCI_MCP_ACCESS_SECRET_FILE";
        const ID: &str = "OCI_MCP_ACCESS_SECRET_ID";
        if !is_in_vault(self.vars, FILE, ID)? {
            let secret = self.secret(FILE)?;
            return self.noted(FILE, Gateway::new(&secret));
        }
        let gateway = Gateway::pending();
        let waiting = gateway.clone();
        self.secrets.read(self.vars, ID, move |secret| {
            waiting.fill(secret).map_err(|error| error.to_string())
        });
        Some(gateway)
    }

    fn credentials(&mut self) -> Option<ClientCredentials> {
        const FILE: &str = "OCI_MCP_ACCESS_CLIENT_SECRET_FILE";
        const ID: &str = "OCI_MCP_ACCESS_CLIENT_SECRET_ID";
        let id = self.required("OCI_MCP_ACCESS_CLIENT_ID");
        if !is_in_vault(self.vars, FILE, ID)? {
            let secret = self.secret(FILE);
            return Some(ClientCredentials::new(id?, secret?));
        }
        // Without the name too, so that what is wrong with the secret's is told with it.
        let credentials = ClientCredentials::pending(id.clone().unwrap_or_default());
        let waiting = credentials.clone();
        self.secrets.read(self.vars, ID, move |secret| {
            waiting.fill(secret);
            Ok(())
        });
        id.map(|_| credentials)
    }

    fn tokens(&mut self) -> Option<Access> {
        const FILE: &str = "OCI_MCP_ACCESS_TOKENS_FILE";
        let file = self.file(FILE)?;
        let tokens = StaticTokens::parse(&file);
        let tokens = self.noted(FILE, tokens)?;
        let challenges = Challenges::new(None, Scopes::default());
        Some(Access::new(Verifier::Static(tokens), challenges))
    }

    /// Of tokens that an issuer gives out.
    fn issuer(&mut self, policy: &Policy) -> Option<Access> {
        let domain = self.url("OCI_MCP_ACCESS_IDENTITY_DOMAIN");
        let url = match self.vars.get("OCI_MCP_ACCESS_ISSUER") {
            None if domain.is_some() => None,
            None => {
                self.required("OCI_MCP_ACCESS_ISSUER");
                None
            }
            Some(_) => self.url("OCI_MCP_ACCESS_ISSUER"),
        };
        let issuer = Issuer { url, domain };
        let resource = self.resource(&issuer, policy);
        let transport = self.transport();
        let clock: Clock = Arc::new(now);
        let verifier = if self.scheme == Scheme::Introspection {
            self.introspection(resource.as_ref(), transport, clock)
        } else {
            self.jwt(issuer, resource.as_ref(), transport, clock)
        };
        let Resource {
            challenges,
            metadata,
            ..
        } = resource?;
        Some(Access::new(verifier?, challenges).metadata(&metadata))
    }

    fn resource(&mut self, issuer: &Issuer, policy: &Policy) -> Option<Resource> {
        const AUDIENCE: &str = "OCI_MCP_ACCESS_AUDIENCE";
        self.required("OCI_MCP_ACCESS_RESOURCE");
        let scopes = self.scopes(policy);
        let resource = self.url("OCI_MCP_ACCESS_RESOURCE")?;
        let audiences = self.vars.get(AUDIENCE);
        let audiences = audiences.unwrap_or_else(|| resource.as_str().to_owned());
        let audiences = audiences.split(',').map(str::trim);
        // The issuer's name is no URL of a domain's, so that clients could find nothing there.
        let server = issuer.domain.as_ref().or(issuer.url.as_ref())?.clone();
        let issuer = issuer
            .url
            .as_ref()
            .map_or(IDENTITY_DOMAIN_ISSUER, SecureUrl::as_str);
        let requirements = Requirements::new(issuer, audiences);
        let requirements = self.noted(AUDIENCE, requirements)?.keep(policy.claims());
        let scopes = scopes?;
        let metadata = ResourceMetadata::new(&resource, [server], scopes.clone());
        let metadata = self.noted("OCI_MCP_ACCESS_SCOPES", metadata)?;
        let challenges = Challenges::new(Some(metadata_url(&resource)), scopes);
        Some(Resource {
            requirements,
            challenges,
            metadata,
        })
    }

    fn jwt(
        &mut self,
        issuer: Issuer,
        resource: Option<&Resource>,
        transport: Option<Transport>,
        clock: Clock,
    ) -> Option<Verifier> {
        const SOURCES: [&str; 3] = [
            "OCI_MCP_ACCESS_IDENTITY_DOMAIN",
            "OCI_MCP_ACCESS_JWKS_FILE",
            "OCI_MCP_ACCESS_JWKS_URL",
        ];
        let file = self.vars.get("OCI_MCP_ACCESS_JWKS_FILE");
        let url = self.url("OCI_MCP_ACCESS_JWKS_URL");
        let is_set = |name: &&str| self.vars.get(name).is_some();
        if SOURCES.iter().filter(|name| is_set(name)).count() > 1 {
            let names = SOURCES.join("`, `");
            let problem = format!("of `{names}` one can be set: keys have one source");
            self.vars.note(problem);
        }
        let requirements = resource?.requirements.clone();
        let keys = match (file, url, issuer.domain) {
            (Some(file), ..) => Keys::from_file(file, Clock::clone(&clock)),
            (None, Some(url), _) => Keys::from_url(url, transport?, Clock::clone(&clock)),
            (None, None, Some(domain)) => {
                let jwt = identity_domain(&domain, requirements, transport?, clock);
                return Some(Verifier::Jwt(Box::new(jwt)));
            }
            (None, None, None) => Keys::from_issuer(issuer.url?, transport?, Clock::clone(&clock)),
        };
        Some(Verifier::Jwt(Box::new(Jwt::new(requirements, keys, clock))))
    }

    fn introspection(
        &mut self,
        resource: Option<&Resource>,
        transport: Option<Transport>,
        clock: Clock,
    ) -> Option<Verifier> {
        self.required("OCI_MCP_ACCESS_INTROSPECTION_URL");
        let endpoint = self.url("OCI_MCP_ACCESS_INTROSPECTION_URL");
        let credentials = self.credentials();
        let introspection = Introspection::new(
            endpoint?,
            credentials?,
            resource?.requirements.clone(),
            transport?,
            clock,
        );
        Some(Verifier::Introspection(Box::new(introspection)))
    }

    /// HTTPS that trusts the operator's own authorities, too.
    fn transport(&mut self) -> Option<Transport> {
        let mut https = Https::new().timeout(PATIENCE).max_response_bytes(MAX_BYTES);
        let variables = ["OCI_CLI_CERT_BUNDLE", "SSL_CERT_FILE"];
        let bundle = variables
            .into_iter()
            .find(|name| self.vars.get(name).is_some());
        if let Some(bundle) = bundle {
            https = https.trust(self.file(bundle)?);
        }
        let transport = https.build();
        let transport = self.noted(bundle.unwrap_or("OCI_MCP_ACCESS"), transport)?;
        Some(BoxCloneSyncService::new(transport.map_err(BoxError::from)))
    }

    /// The value of `name`, which must be set.
    fn required(&mut self, name: &str) -> Option<String> {
        let value = self.vars.get(name);
        if value.is_none() {
            let scheme = self.scheme.name();
            self.vars.note(format_args!(
                "`{name}` is required while `OCI_MCP_ACCESS` is `{scheme}`"
            ));
        }
        value.map(|value| value.trim().to_owned())
    }

    fn url(&mut self, name: &str) -> Option<SecureUrl> {
        let text = self.vars.get(name)?;
        self.noted(name, SecureUrl::parse(text.trim()))
    }

    /// The content of the file that `name` names, which must be set.
    fn file(&mut self, name: &str) -> Option<Vec<u8>> {
        let path = self.required(name)?;
        let mut content = Vec::new();
        let read = File::open(&path)
            .and_then(|file| file.take(MAX_BYTES as u64 + 1).read_to_end(&mut content));
        let problem = match read {
            Ok(bytes) if bytes <= MAX_BYTES => return Some(content),
            Ok(_) => format!("it has over {MAX_BYTES} bytes"),
            Err(error) => error.to_string(),
        };
        let path = path.escape_debug();
        self.vars
            .note(format_args!("`{name}` is `{path}`: {problem}"));
        None
    }

    /// The secret in the file that `name` names, without the line's end that editors add.
    fn secret(&mut self, name: &str) -> Option<String> {
        let secret = String::from_utf8(self.file(name)?).ok();
        let secret = secret.map(|secret| secret.trim_end_matches(['\r', '\n']).to_owned());
        let secret = secret.filter(|secret| !secret.is_empty());
        if secret.is_none() {
            let problem = "the file is empty, or not text";
            self.vars.note(format_args!("`{name}`: {problem}"));
        }
        secret
    }

    fn noted<T>(&mut self, name: &str, made: Result<T, impl Error>) -> Option<T> {
        made.map_err(|error| self.vars.note(format_args!("`{name}`: {error}")))
            .ok()
    }
}

#[expect(clippy::disallowed_methods, reason = "from here it is passed on")]
fn now() -> SystemTime {
    SystemTime::now()
}
