use oci_rest::Catalogue;

use super::*;

#[test]
fn every_operation_that_sounds_like_a_credential_returns_one_or_is_known_not_to() {
    let catalogue = Catalogue::new();

    let unknown: Vec<String> = catalogue
        .entries()
        .filter(|entry| {
            entry
                .operation()
                .split('_')
                .any(|word| SOUNDS.contains(&word))
        })
        .filter(|entry| entry.method() != Method::DELETE && !returns(entry) && !is_harmless(entry))
        .map(|entry| entry.to_string())
        .collect();

    assert!(unknown.is_empty(), "{unknown:#?}");
}

#[test]
fn no_operation_is_both_and_every_pattern_fits_one() {
    let catalogue = Catalogue::new();
    let fits = |pattern: &&str| {
        let mut entries = catalogue.entries();
        entries.any(|entry| matches(pattern, &entry.to_string()))
    };

    let idle: Vec<&str> = RETURNING
        .into_iter()
        .chain(HARMLESS)
        .filter(|pattern| !fits(pattern))
        .collect();
    let both: Vec<String> = catalogue
        .entries()
        .filter(|entry| returns(entry) && is_harmless(entry))
        .map(|entry| entry.to_string())
        .collect();

    assert!(idle.is_empty(), "{idle:#?}");
    assert!(both.is_empty(), "{both:#?}");
}

#[test]
fn what_takes_a_credential_away_is_none() {
    let catalogue = Catalogue::new();
    for name in [
        "identity_domains.delete_auth_token",
        "identity.delete_api_key",
    ] {
        let operation = catalogue.find(name).unwrap();

        assert!(!returns(&operation.entry()), "{name}");
    }
}

fn is_harmless(entry: &Entry<'_>) -> bool {
    HARMLESS
        .iter()
        .any(|pattern| matches(pattern, &entry.to_string()))
}

/// Words in the names of operations that deal with credentials.
const SOUNDS: [&str; 32] = [
    "bundle",
    "bundles",
    "certificate",
    "certificates",
    "console",
    "credential",
    "credentials",
    "decrypt",
    "key",
    "keys",
    "keytab",
    "kubeconfig",
    "login",
    "passphrase",
    "password",
    "passwords",
    "preauthenticated",
    "secret",
    "secrets",
    "seed",
    "smtp",
    "tf",
    "token",
    "tokens",
    "totp",
    "tsig",
    "upst",
    "wallet",
    "wallets",
    "wrapping",
    "otp",
    "psk",
];

/// What sounds so, and answers with nothing that opens anything.
const HARMLESS: [&str; 115] = [
    // Words of a text.
    "ai_language.*_key_phrases",
    "apm_config.*_attribute_key",
    "cluster_health.query_diagnosis_by_health_check_key",
    // Which key of a vault encrypts something: its OCID. And keys whose material stays in the vault.
    "analytics.set_kms_key",
    "core.*_volume_kms_key",
    "database.*_vault_key",
    "database.*_key_store*",
    "database.rotate_*_encryption_key",
    "database.set_*_key_version",
    "dbmulticloud.*_key",
    "dbmulticloud.*_keys",
    "dbmulticloud.*_key_pool",
    "dbmulticloud.*_key_pools",
    "dbmulticloud.*_key_ring",
    "dbmulticloud.*_key_rings",
    "gdp.rotate_gdp_pipeline_keys",
    "key_management.*_key_deletion",
    "key_management.*_key_version_deletion",
    "key_management.backup_key",
    "key_management.create_key*",
    "key_management.disable_key",
    "key_management.enable_key",
    "key_management.get_key*",
    "key_management.import_key*",
    "key_management.list_key*",
    "key_management.restore_key_*",
    "key_management.update_key",
    "log_analytics.*_encryption_key*",
    "nosql.unassign_kms_key",
    // Public keys and certificates without their private keys.
    "apigateway.*_certificate*",
    "bds.*certificate*",
    "certificates.get_ca_bundle",
    "certificates.get_certificate_authority_bundle",
    "certificates.list_certificate_*",
    "certificates_management.*",
    "dns.*_dnssec_key_version",
    "fusion_apps.*_certificate",
    "golden_gate.*_certificate*",
    "identity.upload_api_key",
    "identity_domains.*_o_auth_client_certificate*",
    "identity_domains.*_o_auth_partner_certificate*",
    "key_management.*_certificate*",
    "key_management.get_wrapping_key",
    "load_balancer.*_certificate*",
    "marketplace.list_marketplace_metadata_public_keys",
    "distributed_database.*_ca_bundle",
    "rover.rover_node_action_retrieve_ca_bundle",
    "rover.*_generate_certificate",
    "rover.*_renew_certificate",
    "rover.*_replace_certificate_authority",
    "waas.*_certificate*",
    // Told at its creation, which is denied; this is its name and its age.
    "bds.*_bds_api_key*",
    "dns.list_tsig_keys",
    "generative_ai.get_api_key",
    "generative_ai.list_api_keys",
    "generative_ai.set_api_key_state",
    "generative_ai.update_api_key",
    "identity.activate_mfa_totp_device",
    "identity.get_mfa_totp_device",
    "identity.get_user_ui_password_information",
    "identity.list_*",
    "identity.update_auth_token",
    "identity.update_customer_secret_key",
    "identity.update_smtp_credential",
    "identity.update_swift_password",
    "object_storage.get_preauthenticated_request",
    "object_storage.list_preauthenticated_requests",
    // What a secret is called, and where it is.
    "database_management.*_credential",
    "database_management.*_credentials",
    "database_tools.*_identity_credential",
    "database_tools_runtime.*_credential",
    "database_tools_runtime.*_credentials",
    "database_tools_runtime.*_credential_execute_grantee*",
    "database_tools_runtime.*_credential_public_synonym*",
    "management_agent.get_named_credentials_metadatum",
    "network_firewall.*_mapped_secret*",
    "secrets.list_secret_bundle_versions",
    "vault.*",
    // Their state, and when they were rotated.
    "container_engine.*_credential_rotation*",
    "database.get_autonomous_database_regional_wallet",
    "database.get_autonomous_database_wallet",
    "database.list_db_connection_bundles",
    "database.update_autonomous_database_regional_wallet",
    "database.update_autonomous_database_wallet",
    "distributed_database.configure_*_wallet",
    "distributed_database.rotate_*_passwords",
    "golden_gate.deployment_wallet_exists",
    "golden_gate.list_deployment_wallets_operations",
    "opsi.rotate_operations_insights_warehouse_wallet",
    // What an assessment found, and rules for passwords.
    "data_safe.list_crypto_assessment_*",
    "data_safe.list_password_expiry_date_analytics",
    "identity_domains.*_password_polic*",
    // They take one and answer with none.
    "bds.*_upst_*",
    "bds.bds_instance_reset_password",
    "data_catalog.upload_credentials",
    "data_safe.update_on_prem_connector_wallet",
    "file_storage.validate_key_tabs",
    "fusion_apps.reset_fusion_environment_password",
    "golden_gate.import_deployment_wallet",
    "psql.reset_master_user_password",
    "rover.rover_node_action_set_key",
    "wlms.update_wls_domain_credential",
    // What a machine printed as it started, and the web page that is called the console.
    "core.*_console_histor*",
    "core.get_console_history_content",
    "database.*_console_histor*",
    "identity_domains.*_oci_console_*",
    // They move it, or take it away.
    "*.change_*_compartment",
    "apm_control_plane.remove_data_keys",
    "database.change_encryption_key_location",
    // Packages of something else.
    "analytics.set_feature_bundle",
    "core.*_firmware_bundle*",
    "rover.*bundle_rover_*",
    "rover.*_rover_bundle_requests",
    "rover.retrieve_available_bundle_versions_*",
    "rover.retrieve_bundle_status_*",
];
