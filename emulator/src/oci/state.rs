//! The tenancy as it is now: what requests read and change.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use ring::digest;
use serde_json::{Value, json};

use super::refusal::Refusal;
use super::storage::Buckets;
use super::tenancy::Tenancy;

/// How long a change of lifecycle takes.
pub(crate) const SETTLE: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) tenancy: Tenancy,
    pub(crate) buckets: Buckets,
    /// What `opc-retry-token` did: the hash of the request, and the identifier it was answered with.
    pub(crate) repeatable: HashMap<String, (String, String)>,
    /// What was put into custom logs.
    pub(crate) pushed: HashMap<String, Vec<String>>,
    /// What is in secrets that may be read.
    pub(crate) secrets: HashMap<String, String>,
    pending: Vec<Pending>,
}

#[derive(Debug)]
struct Pending {
    at: Timestamp,
    collection: &'static str,
    id: String,
    changes: Value,
}

impl State {
    pub(crate) fn new(mut tenancy: Tenancy) -> Self {
        Self {
            buckets: Buckets::new(std::mem::take(&mut tenancy.buckets)),
            tenancy,
            repeatable: HashMap::new(),
            pushed: HashMap::new(),
            secrets: HashMap::new(),
            pending: Vec::new(),
        }
    }

    pub(crate) fn items(&self, collection: &str) -> &[Value] {
        let items = self.tenancy.resources.get(collection);
        items.map_or(&[], Vec::as_slice)
    }

    /// The item with this identifier.
    ///
    /// # Errors
    ///
    /// OCI's 404 if there is none.
    pub(crate) fn item(&self, collection: &str, id: &str) -> Result<&Value, Refusal> {
        let mut items = self.items(collection).iter();
        items
            .find(|item| is(item, id))
            .ok_or_else(Refusal::not_found)
    }

    pub(crate) fn add(&mut self, collection: &str, item: Value) {
        let items = self
            .tenancy
            .resources
            .entry(collection.to_owned())
            .or_default();
        items.push(item);
    }

    /// Overwrites fields of an item.
    pub(crate) fn change(&mut self, collection: &str, id: &str, changes: &Value) {
        let items = self.tenancy.resources.get_mut(collection);
        let item = items.and_then(|items| items.iter_mut().find(|item| item["id"] == id));
        if let (Some(Value::Object(item)), Value::Object(changes)) = (item, changes) {
            item.extend(changes.clone());
        }
    }

    /// Has fields of an item overwritten once `SETTLE` has passed.
    pub(crate) fn change_later(
        &mut self,
        now: Timestamp,
        collection: &'static str,
        id: &str,
        changes: Value,
    ) {
        let (at, id) = (now + SETTLE, id.to_owned());
        self.pending.push(Pending {
            at,
            collection,
            id,
            changes,
        });
    }

    /// Makes the changes that are due.
    pub(crate) fn settle(&mut self, now: Timestamp) {
        let (due, pending) = std::mem::take(&mut self.pending)
            .into_iter()
            .partition(|pending| pending.at <= now);
        self.pending = pending;
        let due: Vec<Pending> = due;
        for Pending {
            collection,
            id,
            changes,
            ..
        } in due
        {
            self.change(collection, &id, &changes);
        }
    }

    /// Records work that began now and is done once `SETTLE` has passed; its identifier.
    pub(crate) fn work(
        &mut self,
        now: Timestamp,
        operation: &str,
        entity: &str,
        item: &Value,
    ) -> String {
        let number = self.items("workRequests").len();
        let id = self.tenancy.ocid("workRequests", &format!("{number}"));
        self.add(
            "workRequests",
            json!({
                "id": id,
                "compartmentId": item["compartmentId"],
                "operationType": operation,
                "status": "IN_PROGRESS",
                "percentComplete": 50.0,
                "timeAccepted": now,
                "timeStarted": now,
                "timeFinished": null,
                "resources": [{
                    "actionType": "IN_PROGRESS",
                    "entityType": entity,
                    "identifier": item["id"],
                }],
            }),
        );
        let done = json!({
            "status": "SUCCEEDED",
            "percentComplete": 100.0,
            "timeFinished": now + SETTLE,
            "resources": [{ "actionType": "UPDATED", "entityType": entity, "identifier": item["id"] }],
        });
        self.change_later(now, "workRequests", &id, done);
        id
    }

    /// Checks that there is such a compartment.
    ///
    /// # Errors
    ///
    /// OCI's 404 if there is none.
    pub(crate) fn compartment(&self, id: &str) -> Result<(), Refusal> {
        if id == self.tenancy.id {
            return Ok(());
        }
        self.item("compartments", id).map(|_there| ())
    }

    /// The identifiers of `root` and all compartments below it.
    pub(crate) fn subtree(&self, root: &str) -> Vec<String> {
        let mut children: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for item in self.items("compartments") {
            if let (Some(parent), Some(id)) = (item["compartmentId"].as_str(), item["id"].as_str())
            {
                children.entry(parent).or_default().push(id);
            }
        }
        let mut found = Vec::new();
        let mut open = vec![root];
        while let Some(next) = open.pop() {
            found.push(next.to_owned());
            open.extend(children.remove(next).unwrap_or_default());
        }
        found
    }
}

/// Whether `id` names `item`.
fn is(item: &Value, id: &str) -> bool {
    // Topics alone call it otherwise.
    item["id"] == id || item["topicId"] == id
}

/// The version of an item.
pub(crate) fn etag(item: &Value) -> String {
    let hash = digest::digest(&digest::SHA256, item.to_string().as_bytes());
    let hash = HEXLOWER.encode(hash.as_ref());
    hash.chars().take(32).collect()
}
