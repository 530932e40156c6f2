//! Which tools a server has.

use oci_mcp::Vars;

use super::{Row, rows};

/// The toolsets that the operator chose.
#[derive(Debug)]
pub(crate) struct Toolsets(Option<Vec<String>>);

impl Toolsets {
    /// Those of `OCI_MCP_TOOLSETS`, with a note of each that is none.
    pub(crate) fn read<F: Fn(&str) -> Option<String>>(vars: &mut Vars<F>) -> Self {
        let names: Option<Vec<String>> = vars.list(VARIABLE);
        let known = known();
        for name in names.iter().flatten() {
            if !known.contains(&name.as_str()) {
                vars.note(format_args!(
                    "`{VARIABLE}` has `{}`, which is none of: {}",
                    name.escape_debug(),
                    known.join(", ")
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

    /// Whether the tools that reach every operation are in one of them.
    pub(crate) fn have_general(&self) -> bool {
        let is_one = |name: &String| [ALL, DEFAULT, GENERAL].contains(&name.as_str());
        self.0.as_ref().is_none_or(|names| names.iter().any(is_one))
    }
}

fn known() -> Vec<&'static str> {
    let mut known = vec![ALL, DEFAULT, GENERAL];
    known.extend(rows().map(Row::toolset));
    known.sort_unstable();
    known.dedup();
    known
}

const VARIABLE: &str = "OCI_MCP_TOOLSETS";
const ALL: &str = "all";
const DEFAULT: &str = "default";
/// `oci_search_operations`, `oci_describe_operation` and `oci_call_operation`.
const GENERAL: &str = "general";
