//! Virtual cloud networks and what is in them.

use super::{NAME, STATE, rename};
use crate::curated::argument::{Argument, flag, one_of, text};
use crate::curated::{Asked, Row, composed};

pub(super) const ROWS: &[Row] = &[
    Row::list("oci_network_list_vcns", "core.list_vcns")
        .about("Lists virtual cloud networks (VCNs).")
        .taking(&[NAME, STATE, flag("include_subnets")])
        .adding(composed::network::listed)
        .shows("id name=displayName cidrs=cidrBlocks dns=vcnDomainName state=lifecycleState")
        .needs(&["read vcns"])
        .asks(&[SUBNETS]),
    Row::composed("oci_network_get_vcn", composed::network::vcn)
        .about("Shows a VCN with its gateways and subnets.")
        .taking(&[
            text("vcn_id").required(),
            flag("include_subnets").about("default true"),
        ])
        .asks(&[
            GET,
            SUBNETS,
            ("core.list_internet_gateways", &["read internet-gateways"]),
            ("core.list_nat_gateways", &["read nat-gateways"]),
            ("core.list_service_gateways", &["read service-gateways"]),
        ]),
    Row::list("oci_network_list_subnets", "core.list_subnets")
        .about("Lists subnets; `private` ones give no public IP addresses.")
        .taking(&[VCN, NAME])
        .shows(
            "id name=displayName cidr=cidrBlock private=prohibitPublicIpOnVnic ad=availabilityDomain \
             vcn_id=vcnId state=lifecycleState",
        )
        .needs(&["read subnets"]),
    Row::list("oci_network_list_security_lists", "core.list_security_lists")
        .about("Lists security lists and how many rules each has; `fields` `ingressSecurityRules`, `egressSecurityRules` show them.")
        .taking(&[VCN])
        .shows("id name=displayName ingress=#ingressSecurityRules egress=#egressSecurityRules vcn_id=vcnId")
        .needs(&["read security-lists"]),
    Row::list("oci_network_list_nsgs", "core.list_network_security_groups")
        .about("Lists network security groups (NSGs).")
        .taking(&[VCN])
        .shows("id name=displayName vcn_id=vcnId state=lifecycleState")
        .chosen()
        .needs(&["read network-security-groups"]),
    Row::list_of(
        "oci_network_list_nsg_rules",
        "core.list_network_security_group_security_rules",
    )
    .about("Lists the rules of a network security group.")
    .taking(&[
        text("nsg_id").required(),
        one_of("direction", &["INGRESS", "EGRESS"]),
    ])
    .by(|parameters, _| {
        rename(parameters, "nsg_id", "networkSecurityGroupId");
        Ok(())
    })
    .shows("id direction protocol source destination tcp=tcpOptions udp=udpOptions description")
    .chosen()
    .needs(&["read network-security-groups"]),
    Row::list("oci_network_list_route_tables", "core.list_route_tables")
        .about("Lists route tables with their routes.")
        .taking(&[VCN])
        .shows("id name=displayName routes=routeRules vcn_id=vcnId")
        .chosen()
        .needs(&["read route-tables"]),
    Row::composed("oci_network_analyze_security", composed::network::analyze)
        .about("Finds what the security lists and NSGs of a VCN let in from anywhere, each with severity and reason.")
        .taking(&[text("vcn_id").required()])
        .asks(&[GET, SECURITY_LISTS, GROUPS, RULES]),
];

const GET: Asked = ("core.get_vcn", &["read vcns"]);
const SUBNETS: Asked = ("core.list_subnets", &["read subnets"]);
pub(super) const SECURITY_LISTS: Asked = ("core.list_security_lists", &["read security-lists"]);
pub(super) const GROUPS: Asked = (
    "core.list_network_security_groups",
    &["read network-security-groups"],
);
pub(super) const RULES: Asked = (
    "core.list_network_security_group_security_rules",
    &["read network-security-groups"],
);
const VCN: Argument = text("vcn_id");
