//! What OCI has of a function, and of a gateway's deployment: whether settings, processor and times go together.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use oci_rest::{Call, Catalogue, Endpoint, Region, Request};
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::endpoints::region_of;
use super::finding::{Finding, chain, quoted};
use super::identity::Identity;
use super::{configuration, image};
use crate::oci::Oci;

/// What OCI is asked about.
#[derive(clap::Args)]
#[group(id = "deployed")]
pub(super) struct Args {
    /// The OCID of a function: whether its settings, its shape and its timeout go together
    #[arg(long, value_name = "OCID")]
    function: Option<String>,
    /// The OCID of an API gateway's deployment: where its routes lead, and how long it waits
    #[arg(long, value_name = "OCID")]
    deployment: Option<String>,
}

impl Args {
    pub(super) fn is_given(&self) -> bool {
        self.function.is_some() || self.deployment.is_some()
    }

    /// Asks OCI as `identity`, for a binary on a machine whose files are under `root`.
    pub(super) async fn examine(&self, identity: &Identity, root: &Path) -> Vec<Finding> {
        let moot = |because| vec![Finding::not_checked(WHAT, because)];
        if !self.is_given() {
            return moot("neither --function nor --deployment is given");
        }
        let Some(oci) = identity.oci.as_ref().filter(|_| identity.can_sign) else {
            return moot("there is nothing to sign with; see identity");
        };
        let asked = Asked {
            oci,
            region: identity.region.as_ref(),
        };
        let (mut findings, deployment) = tokio::join!(
            async {
                match &self.function {
                    Some(id) => asked.function(id, root).await,
                    None => Ok(Vec::new()),
                }
                .unwrap_or_else(|problem| vec![problem])
            },
            async {
                let id = self.deployment.as_ref()?;
                Some(asked.get(DEPLOYMENT, id).await)
            },
        );
        findings.extend(match &deployment {
            Some(Ok(deployment)) => ways(deployment, self.function.as_deref()),
            Some(Err(problem)) => vec![problem.clone()],
            None => Vec::new(),
        });
        findings
    }
}

/// What OCIDs of a kind begin with, the operation that gets one, and its parameter for the OCID.
#[derive(Clone, Copy)]
struct Kind(&'static str, &'static str, &'static str);

/// Who asks, and where, if an OCID does not say it.
struct Asked<'a> {
    oci: &'a Oci,
    region: Option<&'a Region>,
}

impl Asked<'_> {
    /// What is found of the function `id`.
    async fn function(&self, id: &str, root: &Path) -> Result<Vec<Finding>, Finding> {
        let function = self.get(FUNCTION, id).await?;
        let application = text(&function, "/applicationId");
        let application = self.get(APPLICATION, application).await?;
        let shape = text(&application, "/shape");
        // Those of the function count before those of its application.
        let mut settings = settings(&application);
        settings.extend(self::settings(&function));
        let mut findings: Vec<_> = inactive(&function).into_iter().collect();
        findings.extend(judge(&settings));
        // The last one is about the shape.
        findings.extend(image::examine(root, Some(shape)).pop());
        findings.push(time(id, &function, &settings));
        Ok(findings)
    }

    /// What OCI has of the thing `id`.
    async fn get(&self, kind: Kind, id: &str) -> Result<Value, Finding> {
        let problem = |why: String| {
            Finding::problem(format!("OCI does not tell about {}", quoted(id))).because(why)
        };
        let (endpoint, request) = self.prepare(kind, id).map_err(|why| {
            problem(why).mend("give its OCID, as its page in the console has it, and OCI_REGION")
        })?;
        let call = Call::until(Instant::now().into_std() + PATIENCE);
        // On the heap, because it is large.
        let answer = Box::pin(self.oci.client.send(&endpoint, &request, &call)).await;
        let answer = answer.map_err(|error| {
            problem(chain(&error)).mend(error.hint().unwrap_or("look at what is told of endpoints"))
        })?;
        serde_json::from_slice(answer.body()).map_err(|error| problem(error.to_string()))
    }

    fn prepare(&self, kind: Kind, id: &str) -> Result<(Endpoint, Request), String> {
        let Kind(of, operation, name) = kind;
        if !id.starts_with(of) {
            return Err(format!("it does not begin with {of}"));
        }
        let endpoints = &self.oci.endpoints;
        let region = region_of(endpoints, id).or_else(|| self.region.cloned());
        let region = region.ok_or("its region is not known")?;
        let catalogue = Catalogue::new();
        let operation = catalogue.find(operation).map_err(|error| chain(&error))?;
        let endpoint = operation.endpoint(endpoints, &region, None);
        let parameters = Map::from_iter([(name.to_owned(), Value::from(id))]);
        let request = operation.request(&parameters);
        Ok((
            endpoint.map_err(|error| chain(&error))?,
            request.map_err(|error| chain(&error))?,
        ))
    }
}

type Settings = BTreeMap<String, String>;

/// The settings of a function, or those that an application has for all of its functions.
fn settings(owner: &Value) -> Settings {
    let config = owner.get("config").and_then(Value::as_object);
    let all = config.into_iter().flatten();
    all.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// What a server would say of `settings` that is started as a function.
fn judge(settings: &Settings) -> Vec<Finding> {
    let of_platform = [("FN_FORMAT", "http-stream"), ("FN_LISTENER", LISTENER)];
    let lookup = |name: &str| {
        let given = of_platform.into_iter().find(|(own, _)| *own == name);
        given
            .map(|(_, value)| value.to_owned())
            .or_else(|| settings.get(name).cloned())
    };
    let (findings, _) = configuration::examine(lookup, settings.keys().cloned());
    findings
}

/// Whether a function has time for what its settings have it wait for.
fn time(id: &str, function: &Value, settings: &Settings) -> Finding {
    let seconds = function.get("timeoutInSeconds").and_then(Value::as_u64);
    let seconds = seconds.unwrap_or(DEFAULT_TIMEOUT);
    let what = format!("a request may take {seconds} s, and a tool a second less");
    let is = |name: &str, values: &[&str]| {
        let value = settings.get(name).map_or("", |value| value.trim());
        values.contains(&value)
    };
    let asks = is("OCI_MCP_ACCESS", &["jwt", "introspection"]);
    let has_secrets = settings.keys().any(|name| name.ends_with("_SECRET_ID"));
    let waits = [
        (asks, "the issuer of tokens"),
        (has_secrets, "a Vault, when an instance starts"),
        (settings.contains_key("OCI_MCP_AUDIT_LOG_ID"), "OCI Logging"),
    ];
    let waits: Vec<_> = waits.iter().filter(|(does, _)| *does).collect();
    let needed = waits.iter().fold(LEAST, |sum, _| sum + WAIT);
    if seconds >= needed {
        return Finding::good(what);
    }
    let whom: Vec<_> = waits.iter().map(|(_, whom)| *whom).collect();
    let why = if whom.is_empty() {
        "nothing is left for a tool".to_owned()
    } else {
        format!(
            "of these it may wait {WAIT} s each for {}",
            whom.join(", and for ")
        )
    };
    Finding::warning(what).because(why).mend(format!(
        "oci fn function update container-function --function-id {} --timeout-in-seconds {needed}, or up to 300",
        quoted(id)
    ))
}

/// Where the routes of a deployment lead: to `function`, if it is known, and for long enough.
fn ways(deployment: &Value, function: Option<&str>) -> Vec<Finding> {
    let mut findings: Vec<_> = inactive(deployment).into_iter().collect();
    let routes = deployment.pointer("/specification/routes");
    let routes = routes.and_then(Value::as_array).into_iter().flatten();
    // What the gateway itself answers, such as metadata, leads nowhere.
    let leading = routes.filter(|route| text(route, "/backend/type") != "STOCK_RESPONSE_BACKEND");
    let before = findings.len();
    findings.extend(leading.map(|route| way(route, function)));
    if findings.len() == before {
        findings.push(
            Finding::problem("no route of the deployment leads to a server")
                .mend("oci-mcp render apigateway has the route that MCP needs"),
        );
    }
    findings
}

fn way(route: &Value, function: Option<&str>) -> Finding {
    let path = quoted(text(route, "/path"));
    let to = text(route, "/backend/functionId");
    match text(route, "/backend/type") {
        "HTTP_BACKEND" => patience(&path, route),
        "ORACLE_FUNCTIONS_BACKEND" if function.is_some_and(|function| function != to) => {
            let to = quoted(to);
            Finding::problem(format!("the route {path} leads to another function, {to}"))
                .mend("oci-mcp render apigateway --function <OCID>")
        }
        "ORACLE_FUNCTIONS_BACKEND" => Finding::good(format!(
            "the route {path} leads to a function, and waits as long as that may take"
        )),
        kind => {
            let because = format!("its back end is a {}", quoted(kind));
            Finding::not_checked(format!("the route {path}"), because)
        }
    }
}

/// Whether a gateway waits for a server behind a URL as long as that waits for OCI.
fn patience(path: &str, route: &Value) -> Finding {
    let seconds = route.pointer("/backend/readTimeoutInSeconds");
    let Some(seconds) = seconds.and_then(Value::as_f64) else {
        let because = "OCI does not tell its readTimeoutInSeconds";
        return Finding::not_checked(format!("how long the route {path} waits"), because);
    };
    let what = format!("the route {path} waits {seconds} s for the server");
    if seconds >= LONGEST {
        return Finding::good(what);
    }
    Finding::warning(what)
        .because(format!(
            "a tool waits up to {LONGEST} s for OCI; a client then gets the gateway's 504, and a model no reason"
        ))
        .mend("\"readTimeoutInSeconds\": 300, which oci-mcp render apigateway has")
}

/// That something is not in service.
fn inactive(thing: &Value) -> Option<Finding> {
    let state = text(thing, "/lifecycleState");
    (state != "ACTIVE").then(|| {
        let name = quoted(text(thing, "/displayName"));
        Finding::problem(format!("{name} is {}, not ACTIVE", quoted(state)))
            .mend("wait while it changes; its work requests say why it failed")
    })
}

fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value
        .pointer(path)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

const APPLICATION: Kind = Kind("ocid1.fnapp.", "functions.get_application", "applicationId");
const DEPLOYMENT: Kind = Kind(
    "ocid1.apideployment.",
    "apigateway.get_deployment",
    "deploymentId",
);
const FUNCTION: Kind = Kind("ocid1.fnfunc.", "functions.get_function", "functionId");
const WHAT: &str = "the function and the gateway, as OCI has them";
const LISTENER: &str = "unix:/tmp/iofs/lsnr.sock";
const PATIENCE: Duration = Duration::from_secs(15);
/// What OCI has if nothing is said, in seconds.
const DEFAULT_TIMEOUT: u64 = 30;
/// With fewer seconds no tool has time.
const LEAST: u64 = 5;
/// How long `hosts` waits for one that it asks, in seconds.
const WAIT: u64 = 5;
/// How long `tools` waits for an answer of OCI where no host ends a request, in seconds.
const LONGEST: f64 = 60.0;

#[cfg(test)]
mod tests;
