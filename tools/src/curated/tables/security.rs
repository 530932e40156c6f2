//! Users, groups, policies, secrets and Cloud Guard.

use super::{STATE, network};
use crate::curated::argument::{Argument, flag, one_of, text};
use crate::curated::{Row, composed};

pub(super) const ROWS: &[Row] = &[
    Row::list_of("oci_security_list_users", "identity.list_users")
        .of_tenancy()
        .about("Lists users and whether they have MFA.")
        .taking(&[text("name"), NAME_CONTAINS, STATE])
        .keeping(BY_NAME)
        .shows("id name email mfa=isMfaActivated state=lifecycleState last_login=lastSuccessfulLoginTime")
        .needs(&["inspect users in tenancy"]),
    Row::get("oci_security_get_user", "identity.get_user")
        .about("Shows a user; of API keys the fingerprints, never the keys.")
        .taking(&[
            text("user_id").required(),
            flag("include_groups"),
            flag("include_api_keys"),
        ])
        .adding(composed::user::with)
        .shows(
            "id name description email mfa=isMfaActivated state=lifecycleState created=timeCreated \
             last_login=lastSuccessfulLoginTime capabilities",
        )
        .chosen()
        .needs(&["inspect users in tenancy"])
        .asks(&[
            (
                "identity.list_user_group_memberships",
                &["inspect users in tenancy", "inspect groups in tenancy"],
            ),
            ("identity.list_groups", &["inspect groups in tenancy"]),
            ("identity.list_api_keys", &["read users in tenancy"]),
        ]),
    Row::list_of("oci_security_list_groups", "identity.list_groups")
        .of_tenancy()
        .about("Lists groups of users.")
        .taking(&[text("name"), NAME_CONTAINS])
        .keeping(BY_NAME)
        .shows("id name description")
        .chosen()
        .needs(&["inspect groups in tenancy"]),
    Row::list("oci_security_list_policies", "identity.list_policies")
        .about("Lists IAM policies and how many statements each has.")
        .taking(&[
            text("name"),
            NAME_CONTAINS,
            flag("include_statements"),
        ])
        .keeping(BY_NAME)
        .shows("id name description statement_count=#statements")
        .needs(&["inspect policies in tenancy"]),
    Row::list(
        "oci_security_list_cloud_guard_problems",
        "cloud_guard.list_problems",
    )
    .about("Lists problems that Cloud Guard found.")
    .taking(&[
        one_of("risk_level", &["CRITICAL", "HIGH", "MEDIUM", "LOW", "MINOR"]),
        one_of("lifecycle_state", &["ACTIVE", "INACTIVE"]),
    ])
    .shows(
        "id label=detectorRuleId risk=riskLevel resource=resourceName type=resourceType \
         state=lifecycleState last=timeLastDetected",
    )
    .needs(&["inspect cloud-guard-problems in tenancy"]),
    Row::composed_in("oci_security_audit", composed::security::audit)
        .about("Looks for what is not safe: users without MFA, policies that let too many do too much, problems of Cloud Guard, networks open to all.")
        .taking(&[
            flag("include_iam"),
            flag("include_cloud_guard"),
            flag("include_network_security"),
        ])
        .chosen()
        .of_parts()
        .asks(&[
            ("identity.list_users", &["inspect users in tenancy"]),
            ("identity.list_policies", &["inspect policies in tenancy"]),
            (
                "cloud_guard.list_problems",
                &["inspect cloud-guard-problems in tenancy"],
            ),
            ("core.list_vcns", &["read vcns"]),
            network::SECURITY_LISTS,
            network::GROUPS,
            network::RULES,
        ]),
    Row::list("oci_vault_list_secrets", "vault.list_secrets")
        .about("Lists secrets of vaults, never what they hold.")
        .taking(&[text("name"), text("vault_id"), STATE])
        .shows("id name=secretName description state=lifecycleState expires=timeOfCurrentVersionExpiry")
        .needs(&["inspect secrets"]),
];

// OCI lists what is of a tenancy by whole names alone.
const NAME_CONTAINS: Argument = text("name_contains");
const BY_NAME: &[(&str, &str)] = &[("name_contains", "/name")];
