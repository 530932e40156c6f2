//! Who and where: compartments, regions, users, groups, policies.

use super::rename;
use crate::curated::Row;
use crate::curated::argument::{flag, text};
use crate::error::Failure;

pub(super) const ROWS: &[Row] = &[
    Row::list_of(
        "oci_identity_list_compartments",
        "identity.list_compartments",
    )
    .about(
        "Lists compartments of `parent_id` or of the tenancy, there with `subtree` at every level.",
    )
    .of_tenancy()
    .taking(&[text("parent_id"), text("name"), flag("subtree")])
    .by(|parameters, _| {
        let is_deep = parameters.get("subtree") == Some(&true.into());
        if is_deep && parameters.contains_key("parent_id") {
            return Err(Failure::validation(
                "`subtree` is of the whole tenancy, and not of `parent_id`",
            )
            .suggest("leave one of them away"));
        }
        rename(parameters, "parent_id", "compartmentId");
        rename(parameters, "subtree", "compartmentIdInSubtree");
        Ok(())
    })
    .shows("id name parent=compartmentId state=lifecycleState")
    .needs(&["inspect compartments in tenancy"]),
    Row::get_in("oci_identity_get_compartment", "identity.get_compartment")
        .about("Shows a compartment.")
        .shows("id name description parent=compartmentId state=lifecycleState created=timeCreated")
        .needs(&["inspect compartments in tenancy"]),
    Row::get("oci_identity_get_tenancy", "identity.get_tenancy")
        .about("Shows the tenancy: its name and home region.")
        .shows("id name description home_region=homeRegionKey")
        .chosen()
        .needs(&["inspect tenancies in tenancy"]),
    Row::get(
        "oci_identity_list_regions",
        "identity.list_region_subscriptions",
    )
    .about("Lists regions of the tenancy.")
    .shows("region=regionName key=regionKey home=isHomeRegion status")
    .needs(&["inspect tenancies in tenancy"]),
    Row::get_in(
        "oci_identity_list_availability_domains",
        "identity.list_availability_domains",
    )
    .about("Lists availability domains of a region.")
    .shows("name")
    .needs(&["inspect compartments in tenancy"]),
    Row::list_of(
        "oci_identity_list_dynamic_groups",
        "identity.list_dynamic_groups",
    )
    .about("Lists dynamic groups with their matching rules.")
    .taking(&[text("name")])
    .of_tenancy()
    .shows("id name rule=matchingRule state=lifecycleState")
    .chosen()
    .needs(&["inspect dynamic-groups in tenancy"]),
];
