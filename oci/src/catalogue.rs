//! Every operation of OCI, by name: what it is given, and the request that is made of it.

mod chunk;
mod chunks;
mod entry;
mod invalid;
mod kind;
mod operation;
mod request;
mod schema;
mod search;
mod unknown;
mod validate;
mod words;

pub use self::entry::Entry;
pub use self::invalid::{InvalidParameters, Problem};
pub use self::operation::Operation;
pub use self::unknown::UnknownOperation;

use std::fmt;
use std::sync::OnceLock;

use self::chunk::{Chunk, OperationLine};
use self::chunks::{CHUNKS, INDEX, VERSION};
use self::entry::entries;
use self::kind::alike;

/// The 8,381 operations of OCI.
///
/// They are facts of the official Python SDK (`oci` on PyPI): names, paths, parameters, types, allowed
/// values. They are in the binary, compressed by package: 0.5 MB. A package is inflated when something
/// in it is first asked for, and the index at the first search.
///
/// ```
/// use oci_rest::Catalogue;
/// use serde_json::json;
///
/// let catalogue = Catalogue::new();
/// let found = catalogue.search("stop a vm").next().unwrap();
/// let operation = catalogue.find(&found.to_string())?;
///
/// assert_eq!(operation.entry().to_string(), "core.instance_action");
/// assert_eq!(operation.entry().method(), "POST");
/// assert_eq!(operation.path(), "/20160918/instances/{instanceId}");
///
/// let parameters = json!({ "instanceId": "ocid1.instance.oc1..a", "action": "SOFTSTOP" });
/// let request = operation.request(parameters.as_object().unwrap())?;
/// # drop(request);
///
/// let parameters = json!({ "instanceId": 7, "action": "FREEZE" });
/// let error = operation.request(parameters.as_object().unwrap()).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "core.instance_action: `/instanceId` is 7; it must be a string; `/action` is \"FREEZE\"; it must be \
///      one of STOP, START, SOFTRESET, RESET, SOFTSTOP, SENDDIAGNOSTICINTERRUPT, DIAGNOSTICREBOOT, \
///      REBOOTMIGRATE",
/// );
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
pub struct Catalogue {
    index: OnceLock<String>,
    chunks: [OnceLock<Chunk>; CHUNKS.len()],
}

impl Catalogue {
    /// The release of the official Python SDK that the facts are from.
    pub const SDK_VERSION: &'static str = VERSION;

    /// The catalogue, of which nothing is inflated yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            index: OnceLock::new(),
            chunks: [const { OnceLock::new() }; CHUNKS.len()],
        }
    }

    /// The operation that `name` names: a service, a dot, and the operation.
    ///
    /// The service is a package of the Python SDK (`core`), a client in it (`compute`,
    /// `ComputeClient`), or both (`core.ComputeClient`, also with `oci.` before). Neither case nor
    /// what separates words matters: `core.list_instances`, `Compute.ListInstances` and
    /// `compute.list-instances` are one operation. Its [`Entry`] has the one name that rules about
    /// operations should be written in.
    ///
    /// # Errors
    ///
    /// [`UnknownOperation`] if there is none, or more than one, with those that may have been meant.
    pub fn find(&self, name: &str) -> Result<Operation<'_>, UnknownOperation> {
        let known = |char: char| char.is_ascii_alphanumeric() || "._-".contains(char);
        let whole = name.split('.').all(|part| !part.is_empty());
        if name.len() > MAX_NAME || !whole || !name.chars().all(known) {
            return Err(UnknownOperation::new(name, false, Vec::new()));
        }
        let (service, operation) = name.rsplit_once('.').unwrap_or(("", name));
        let service = service.strip_prefix("oci.").unwrap_or(service);
        let in_package = CHUNKS
            .iter()
            .position(|(package, _)| alike(package, service));
        if let Some(found) = in_package.and_then(|package| self.operation(package, operation)) {
            return Ok(found);
        }
        let (package, client) = service.rsplit_once('.').unwrap_or(("", service));
        let is_client =
            |own: &str| alike(own, client) || alike(own.trim_end_matches("Client"), client);
        let named: Vec<Entry<'_>> = entries(self.index())
            .filter(|entry| is_client(entry.client) && alike(entry.operation, operation))
            .filter(|entry| package.is_empty() || alike(entry.package, package))
            .collect();
        match named.as_slice() {
            [] => Err(UnknownOperation::new(name, false, self.near(name))),
            [one] => {
                let package = CHUNKS
                    .iter()
                    .position(|(package, _)| *package == one.package);
                let found = package.and_then(|package| self.operation(package, operation));
                found.ok_or_else(|| UnknownOperation::new(name, false, Vec::new()))
            }
            several => {
                let all = several.iter().map(ToString::to_string).collect();
                Err(UnknownOperation::new(name, true, all))
            }
        }
    }

    /// The operations that have to do with `question`, the best first: words of services, of things,
    /// of what is done to them, and common names for them (`vm`, `k8s`, `s3`).
    ///
    /// Only its first 256 characters count, and 16 words of them.
    pub fn search(&self, question: &str) -> impl Iterator<Item = Entry<'_>> + use<'_> {
        search::search(self.index(), question).into_iter()
    }

    /// All operations by name.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        entries(self.index())
    }

    /// All operations of a package; none if there is no such package. They are in the order of their
    /// names.
    pub fn package(&self, package: &str) -> impl Iterator<Item = Operation<'_>> {
        let number = CHUNKS.iter().position(|(name, _)| *name == package);
        let chunk = number.and_then(|number| self.chunk(number));
        chunk.into_iter().flat_map(|(package, chunk)| {
            let lines = chunk.operations();
            lines.map(move |line| Operation::new(package, chunk, line))
        })
    }

    /// The packages of the Python SDK, in the order of the alphabet.
    pub fn packages() -> impl Iterator<Item = &'static str> {
        CHUNKS.iter().map(|(name, _)| *name)
    }

    fn operation(&self, package: usize, operation: &str) -> Option<Operation<'_>> {
        let (package, chunk) = self.chunk(package)?;
        let line: OperationLine<'_> = chunk.operation(operation)?;
        Some(Operation::new(package, chunk, line))
    }

    fn chunk(&self, package: usize) -> Option<(&'static str, &Chunk)> {
        let (name, compressed) = CHUNKS.get(package)?;
        let chunk = self.chunks.get(package)?;
        Some((name, chunk.get_or_init(|| Chunk::inflate(compressed))))
    }

    fn index(&self) -> &str {
        self.index.get_or_init(|| chunk::inflate(INDEX))
    }

    fn near(&self, name: &str) -> Vec<String> {
        let found = self.search(name).take(MAX_NEAR);
        found.map(|entry| entry.to_string()).collect()
    }
}

impl Default for Catalogue {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inflated = self.chunks.iter().filter(|chunk| chunk.get().is_some());
        f.debug_struct("Catalogue")
            .field("sdk_version", &VERSION)
            .field("inflated", &inflated.count())
            .finish_non_exhaustive()
    }
}

/// Twice the longest.
const MAX_NAME: usize = 200;
const MAX_NEAR: usize = 5;
