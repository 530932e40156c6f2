//! What a caller need not say, because it is known or can be asked.

use oci_rest::Operation;
use serde_json::{Map, Value, json};

use super::Session;
use crate::answer::{alike, field, put};
use crate::curated::{Way, rows};
use crate::error::{Category, Failure};
use crate::iam::is_tenancy;

impl Session<'_> {
    /// Adds what `operation` must be given and what its caller need not know: the compartment of a list, which is told,
    /// the namespace of Object Storage, the tenancy.
    pub(super) async fn complete(
        &self,
        operation: &Operation<'_>,
        parameters: &mut Map<String, Value>,
    ) -> Result<Option<String>, Failure> {
        let mut compartment = None;
        let schema = operation.schema(0);
        let required = schema.get("required").and_then(Value::as_array);
        let required = required.into_iter().flatten().filter_map(Value::as_str);
        for name in required.filter(|name| is_known(operation, name)) {
            if parameters.keys().any(|own| alike(own, name)) {
                continue;
            }
            let value = match name {
                COMPARTMENT if is_of_tenancy(operation) => self.tenancy().await?,
                COMPARTMENT => compartment.insert(self.compartment(None).await?).clone(),
                NAMESPACE => self.namespace().await?,
                _ => self.tenancy().await?,
            };
            parameters.insert(name.to_owned(), value.into());
        }
        Ok(compartment)
    }

    /// The compartment of calls that name none, but for the root: the operator's, or else that of the resource which the
    /// server is.
    ///
    /// # Errors
    ///
    /// A [`Failure`] if there is no credential.
    pub(crate) async fn own_compartment(&self) -> Result<Option<String>, Failure> {
        if let Some(compartment) = &self.shared.compartment {
            return Ok(Some(compartment.clone()));
        }
        let credential = self.credential().await?;
        Ok(credential.compartment().map(str::to_owned))
    }

    /// The compartment that a caller named by its OCID or its name, or else the server's own, or the root.
    ///
    /// # Errors
    ///
    /// A [`Failure`] if no compartment is called so, or more than one, or none is known.
    pub(crate) async fn compartment(&self, named: Option<&str>) -> Result<String, Failure> {
        let Some(name) = named else {
            return match self.own_compartment().await? {
                Some(compartment) => Ok(compartment),
                None => self.tenancy().await,
            };
        };
        if name.starts_with("ocid1.") || name.starts_with("ocidv1:") {
            return Ok(name.to_owned());
        }
        self.called(name).await
    }

    /// The compartment that is called `name`. The root is called what the tenancy is, and in no list of compartments.
    async fn called(&self, name: &str) -> Result<String, Failure> {
        let tenancy = self.tenancy_or(BY_OCID).await?;
        let subtree = json!({
            "compartmentId": tenancy, "compartmentIdInSubtree": true, "accessLevel": "ACCESSIBLE",
            "lifecycleState": "ACTIVE",
        });
        let mut wanted = subtree.clone();
        put(&mut wanted, "name", name);
        let operation = self.shared.allowed("identity.list_compartments");
        let operation = operation.map_err(|failure| failure.suggest(BY_OCID))?;
        let found = self.ask(operation, wanted).await?;
        let found = texts(&found, "id");
        let cut: String = name.escape_debug().take(100).collect();
        match found.as_slice() {
            [id] => return Ok((*id).to_owned()),
            [] => {}
            several => {
                return Err(Failure::validation(format!(
                    "{} compartments are called `{cut}`: {}",
                    several.len(),
                    several.join(", ")
                ))
                .suggest("name one by its OCID"));
            }
        }
        let root = self.may_ask(
            "identity.get_compartment",
            json!({ "compartmentId": tenancy }),
        );
        let root = root.await;
        if field(&root, "name") == name {
            return Ok(tenancy);
        }
        let others = self.may_ask("identity.list_compartments", subtree).await;
        let mut names = texts(&others, "name");
        names.extend(field(&root, "name").as_str());
        let near = near(name, names);
        let problem = format!("no compartment is called `{cut}`, or this server may not see it");
        let failure = Failure::new(Category::NotFound, problem);
        Err(if near.is_empty() {
            failure
                .suggest("`oci_identity_list_compartments`, if it is served, tells names and OCIDs")
        } else {
            failure.suggest(format!("there are {}", near.join(", ")))
        })
    }

    /// What the operation `name` answers, or null, where that would only be of help.
    async fn may_ask(&self, name: &str, parameters: Value) -> Value {
        match self.shared.allowed(name) {
            Ok(operation) => self.ask(operation, parameters).await.unwrap_or_default(),
            Err(_refusal) => Value::Null,
        }
    }

    /// The tenancy of the identity, or else the operator's.
    ///
    /// # Errors
    ///
    /// A [`Failure`] if the identity does not tell.
    pub(crate) async fn tenancy(&self) -> Result<String, Failure> {
        let remedy = "name a compartment by its OCID; the server's operator can set `COMPARTMENT_OCID`, to the tenancy's for all tools";
        self.tenancy_or(remedy).await
    }

    async fn tenancy_or(&self, remedy: &str) -> Result<String, Failure> {
        let credential = self.credential().await?;
        // That of a pod does not tell, and its operator may.
        let told = self.shared.compartment.as_deref();
        let told = told.filter(|id| is_tenancy(id));
        let tenancy = credential.tenancy().or(told).map(str::to_owned);
        tenancy.ok_or_else(|| {
            Failure::validation("the identity of this server does not tell its tenancy")
                .suggest(remedy)
        })
    }

    /// What `operation` answers to `parameters` that lack nothing.
    async fn ask(&self, operation: Operation<'_>, parameters: Value) -> Result<Value, Failure> {
        let parameters = parameters.as_object().cloned().unwrap_or_default();
        let request = operation
            .request(&parameters)
            .map_err(Failure::validation)?;
        let endpoint = self.endpoint(&operation, &request).await?;
        self.read(&endpoint, request).await
    }

    /// The namespace of Object Storage, which is the tenancy's for as long as it exists.
    async fn namespace(&self) -> Result<String, Failure> {
        if let Some(namespace) = self.shared.namespace.get() {
            return Ok(namespace.clone());
        }
        // Whatever else is allowed: it is part of the address.
        let operation = self.shared.operation("object_storage.get_namespace")?;
        let namespace = self.ask(operation, json!({})).await?;
        let namespace = namespace.as_str().unwrap_or_default().to_owned();
        Ok(self.shared.namespace.get_or_init(|| namespace).clone())
    }
}

/// What `name` is in each item of `list`.
fn texts<'a>(list: &'a Value, name: &str) -> Vec<&'a str> {
    let items = list.as_array().into_iter().flatten();
    items
        .filter_map(|item| field(item, name).as_str())
        .collect()
}

/// Those of `names`, at most five, that `wanted` may have been meant to be.
fn near(wanted: &str, names: Vec<&str>) -> Vec<String> {
    let wanted: String = wanted.to_lowercase().chars().take(100).collect();
    let is_near = |name: &&str| strsim::jaro_winkler(&wanted, &name.to_lowercase()) > 0.85;
    let near = names.into_iter().filter(is_near).take(5);
    near.map(|name| format!("`{name}`")).collect()
}

/// Whether a caller of `operation` need not say `name`, which it must be given. What is to be changed is said.
pub(crate) fn is_known(operation: &Operation<'_>, name: &str) -> bool {
    match name {
        COMPARTMENT => operation.entry().is_read_only(),
        _ => [NAMESPACE, TENANCY].contains(&name),
    }
}

/// Whether what `operation` tells is in the root alone, as users are.
fn is_of_tenancy(operation: &Operation<'_>) -> bool {
    let name = operation.entry().to_string();
    let mut tools = rows().filter(|row| row.is_of_tenancy);
    let is_tool = tools.any(|row| matches!(row.way, Way::Operation(own, _) if own == name));
    is_tool || OF_TENANCY.contains(&&*name)
}

/// What is in the root alone, and no tool's.
const OF_TENANCY: [&str; 6] = [
    "identity.get_authentication_policy",
    "identity.list_cost_tracking_tags",
    "identity.list_identity_providers",
    "identity.list_network_sources",
    "limits.list_limit_definitions",
    "limits.list_services",
];
const BY_OCID: &str = "name the compartment by its OCID";
const COMPARTMENT: &str = "compartmentId";
const NAMESPACE: &str = "namespaceName";
const TENANCY: &str = "tenancyId";
