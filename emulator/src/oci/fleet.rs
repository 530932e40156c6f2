//! Instances with all that belongs to them: VNIC, boot volume and both attachments.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::refusal::{Refusal, text};
use super::state::State;
use super::tenancy::{Tenancy, TenancyError};
use super::value::{field, set};

/// Adds the instances of one fleet, which the JSON of a tenancy describes in one entry:
/// `name`, `count`, `shape`, `ocpus`, `memoryInGBs`, `compartmentId`, `subnetId`, `imageId` and, if
/// it is not `RUNNING`, `lifecycleState`.
///
/// # Errors
///
/// Names what the description lacks.
pub(crate) fn expand(tenancy: &mut Tenancy, fleet: &Value) -> Result<(), TenancyError> {
    let lacks = |name: &str| TenancyError::new(format!("a fleet lacks `{name}`: {fleet}"));
    let name = fleet["name"].as_str().ok_or_else(|| lacks("name"))?;
    let count = fleet["count"]
        .as_u64()
        .filter(|count| (1..=1000).contains(count));
    let count = count.ok_or_else(|| lacks("count"))?;
    for number in 1..=count {
        let index = tenancy.resources.get("instances").map_or(0, Vec::len);
        let created = FIRST + 86_400 * i64::try_from(index).unwrap_or_default();
        let member = Member {
            name: &format!("{name}-{number:02}"),
            domain: domain(tenancy, index),
            fault_domain: format!("FAULT-DOMAIN-{}", index % 3 + 1),
            created: Timestamp::from_second(created).unwrap_or_default(),
            state: fleet["lifecycleState"].as_str().unwrap_or("RUNNING"),
            address: index + 10,
            description: fleet,
        };
        member.add_to(tenancy);
    }
    Ok(())
}

/// Adds the instance that the body of a launch asks for.
///
/// # Errors
///
/// What OCI refuses.
pub(crate) fn launch(state: &mut State, body: &Value, now: Timestamp) -> Result<Value, Refusal> {
    let compartment = text(body, "compartmentId")?;
    state.compartment(compartment)?;
    let domain = text(body, "availabilityDomain")?;
    let shape = text(body, "shape")?;
    let named = |collection, field: &str, name| {
        state
            .items(collection)
            .iter()
            .any(|item| item[field] == name)
    };
    if !named("availabilityDomains", "name", domain) {
        return Err(Refusal::invalid(format!(
            "there is no availability domain `{domain}`"
        )));
    }
    if !named("shapes", "shape", shape) {
        return Err(Refusal::invalid(format!("there is no shape `{shape}`")));
    }
    let image = match field(&body["sourceDetails"], "imageId") {
        Value::Null => text(body, "imageId")?,
        _ => text(&body["sourceDetails"], "imageId")?,
    };
    state.item("images", image)?;
    let subnet = match field(&body["createVnicDetails"], "subnetId") {
        Value::Null => text(body, "subnetId")?,
        _ => text(&body["createVnicDetails"], "subnetId")?,
    };
    state.item("subnets", subnet)?;
    let index = state.items("instances").len();
    let description = json!({
        "compartmentId": compartment,
        "shape": shape,
        "imageId": image,
        "subnetId": subnet,
        "ocpus": field(&body["shapeConfig"], "ocpus").as_f64().unwrap_or(1.0),
        "memoryInGBs": field(&body["shapeConfig"], "memoryInGBs").as_f64().unwrap_or(16.0),
        "metadata": body["metadata"],
    });
    let default = format!("instance{}", now.as_second());
    let member = Member {
        name: body["displayName"].as_str().unwrap_or(&default),
        domain: domain.to_owned(),
        fault_domain: "FAULT-DOMAIN-1".to_owned(),
        created: now,
        state: "PROVISIONING",
        address: index + 10,
        description: &description,
    };
    Ok(member.add_to(&mut state.tenancy))
}

struct Member<'a> {
    name: &'a str,
    domain: String,
    fault_domain: String,
    created: Timestamp,
    state: &'a str,
    address: usize,
    description: &'a Value,
}

impl Member<'_> {
    fn add_to(&self, tenancy: &mut Tenancy) -> Value {
        let key = format!("{}/{}", self.name, self.address);
        let [instance, vnic, attachment, volume] =
            ["instances", "vnics", "vnicAttachments", "bootVolumes"]
                .map(|collection| tenancy.ocid(collection, &key));
        let mut item = self.instance(&instance, &tenancy.region);
        for (collection, id, more) in [
            ("vnics", &vnic, self.vnic()),
            (
                "vnicAttachments",
                &attachment,
                self.vnic_attachment(&vnic, &instance),
            ),
            ("bootVolumes", &volume, self.boot_volume()),
            (
                "bootVolumeAttachments",
                &instance,
                Self::boot_volume_attachment(&volume, &instance),
            ),
        ] {
            let mut resource = self.common();
            set(&mut resource, "id", json!(id));
            merge(&mut resource, more);
            tenancy.add(collection, resource);
        }
        merge(&mut item, self.common());
        tenancy.add("instances", item.clone());
        item
    }

    fn common(&self) -> Value {
        json!({
            "compartmentId": self.description["compartmentId"],
            "availabilityDomain": self.domain,
            "displayName": self.name,
            "timeCreated": self.created,
        })
    }

    fn instance(&self, id: &str, region: &str) -> Value {
        let fleet = self.description;
        let ocpus = fleet["ocpus"].as_f64().unwrap_or(1.0);
        json!({
            "id": id,
            "faultDomain": self.fault_domain,
            "lifecycleState": self.state,
            "region": region,
            "shape": fleet["shape"],
            "shapeConfig": {
                "ocpus": ocpus,
                "vcpus": (ocpus * 2.0).round(),
                "memoryInGBs": fleet["memoryInGBs"],
                "networkingBandwidthInGbps": ocpus,
                "maxVnicAttachments": 2,
                "baselineOcpuUtilization": "BASELINE_1_1",
                "processorDescription": "2.4 GHz AMD EPYC™ 9J14 (Genoa)",
            },
            "imageId": fleet["imageId"],
            "sourceDetails": { "sourceType": "image", "imageId": fleet["imageId"] },
            "launchMode": "PARAVIRTUALIZED",
            "metadata": if fleet["metadata"].is_object() {
                fleet["metadata"].clone()
            } else {
                json!({ "ssh_authorized_keys": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIexample operations" })
            },
            "extendedMetadata": {},
            "freeformTags": {},
            "definedTags": {},
            "systemTags": {},
            "agentConfig": {
                "isMonitoringDisabled": false,
                "isManagementDisabled": false,
                "areAllPluginsDisabled": false,
                "pluginsConfig": [],
            },
        })
    }

    fn vnic(&self) -> Value {
        let (high, low) = (self.address / 250, self.address % 250 + 2);
        json!({
            "subnetId": self.description["subnetId"],
            "privateIp": format!("10.0.{}.{low}", high + 16),
            "publicIp": null,
            "hostnameLabel": self.name,
            "isPrimary": true,
            "lifecycleState": "AVAILABLE",
            "macAddress": format!("02:00:17:00:{:02X}:{low:02X}", high % 256),
            "nsgIds": [],
            "skipSourceDestCheck": false,
            "freeformTags": {},
            "definedTags": {},
        })
    }

    fn vnic_attachment(&self, vnic: &str, instance: &str) -> Value {
        json!({
            "vnicId": vnic,
            "instanceId": instance,
            "subnetId": self.description["subnetId"],
            "lifecycleState": "ATTACHED",
            "nicIndex": 0,
            "vlanTag": 1_000 + self.address,
        })
    }

    fn boot_volume(&self) -> Value {
        json!({
            "displayName": format!("{} (Boot Volume)", self.name),
            "imageId": self.description["imageId"],
            "lifecycleState": "AVAILABLE",
            "sizeInGBs": 50,
            "sizeInMBs": 51_200,
            "vpusPerGB": 10,
            "isHydrated": true,
            "freeformTags": {},
            "definedTags": {},
        })
    }

    fn boot_volume_attachment(volume: &str, instance: &str) -> Value {
        json!({
            "bootVolumeId": volume,
            "instanceId": instance,
            "lifecycleState": "ATTACHED",
            "isPvEncryptionInTransitEnabled": false,
        })
    }
}

fn domain(tenancy: &Tenancy, index: usize) -> String {
    let domains = tenancy.resources.get("availabilityDomains");
    let mut domains = domains.into_iter().flatten().cycle();
    let domain = domains
        .nth(index % 3)
        .and_then(|domain| domain["name"].as_str());
    domain.unwrap_or("AD-1").to_owned()
}

fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}

/// 2026-05-04T08:00:00Z, when the first instance was made.
const FIRST: i64 = 1_777_881_600;
