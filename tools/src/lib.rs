#![doc = include_str!("../README.md")]

mod answer;
mod confirm;
mod credentials;
mod curated;
mod error;
mod expanded;
mod general;
mod iam;
mod policy;
mod query;
mod requirement;
mod session;

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

use oci_mcp::{App, ByteLimit, Vars};
use oci_rest::{Catalogue, Client, Endpoints, Region};

pub use self::iam::{Grantee, place};
pub use self::requirement::Requirement;

use self::curated::Toolsets;
use self::policy::{Policy, Refusal};

/// What a signed request needs: a client with an identity, and where services are.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Signs and sends.
    pub client: Client,
    /// The addresses of services.
    pub endpoints: Endpoints,
    /// The region to ask unless a caller names one; without it that of the identity.
    pub region: Option<Region>,
}

/// Makes the way to OCI when a tool first needs it.
pub type Connect = Box<dyn Fn() -> Result<Connection, Unavailable> + Send + Sync>;

/// Why there is no way to OCI, in words for operators.
pub type Unavailable = Box<dyn Error + Send + Sync>;

/// The tools, and what they have in common.
pub struct OciTools(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) catalogue: Catalogue,
    pub(crate) policy: Policy,
    /// Of the operations that tools ask, those that the policy is against.
    pub(crate) denied: BTreeMap<&'static str, Refusal>,
    pub(crate) toolsets: Toolsets,
    /// Of calls that name none.
    pub(crate) compartment: Option<String>,
    /// The largest result, in bytes.
    pub(crate) max_bytes: usize,
    /// That of Object Storage, once it is known.
    pub(crate) namespace: OnceLock<String>,
    connect: Connect,
    connection: OnceLock<Connection>,
}

impl OciTools {
    /// The tools as `vars` say, which note what is wrong with them. `connect` is asked at the first
    /// call that needs OCI, and not again once it has made a way there.
    ///
    /// | variable | meaning | default |
    /// |---|---|---|
    /// | `ALLOW_MUTATIONS` | `true` lets callers change things | `false` |
    /// | `OCI_MCP_OPERATIONS_ALLOW` | comma-separated patterns of operations; no others can be called | all |
    /// | `OCI_MCP_OPERATIONS_DENY` | patterns of operations that cannot be called, whatever else is set; tools that are for them are not there | none |
    /// | `OCI_MCP_MAX_RESULT_BYTES` | the largest result of a call; more is cut, and continued with `page` | 24000 |
    /// | `OCI_MCP_TOOLSETS` | comma-separated names of sets of tools, such as `compute` or `network`; `default` and `all` are such, `general` has those that reach every operation; `PACKAGE:*` makes a tool of each operation of a package | `default` |
    /// | `COMPARTMENT_OCID` | the compartment of calls that name none | that of the resource which the server is, or else the root |
    ///
    /// A pattern is `service.operation`, as `core.list_*`, or a service, as `dns`; `*` stands for any
    /// characters. One that no operation fits is refused, because it would not do what it was meant to.
    pub fn read(vars: &mut Vars<'_>, connect: Connect) -> Self {
        let catalogue = Catalogue::new();
        let ByteLimit(max_bytes) = vars
            .parse(MAX_BYTES)
            .unwrap_or(ByteLimit(DEFAULT_MAX_BYTES));
        let policy = Policy::read(vars, &catalogue);
        Self(Arc::new(Shared {
            denied: iam::denied(&catalogue, &policy),
            policy,
            toolsets: Toolsets::read(vars),
            catalogue,
            compartment: vars.parse("COMPARTMENT_OCID").map(|Compartment(id)| id),
            max_bytes,
            namespace: OnceLock::new(),
            connect,
            connection: OnceLock::new(),
        }))
    }

    /// Adds them to `app`.
    pub fn add_to(self, app: App) -> App {
        let app = expanded::add_to(curated::add_to(app, &self.0), &self.0);
        if self.0.toolsets.have_general() {
            general::add_to(app, &self.0)
        } else {
            app
        }
    }
}

/// The OCID of a compartment, or of the tenancy, which is the root of all. That of an old tenancy begins with `ocidv1:`.
struct Compartment(String);

impl FromStr for Compartment {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let starts = ["ocid1.compartment.", "ocid1.tenancy.", "ocidv1:tenancy:"];
        if starts.iter().any(|start| text.starts_with(start)) {
            return Ok(Self(text.to_owned()));
        }
        Err(
            "a compartment is an OCID here, which begins with `ocid1.compartment.` or `ocid1.tenancy.`",
        )
    }
}

impl Shared {
    pub(crate) fn connection(&self) -> Result<&Connection, Unavailable> {
        if let Some(connection) = self.connection.get() {
            return Ok(connection);
        }
        let connection = (self.connect)()?;
        Ok(self.connection.get_or_init(|| connection))
    }
}

impl fmt::Debug for OciTools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OciTools")
            .field("policy", &self.0.policy)
            .field("max_bytes", &self.0.max_bytes)
            .finish_non_exhaustive()
    }
}

const MAX_BYTES: &str = "OCI_MCP_MAX_RESULT_BYTES";
/// Some 8,000 tokens; clients refuse results of more than 25,000.
const DEFAULT_MAX_BYTES: usize = 24_000;
