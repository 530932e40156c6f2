//! A tenancy, read from JSON.

use std::collections::{BTreeMap, HashSet};
use std::error::Error;
use std::fmt;

use data_encoding::BASE32_NOPAD;
use ring::digest;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::collection::Collection;
use super::fleet;
use super::value::set;

/// What a simulated OCI holds at its start.
///
/// The JSON has `name`, `namespace`, `region` and `regionKey`; `resources`, lists by collection with
/// fields as in OCI's API; `defaults`, fields by collection that every item has; `fleets`, which stand
/// for several instances each; and `buckets` with their objects. An item without an `id` gets one,
/// and `@kind/name` stands for the OCID of the item of that kind (the second part of its OCID) and
/// display name, as in `@subnet/app`; `@tenancy` is that of the tenancy. The JSON of
/// [`Tenancy::built_in`], `emulator/data/tenancy.json`, shows it all.
#[derive(Clone, Debug)]
pub struct Tenancy {
    pub(crate) id: String,
    pub(crate) namespace: String,
    pub(crate) region: String,
    pub(crate) region_key: String,
    pub(crate) resources: BTreeMap<String, Vec<Value>>,
    pub(crate) buckets: Vec<Value>,
}

impl Tenancy {
    /// Reads a tenancy.
    ///
    /// # Errors
    ///
    /// [`TenancyError`] if it is not JSON of the shape above, names a collection that is not
    /// simulated, or refers to what it does not have.
    pub fn from_json(json: &str) -> Result<Self, TenancyError> {
        let file: File =
            serde_json::from_str(json).map_err(|error| TenancyError::new(error.to_string()))?;
        let mut tenancy = Self {
            id: ocid("tenancy", "", &file.name),
            namespace: file.namespace,
            region: file.region,
            region_key: file.region_key.to_ascii_uppercase(),
            resources: BTreeMap::new(),
            buckets: Vec::new(),
        };
        let mut dangling = HashSet::new();
        tenancy.add_own(&file.name);
        for (collection, items) in file.resources {
            if Collection::named(&collection).is_none() {
                return Err(TenancyError::new(format!(
                    "`{collection}` is not a collection that is simulated"
                )));
            }
            let defaults = file.defaults.get(&collection);
            for item in items {
                let mut fields = defaults.cloned().unwrap_or_default();
                fields.extend(item);
                let mut item = Value::Object(fields);
                tenancy.resolve(&mut item, &mut dangling);
                tenancy.identify(&collection, &mut item);
                tenancy.add(&collection, item);
            }
        }
        for mut fleet in file.fleets {
            tenancy.resolve(&mut fleet, &mut dangling);
            fleet::expand(&mut tenancy, &fleet)?;
        }
        for mut bucket in file.buckets {
            tenancy.resolve(&mut bucket, &mut dangling);
            tenancy.buckets.push(bucket);
        }
        tenancy.check(&dangling)?;
        Ok(tenancy)
    }

    /// A small company in `us-phoenix-1`: 5 compartments, 30 instances, databases, functions and the
    /// rest.
    ///
    /// # Errors
    ///
    /// None: a test reads it.
    pub fn built_in() -> Result<Self, TenancyError> {
        Self::from_json(include_str!("../../data/tenancy.json"))
    }

    /// The OCID of the tenancy.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The OCID of the item of `collection` (as `instances`) that has the display name `name`.
    #[must_use]
    pub fn find(&self, collection: &str, name: &str) -> Option<&str> {
        let mut items = self.resources.get(collection)?.iter();
        let item = items.find(|item| {
            ["displayName", "name", "secretName"]
                .iter()
                .any(|key| item[*key] == name)
        })?;
        // Topics alone call it otherwise.
        item["id"].as_str().or_else(|| item["topicId"].as_str())
    }

    /// The root compartment, which is the tenancy, and in no list of compartments.
    pub(crate) fn root(&self) -> Value {
        let own = self.resources.get("tenancies").and_then(|own| own.first());
        let mut root = own.cloned().unwrap_or_default();
        if let Value::Object(fields) = &mut root {
            fields.remove("homeRegionKey");
        }
        set(&mut root, "compartmentId", Value::Null);
        set(&mut root, "lifecycleState", json!("ACTIVE"));
        set(&mut root, "timeCreated", json!("2026-01-12T09:00:00Z"));
        root
    }

    pub(crate) fn add(&mut self, collection: &str, item: Value) {
        let items = self.resources.entry(collection.to_owned()).or_default();
        items.push(item);
    }

    /// The OCID of the item of `collection` that has this name.
    pub(crate) fn ocid(&self, collection: &str, name: &str) -> String {
        let Some(collection) = Collection::named(collection) else {
            return String::new();
        };
        let region = self.region_key.to_ascii_lowercase();
        let region = if collection.regional {
            region.as_str()
        } else {
            ""
        };
        ocid(collection.kind, region, name)
    }

    fn add_own(&mut self, name: &str) {
        let own = json!({
            "id": self.id,
            "name": name,
            "description": "A tenancy that is simulated",
            "homeRegionKey": self.region_key,
            "freeformTags": {},
            "definedTags": {},
        });
        self.add("tenancies", own);
    }

    fn identify(&self, collection: &str, item: &mut Value) {
        let has_id = Collection::named(collection).is_some_and(|found| !found.kind.is_empty());
        if has_id && item["id"].is_null() {
            let name = ["displayName", "name", "secretName", "labels"]
                .iter()
                .find_map(|field| item[*field].as_str());
            item["id"] = json!(self.ocid(collection, name.unwrap_or_default()));
        }
    }

    /// Puts OCIDs in the place of references, and notes them.
    fn resolve(&self, value: &mut Value, noted: &mut HashSet<(String, String)>) {
        match value {
            Value::String(text) => {
                if let Some(id) = self.referred(text) {
                    noted.insert((text.clone(), id.clone()));
                    *text = id;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.resolve(item, noted)),
            Value::Object(fields) => fields
                .values_mut()
                .for_each(|field| self.resolve(field, noted)),
            _ => {}
        }
    }

    fn referred(&self, text: &str) -> Option<String> {
        let reference = text.strip_prefix('@')?;
        if reference == "tenancy" {
            return Some(self.id.clone());
        }
        let (kind, name) = reference.split_once('/')?;
        let regional = !["compartment", "user", "group", "dynamicgroup", "policy"].contains(&kind);
        let region = self.region_key.to_ascii_lowercase();
        Some(ocid(kind, if regional { &region } else { "" }, name))
    }

    fn check(&self, noted: &HashSet<(String, String)>) -> Result<(), TenancyError> {
        let items = self.resources.values().flatten();
        let ids: HashSet<_> = items
            .flat_map(|item| [item["id"].as_str(), item["topicId"].as_str()])
            .flatten()
            .collect();
        let mut dangling: Vec<_> = noted
            .iter()
            .filter(|(_, id)| *id != self.id && !ids.contains(id.as_str()))
            .map(|(text, _)| format!("`{text}`"))
            .collect();
        dangling.sort_unstable();
        if dangling.is_empty() {
            return Ok(());
        }
        Err(TenancyError::new(format!(
            "nothing has these names: {}",
            dangling.join(", ")
        )))
    }
}

/// Why JSON is no tenancy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenancyError(String);

impl TenancyError {
    pub(crate) fn new(message: String) -> Self {
        Self(message)
    }
}

impl fmt::Display for TenancyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the tenancy cannot be read: {}", self.0)
    }
}

impl Error for TenancyError {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct File {
    name: String,
    namespace: String,
    region: String,
    region_key: String,
    #[serde(default)]
    defaults: BTreeMap<String, Map<String, Value>>,
    #[serde(default)]
    resources: BTreeMap<String, Vec<Map<String, Value>>>,
    #[serde(default)]
    fleets: Vec<Value>,
    #[serde(default)]
    buckets: Vec<Value>,
}

/// An OCID that looks like one, always the same for the same name.
fn ocid(kind: &str, region: &str, name: &str) -> String {
    let hash = digest::digest(&digest::SHA256, format!("{kind}/{name}").as_bytes());
    let unique = BASE32_NOPAD.encode(hash.as_ref()).to_ascii_lowercase();
    format!("ocid1.{kind}.oc1.{region}.aaaaaaaa{unique}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_tenancy_has_30_instances_that_belong_somewhere() {
        let tenancy = Tenancy::built_in().unwrap();

        let instances = &tenancy.resources["instances"];

        assert_eq!(instances.len(), 30);
        for instance in instances {
            assert!(
                instance["compartmentId"]
                    .as_str()
                    .unwrap()
                    .starts_with("ocid1.compartment.oc1..")
            );
            assert!(
                instance["imageId"]
                    .as_str()
                    .unwrap()
                    .starts_with("ocid1.image.oc1.phx.")
            );
        }
        // One of these is detached.
        assert_eq!(tenancy.resources["vnicAttachments"].len(), 31);
    }

    #[test]
    fn no_two_things_have_one_ocid() {
        let tenancy = Tenancy::built_in().unwrap();

        for (collection, items) in &tenancy.resources {
            let ids: Vec<_> = items
                .iter()
                .filter_map(|item| item["id"].as_str())
                .collect();
            let distinct: HashSet<_> = ids.iter().collect();
            assert_eq!(distinct.len(), ids.len(), "{collection}: {ids:?}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_tenancy_is_named() {
        let tenancy = |rest: &str| {
            let json = format!(
                r#"{{"name":"n","namespace":"ns","region":"us-phoenix-1","regionKey":"PHX",{rest}}}"#
            );
            Tenancy::from_json(&json).unwrap_err().to_string()
        };

        let dangling =
            tenancy(r#""resources":{"subnets":[{"displayName":"a","vcnId":"@vcn/gone"}]}"#);
        let unknown = tenancy(r#""resources":{"boats":[]}"#);
        let fleet = tenancy(r#""fleets":[{"name":"web"}]"#);

        assert!(dangling.contains("`@vcn/gone`"), "{dangling}");
        assert!(unknown.contains("`boats`"), "{unknown}");
        assert!(fleet.contains("`count`"), "{fleet}");
    }
}
