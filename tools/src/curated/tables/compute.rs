//! Instances, images, shapes and their volumes.

use serde_json::{Value, json};

use super::observability::METRICS;
use super::{DOMAIN, NAME, STATE, rename};
use crate::curated::argument::{Argument, flag, number, text};
use crate::curated::{Asked, Change, Row, composed};

pub(super) const ROWS: &[Row] = &[
    Row::list("oci_compute_list_instances", "core.list_instances")
        .also("list_instances")
        .about("Lists compute instances (VMs, bare metal).")
        .taking(&[STATE, NAME, flag("include_ips")])
        .adding(composed::instance::listed)
        .shows(
            "id name=displayName state=lifecycleState shape ocpus=shapeConfig.ocpus \
             memory_gb=shapeConfig.memoryInGBs ad=availabilityDomain created=timeCreated",
        )
        .needs(&["read instances"])
        .asks(&[VNIC_ATTACHMENTS, VNIC]),
    Row::composed("oci_compute_get_instance", composed::instance::get)
        .about("Shows an instance with its IP addresses.")
        .taking(&[INSTANCE, flag("include_metrics")])
        .asks(&[GET, VNIC_ATTACHMENTS, VNIC, METRICS]),
    Row::change("oci_compute_start_instance", ACTION, Change::SETS)
        .also("start_instance")
        .about("Starts a stopped instance.")
        .taking(&[INSTANCE, TOKEN])
        .by(|parameters, _| {
            act(parameters, ["START", "START"]);
            Ok(())
        })
        .shows(CHANGED)
        .needs(&["use instances"]),
    Row::change("oci_compute_stop_instance", ACTION, Change::INTERRUPTS)
        .also("stop_instance")
        .about("Stops an instance: its system shuts down, or with `force` loses power.")
        .taking(&[INSTANCE, flag("force"), TOKEN])
        .by(|parameters, _| {
            act(parameters, ["SOFTSTOP", "STOP"]);
            Ok(())
        })
        .shows(CHANGED)
        .needs(&["use instances"]),
    Row::change("oci_compute_restart_instance", ACTION, Change {
        is_idempotent: false,
        ..Change::INTERRUPTS
    })
    .also("restart_instance")
    .about(
        "Restarts an instance: its system shuts down first, or with `force` loses power. The same \
         `retry_token` again restarts it no second time.",
    )
    .taking(&[INSTANCE, flag("force"), TOKEN])
    .by(|parameters, _| {
        act(parameters, ["SOFTRESET", "RESET"]);
        Ok(())
    })
    .shows(CHANGED)
    .needs(&["use instances"]),
    Row::change("oci_compute_launch_instance", "core.launch_instance", Change::ADDS)
        .in_compartment()
        .about("Creates an instance. The same `retry_token` again creates no second one.")
        .taking(&[
            NAME.required(),
            DOMAIN.required(),
            text("subnet_id").required(),
            text("image_id").required(),
            text("shape").required(),
            number("ocpus", 1, 512),
            number("memory_gb", 1, 8192),
            text("ssh_public_key"),
            TOKEN,
        ])
        .by(|parameters, _| {
            launch(parameters);
            Ok(())
        })
        .shows(CHANGED)
        .needs(&[
            "manage instances",
            "read instance-images",
            "use subnets",
            "use vnics",
        ]),
    Row::change(
        "oci_compute_terminate_instance",
        "core.terminate_instance",
        Change::removes("core.get_instance"),
    )
    .about("Terminates an instance: it does not come back. Its boot volume goes too, unless it is preserved.")
    .taking(&[INSTANCE, flag("preserve_boot_volume")])
    .telling(|given| {
        let id = given.get("instance_id").cloned();
        id.map(|id| ("id".to_owned(), id)).into_iter().collect()
    })
    .needs(&[
        "manage instances",
        "manage volume-attachments",
        "use subnets",
        "use vnics",
        "use volumes",
    ])
    .asks(&[GET]),
    Row::list("oci_compute_list_images", "core.list_images")
        .about("Lists images for instances, newest first.")
        .taking(&[text("operating_system"), text("shape")])
        .shows("id name=displayName os=operatingSystem version=operatingSystemVersion created=timeCreated")
        .needs(&["read instance-images"]),
    Row::list("oci_compute_list_shapes", "core.list_shapes")
        .about("Lists shapes of instances: OCPUs and memory, or the range of both.")
        .taking(&[DOMAIN, text("image_id")])
        .shows(
            "shape ocpus memory_gb=memoryInGBs min_ocpus=ocpuOptions.min max_ocpus=ocpuOptions.max \
             min_memory_gb=memoryOptions.minInGBs max_memory_gb=memoryOptions.maxInGBs gpus",
        )
        .needs(&["read instances"]),
    Row::list("oci_blockstorage_list_volumes", "core.list_volumes")
        .about("Lists block volumes.")
        .taking(&[DOMAIN, NAME, STATE])
        .shows(VOLUME)
        .needs(&["inspect volumes"]),
    Row::list("oci_blockstorage_list_boot_volumes", "core.list_boot_volumes")
        .about("Lists boot volumes.")
        .taking(&[DOMAIN])
        .shows(VOLUME)
        .chosen()
        .needs(&["inspect volumes"]),
];

/// Turns `force` into an action: the gentle one without it.
fn act(parameters: &mut serde_json::Map<String, Value>, [gentle, forced]: [&str; 2]) {
    let force = parameters.remove("force") == Some(Value::Bool(true));
    let action = if force { forced } else { gentle };
    parameters.insert("action".to_owned(), action.into());
    rename(parameters, "retry_token", RETRY_TOKEN);
}

fn launch(parameters: &mut serde_json::Map<String, Value>) {
    let mut take = |name: &str| parameters.remove(name).unwrap_or_default();
    let mut body = json!({
        "compartmentId": take("compartment_id"),
        "displayName": take("display_name"),
        "availabilityDomain": take("availability_domain"),
        "shape": take("shape"),
        "createVnicDetails": { "subnetId": take("subnet_id") },
        "sourceDetails": { "sourceType": "image", "imageId": take("image_id") },
    });
    let mut size = serde_json::Map::new();
    for (own, name) in [("ocpus", "ocpus"), ("memory_gb", "memoryInGBs")] {
        let value = take(own);
        if !value.is_null() {
            size.insert(name.to_owned(), value);
        }
    }
    let key = take("ssh_public_key");
    if let Value::Object(members) = &mut body {
        if !size.is_empty() {
            members.insert("shapeConfig".to_owned(), size.into());
        }
        if !key.is_null() {
            members.insert("metadata".to_owned(), json!({ "ssh_authorized_keys": key }));
        }
    }
    parameters.insert("body".to_owned(), body);
    rename(parameters, "retry_token", RETRY_TOKEN);
}

pub(super) const GET: Asked = ("core.get_instance", &["read instances"]);
pub(super) const VNIC_ATTACHMENTS: Asked =
    ("core.list_vnic_attachments", &["read vnic-attachments"]);
pub(super) const VNIC: Asked = ("core.get_vnic", &["read vnics"]);
const INSTANCE: Argument = text("instance_id").required();
/// By it OCI knows for 24 hours that it was asked already.
const TOKEN: Argument = text("retry_token");
const RETRY_TOKEN: &str = "opc-retry-token";
const ACTION: &str = "core.instance_action";
const CHANGED: &str = "id name=displayName state=lifecycleState";
const VOLUME: &str = "id name=displayName gb=sizeInGBs state=lifecycleState ad=availabilityDomain";
