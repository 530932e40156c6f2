//! Which tools a server has.

use std::collections::BTreeSet;

use oci_mcp::Vars;
use oci_rest::Catalogue;

use super::{Row, rows};

/// The toolsets that the operator chose.
#[derive(Debug)]
pub(crate) struct Toolsets(Option<Vec<String>>);

impl Toolsets {
    /// Those of `OCI_MCP_TOOLSETS`, with a note of each that is none.
    pub(crate) fn read(vars: &mut Vars<'_>) -> Self {
        let names: Option<Vec<String>> = vars.list(VARIABLE);
        let known = known();
        for name in names.iter().flatten() {
            let is_service =
                service(name).is_some_and(|own| Catalogue::packages().any(|is| is == own));
            if !known.contains(&name.as_str()) && !is_service {
                vars.note(format_args!(
                    "`{VARIABLE}` has `{}`, which is neither a package of the catalogue, as `functions:*`, nor one of: {}{}",
                    name.escape_debug(),
                    known.join(", "),
                    service(name).and_then(near).unwrap_or_default()
                ));
            }
        }
        Self(names)
    }

    /// Whether `row` is in one of them.
    pub(crate) fn have(&self, row: &Row) -> bool {
        match &self.0 {
            None => row.is_default,
            Some(names) => names.iter().any(|name| match name.as_str() {
                ALL => true,
                DEFAULT => row.is_default,
                name => name == row.toolset(),
            }),
        }
    }

    /// Whether tools are there by the names, too, that guides have for them. Nobody gets them unasked: a
    /// policy of scopes may name tools.
    pub(crate) fn have_aliases(&self) -> bool {
        let names = self.0.iter().flatten();
        names.into_iter().any(|name| name == ALIASES)
    }

    /// The packages of the catalogue that are to be tools, operation by operation: each once, however often it is named.
    pub(crate) fn services(&self) -> BTreeSet<&str> {
        let names = self.0.iter().flatten();
        names.filter_map(|name| service(name)).collect()
    }

    /// Whether the tools that reach every operation are in one of them.
    pub(crate) fn have_general(&self) -> bool {
        let is_one = |name: &String| [ALL, DEFAULT, GENERAL].contains(&name.as_str());
        self.0.as_ref().is_none_or(|names| names.iter().any(is_one))
    }
}

/// The package in `functions:*`.
fn service(name: &str) -> Option<&str> {
    name.strip_suffix(":*")
}

/// The package that has to do most with what is no name of one: of `compute` it is `core`.
fn near(name: &str) -> Option<String> {
    let catalogue = Catalogue::new();
    let entry = catalogue.search(name).next()?;
    Some(format!("; `{}:*` may be meant", entry.package()))
}

fn known() -> Vec<&'static str> {
    let mut known = vec![ALIASES, ALL, DEFAULT, GENERAL];
    known.extend(rows().map(Row::toolset));
    known.sort_unstable();
    known.dedup();
    known
}

const VARIABLE: &str = "OCI_MCP_TOOLSETS";
/// Beside others: their tools by other names, too.
const ALIASES: &str = "aliases";
const ALL: &str = "all";
const DEFAULT: &str = "default";
/// `oci_search_operations`, `oci_describe_operation` and `oci_call_operation`.
pub(crate) const GENERAL: &str = "general";
