//! Operations that answer with a credential.

#[cfg(test)]
mod tests;

use http::Method;
use oci_rest::Entry;

use crate::error::Failure;
use crate::policy::matches;

/// Whether `entry` answers with what opens something: a secret, a key, a token, or a file of them.
///
/// Nothing that deletes does. Answers in which a credential is one member among others, such as the
/// client secret of an application, are not here: that member is masked.
pub(crate) fn returns(entry: &Entry<'_>) -> bool {
    let name = entry.to_string();
    entry.method() != Method::DELETE && RETURNING.iter().any(|pattern| matches(pattern, &name))
}

/// Refuses to read the object `name` if it is a store of keys by that, or part of one that may be a key: masked is what is
/// read as a whole.
pub(crate) fn check_object(name: &str, is_part: bool) -> Result<(), Failure> {
    if is_store(name) {
        return Err(Failure::validation(
            "the object's name is that of a store of keys, which are not shown",
        ));
    }
    if is_part && is_key(name) {
        return Err(Failure::validation(
            "the object's name is that of keys or certificates, which are read whole, so that private keys can be masked",
        )
        .suggest("leave `range` and `max_bytes` away"));
    }
    Ok(())
}

/// Refuses to hand out the object `name`, unread and unmasked, if it may be keys by that.
pub(crate) fn check_handed_out(name: &str) -> Result<(), Failure> {
    if is_store(name) || is_key(name) {
        return Err(Failure::validation(
            "the object's name is that of keys, and whoever has its URL could read them",
        )
        .suggest("a person can make such a URL in OCI's console"));
    }
    Ok(())
}

fn is_store(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let ending = ending(&name);
    STORES.contains(&ending) || ending == "zip" && name.contains("wallet")
}

fn is_key(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let file = name.rsplit('/').next().unwrap_or_default();
    ["key", "pem"].contains(&ending(&name)) || SSH_KEYS.contains(&file)
}

fn ending(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, ending)| ending)
}

/// What `ssh-keygen` calls private keys.
const SSH_KEYS: [&str; 5] = ["id_dsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519", "id_rsa"];
/// How the names of stores of keys end.
const STORES: [&str; 9] = [
    "der", "jceks", "jks", "keystore", "p12", "p8", "pfx", "pk8", "sso",
];
/// Patterns of `package.operation`. Where an operation tells a credential at its creation and never
/// again, only its creation is here.
const RETURNING: [&str; 80] = [
    "ai_speech.create_realtime_session_token",
    "apm_control_plane.generate_data_keys",
    "apm_control_plane.list_data_keys",
    // With the private key.
    "certificates.get_certificate_bundle",
    "container_engine.create_kubeconfig",
    "container_registry.get_access_token",
    "core.create_instance_console_connection",
    "core.get_instance_console_connection",
    "core.list_instance_console_connections",
    "core.update_instance_console_connection",
    // What is typed into the router at the other end, shared secrets included.
    "core.get_*cpe_device_config_content",
    "core.get_fast_connect_provider_service_key",
    "core.*_ip_sec_connection_tunnel_shared_secret",
    "core.get_windows_instance_initial_credentials",
    "data_safe.generate_on_prem_connector_configuration",
    "database.create_console_connection",
    "database.get_console_connection",
    "database.list_console_connections",
    "database.update_console_connection",
    "database.download_db_connection_bundle",
    "database.get_db_connection_bundle",
    "database.generate_autonomous_database_wallet",
    "distributed_database.generate_*_wallet",
    "dns.create_tsig_key",
    "dns.get_tsig_key",
    "dns.update_tsig_key",
    // A plain text is one of its forms.
    "fleet_apps_management.*_fleet_credential*",
    "generative_ai.create_api_key",
    "generative_ai.renew_api_key",
    "golden_gate.export_deployment_wallet",
    "identity.create_auth_token",
    "identity.create_customer_secret_key",
    "identity.create_db_credential",
    "identity.create_mfa_totp_device",
    "identity.create_o_auth_client_credential",
    "identity.create_or_reset_ui_password",
    "identity.create_smtp_credential",
    "identity.create_swift_password",
    "identity.generate_totp_seed",
    "identity.update_o_auth_client_credential",
    "identity_data_plane.generate_scoped_access_token",
    "identity_data_plane.generate_user_security_token",
    // A caller chooses which attributes of these are returned.
    "identity_domains.*_api_key*",
    "identity_domains.*_auth_token*",
    "identity_domains.*_customer_secret_key*",
    "identity_domains.*_o_auth2_client_credential*",
    "identity_domains.*_smtp_credential*",
    "identity_domains.*_user_db_credential*",
    "identity_domains.*_password_changer",
    "identity_domains.*_password_resetter",
    "jms.generate_agent_deploy_script",
    "jms.generate_agent_installer_configuration",
    "jms_java_downloads.*_java_download_token*",
    "jms_java_downloads.generate_artifact_download_url",
    "key_management.decrypt",
    "key_management.export_key",
    "key_management.generate_data_encryption_key",
    "key_management.get_pre_co_user_credentials",
    "management_agent.*_management_agent_install_key*",
    "management_agent.create_named_credential",
    "management_agent.get_named_credential",
    "management_agent.list_named_credentials",
    "management_agent.update_named_credential",
    "media_services.generate_session_token",
    // Whoever has its URL needs no other credential.
    "object_storage.create_preauthenticated_request",
    "ocvp.generate_vmware_binary_download_info",
    "ocvp.retrieve_password",
    "oda.rotate_channel_keys",
    "opsi.download_operations_insights_warehouse_wallet",
    "redis.create_identity_token",
    // State, plan and variables of Terraform hold the secrets of what it made.
    "resource_manager.get_*_tf_*",
    "rover.get_rover_cluster_certificate",
    "rover.get_rover_node_certificate",
    "rover.get_rover_node_encryption_key",
    "rover.rover_node_retrieve_leaf_certificate",
    "secrets.get_secret_bundle",
    "secrets.get_secret_bundle_by_name",
    "self.get_subscription_token",
    "wlms.get_wls_domain_credential",
    "wlms.list_wls_domain_credentials",
];
