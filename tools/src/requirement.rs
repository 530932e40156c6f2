//! What the tools ask of OCI, for whoever looks whether they will get it.

use std::collections::BTreeSet;

use oci_rest::{Endpoint, Endpoints, Region};

use crate::OciTools;
use crate::curated::{Row, rows};

/// What one tool needs.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Requirement {
    /// The tool.
    pub tool: &'static str,
    /// What IAM must let the server do: a verb and a resource type, as in `read instances`, and `in
    /// tenancy` if it is of the whole tenancy. Empty if anybody may.
    pub needs: BTreeSet<&'static str>,
    /// The operations of OCI that it asks, without those that the operator denies.
    pub operations: BTreeSet<&'static str>,
}

impl OciTools {
    /// What each tool needs that can be called, but for those that call any operation.
    pub fn requirements(&self) -> impl Iterator<Item = Requirement> {
        let callable = rows().filter(|row| self.0.has(row));
        callable.map(|row| Requirement {
            tool: row.name,
            needs: self.0.needs(row),
            operations: row
                .asked()
                .map(|(name, _)| name)
                .filter(|name| !self.0.denied.contains_key(name))
                .collect(),
        })
    }

    /// Where those tools send their requests in `region`, each address once. The address that another
    /// request tells, as that of a function, is not among them.
    #[must_use]
    pub fn addresses(&self, endpoints: &Endpoints, region: &Region) -> Vec<Endpoint> {
        let mut addresses = Vec::new();
        for row in rows().filter(|row| self.0.has(row)) {
            // The namespace is part of a host only where the operator wants it to be.
            let address = operation(row)
                .and_then(|name| self.0.catalogue.find(name).ok())
                .and_then(|operation| operation.endpoint(endpoints, region, None).ok());
            if let Some(address) = address.filter(|address| !addresses.contains(address)) {
                addresses.push(address);
            }
        }
        addresses
    }
}

/// The operation of the service that `row` asks.
fn operation(row: &Row) -> Option<&'static str> {
    let teller = row.address.map(|[teller, _]| teller);
    teller.or_else(|| row.asked().next().map(|(name, _)| name))
}

#[cfg(test)]
mod tests {
    use oci_mcp::Vars;

    use super::*;

    fn tools(toolsets: &'static str) -> OciTools {
        let mut vars =
            Vars::new(move |name: &str| (name == "OCI_MCP_TOOLSETS").then(|| toolsets.to_owned()));
        let tools = OciTools::read(&mut vars, Box::new(|| Err("nothing is asked".into())));
        vars.finish(Some(tools)).unwrap()
    }

    #[test]
    fn every_tool_leads_to_a_service_that_has_an_address() {
        let tools = tools("all");
        let endpoints = Endpoints::default();
        let phoenix = endpoints.regions().requested("phx").unwrap();

        for row in rows() {
            let name = operation(row).unwrap_or_else(|| panic!("{}: no operation", row.name));
            let operation = tools.0.catalogue.find(name).unwrap();
            let endpoint = operation.endpoint(&endpoints, &phoenix, None);
            assert!(endpoint.is_ok(), "{}: {endpoint:?}", row.name);
        }
    }

    #[test]
    fn an_address_is_told_once_and_only_of_tools_that_are_there() {
        let endpoints = Endpoints::default();
        let phoenix = endpoints.regions().requested("phx").unwrap();

        let addresses = tools("compute,network").addresses(&endpoints, &phoenix);

        let addresses: Vec<_> = addresses.iter().map(ToString::to_string).collect();
        assert_eq!(addresses, ["https://iaas.us-phoenix-1.oraclecloud.com"]);
    }

    #[test]
    fn what_changes_something_is_needed_only_if_it_may_be_done() {
        let requirements: Vec<_> = tools("compute").requirements().collect();

        let listing = requirements
            .iter()
            .find(|requirement| requirement.tool == "oci_compute_list_images");
        assert_eq!(
            listing.unwrap().needs,
            BTreeSet::from(["read instance-images"])
        );
        let changes = |requirement: &&Requirement| requirement.tool.contains("launch");
        assert_eq!(requirements.iter().find(changes), None);
    }
}
