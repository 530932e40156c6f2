//! `oci_call_operation`: calls one.

mod confirm;
mod preview;

pub(crate) use self::confirm::is_deletion;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt;
use oci_mcp::{Annotations, CallResult, Context, Output, Tool, ToolError};
use oci_rest::{Call, Credential, Endpoint, Operation, Paging, Region, Request};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::find;
use crate::answer::{Cursor, Fields, Shape, alike};
use crate::error::{Category, Failure};
use crate::{Connection, Shared, Unavailable, credentials};

/// Calls any operation that the operator allows; if `MUTATIONS`, also those that change something.
pub(crate) struct CallOperation<const MUTATIONS: bool>(pub(crate) Arc<Shared>);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Args {
    /// The operation, such as `core.list_instances`.
    operation: String,
    /// Its parameters, as `oci_describe_operation` shows them; `body` is one of them.
    #[serde(default)]
    parameters: Map<String, Value>,
    /// The region, such as `us-phoenix-1` or `phx`, if not the server's own.
    region: Option<String>,
    /// What to keep of each item, such as `id` or `shapeConfig.ocpus`, for a short answer.
    #[serde(default)]
    fields: Vec<String>,
    /// `next_page` of the answer before, to go on with all else as it was.
    page: Option<String>,
    /// Shows the request and sends nothing.
    #[serde(default)]
    dry_run: bool,
    /// If it deletes: again the identifier or name, from the parameters, of what is to be deleted.
    confirm: Option<String>,
}

impl<const MUTATIONS: bool> Tool for CallOperation<MUTATIONS> {
    type Args = Args;
    type Output = CallResult;
    const NAME: &'static str = "oci_call_operation";
    const DESCRIPTION: &'static str = if MUTATIONS {
        "Calls an operation of Oracle Cloud Infrastructure (OCI) with the identity of this server. It may \
         change or delete things: `dry_run` shows the request before it is sent, and what deletes wants \
         `confirm`. Lists answer `{items, count, next_page?}`; `fields` keeps answers short. \
         `oci_search_operations` finds operations, `oci_describe_operation` tells their parameters."
    } else {
        "Calls an operation of Oracle Cloud Infrastructure (OCI) that only reads, with the identity of \
         this server. Lists answer `{items, count, next_page?}`; `fields` keeps answers short. \
         `oci_search_operations` finds operations, `oci_describe_operation` tells their parameters."
    };
    const TITLE: Option<&'static str> = Some("Call an OCI operation");
    const ANNOTATIONS: Annotations = Annotations {
        read_only_hint: Some(!MUTATIONS),
        destructive_hint: if MUTATIONS { Some(true) } else { None },
        idempotent_hint: None,
        open_world_hint: Some(true),
    };

    async fn call(&self, cx: &Context, args: Args) -> Result<CallResult, ToolError> {
        match self.0.called(cx, args).await {
            Ok(text) => text.into_result(),
            Err(failure) => Ok(failure.into_result()),
        }
    }
}

impl Shared {
    async fn called(&self, cx: &Context, args: Args) -> Result<String, Failure> {
        let operation = find(&self.catalogue, &args.operation)?;
        let entry = operation.entry();
        self.policy.check(&entry).map_err(|refusal| {
            Failure::new(Category::Authorization, format!("{entry} {refusal}"))
                .suggest(refusal.remedy())
        })?;
        let fields = Fields::new(args.fields).map_err(Failure::validation)?;
        let connection = self.connection().map_err(|error| no_identity(&error))?;
        let call = Call::until(Instant::now() + patience(cx)).traced(trace_id(cx));
        let mut parameters = args.parameters;
        let here = page(&operation, args.page.as_deref(), &mut parameters)?;
        self.add_compartment(connection, &operation, &mut parameters, &call)
            .await?;
        let request = operation.request(&parameters).map_err(|error| {
            Failure::validation(error).suggest("`oci_describe_operation` shows what it takes")
        })?;
        let endpoint = endpoint(
            connection,
            &operation,
            args.region.as_deref(),
            &request,
            &call,
        )
        .await?;
        if args.dry_run {
            return self.preview(&connection.client, &endpoint, &request, &call);
        }
        confirm::check(&operation, &request, args.confirm.as_deref())?;
        let pages = connection.client.pages(&endpoint, request, &call, 1);
        let Some(page) = pin!(pages).try_next().await? else {
            return Err(Failure::new(
                Category::Service,
                format!("{entry}: there was no answer"),
            ));
        };
        let shape = Shape {
            max_bytes: self.max_bytes,
            fields: &fields,
            masks: !credentials::returns(&entry),
            here: here.as_ref(),
            next: page.next(),
        };
        Ok(shape.text(page.response()))
    }

    /// Most lists are of a compartment, and a caller may not know which there are.
    async fn add_compartment(
        &self,
        connection: &Connection,
        operation: &Operation<'_>,
        parameters: &mut Map<String, Value>,
        call: &Call,
    ) -> Result<(), Failure> {
        let schema = operation.schema(0);
        let required = schema.get("required").and_then(Value::as_array);
        let is_wanted = required.is_some_and(|names| names.iter().any(|name| name == COMPARTMENT));
        let is_given = || parameters.keys().any(|name| alike(name, COMPARTMENT));
        if !is_wanted || !operation.entry().is_read_only() || is_given() {
            return Ok(());
        }
        let compartment = match &self.compartment {
            Some(compartment) => Some(compartment.clone()),
            None => credential(connection, call)
                .await?
                .tenancy()
                .map(str::to_owned),
        };
        parameters.extend(compartment.map(|id| (COMPARTMENT.to_owned(), id.into())));
        Ok(())
    }
}

/// Where the answer begins, if the operation may be asked again for what comes after.
fn page(
    operation: &Operation<'_>,
    page: Option<&str>,
    parameters: &mut Map<String, Value>,
) -> Result<Option<Cursor>, Failure> {
    if !operation.entry().is_read_only() {
        return match page {
            Some(_) => Err(Failure::validation(
                "`page` goes on with a list, and this operation is none",
            )),
            None => Ok(None),
        };
    }
    let name = match operation.paging() {
        Some(Paging::Start) => "start",
        Some(Paging::Scim) => "startIndex",
        _ => "page",
    };
    let Some(page) = page else {
        // A caller may name a page of OCI's, too.
        let given = parameters.iter().find(|(own, _)| alike(own, name));
        let token = given.map(|(_, value)| {
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
        });
        return Ok(Some(
            token.map_or_else(Cursor::default, |token| Cursor::of(&token)),
        ));
    };
    let cursor: Cursor = page.parse().map_err(Failure::validation)?;
    if let Some(token) = cursor.token() {
        let value = match operation.paging() {
            Some(Paging::Scim) => token
                .parse::<u32>()
                .map_or_else(|_| Value::from(token), Value::from),
            _ => Value::from(token),
        };
        parameters.retain(|own, _| !alike(own, name));
        parameters.insert(name.to_owned(), value);
    }
    Ok(Some(cursor))
}

/// Where the request goes: a region of the table, and the service's own address in it.
async fn endpoint(
    connection: &Connection,
    operation: &Operation<'_>,
    name: Option<&str>,
    request: &Request,
    call: &Call,
) -> Result<Endpoint, Failure> {
    let endpoints = &connection.endpoints;
    let region: Region = match (name, &connection.region) {
        (Some(name), _) => endpoints
            .regions()
            .requested(name)
            .map_err(Failure::validation)?,
        (None, Some(region)) => region.clone(),
        (None, None) => {
            let credential = credential(connection, call).await?;
            credential.region().cloned().ok_or_else(|| {
                Failure::validation("the server has no region of its own")
                    .suggest("name one in `region`; its operator can set `OCI_REGION`")
            })?
        }
    };
    let mut parameters = request.path_parameters();
    let namespace = parameters
        .find(|(name, _)| *name == "namespaceName")
        .map(|(_, value)| value);
    let endpoint = operation.endpoint(endpoints, &region, namespace);
    endpoint.map_err(Failure::validation)
}

async fn credential(connection: &Connection, call: &Call) -> Result<Arc<Credential>, Failure> {
    let credential = connection.client.principal().credential();
    let credential = tokio::time::timeout_at(call.deadline(), credential).await;
    let late = "the credential did not come in time";
    let credential = credential.map_err(|_elapsed| Failure::new(Category::Timeout, late))?;
    credential.map_err(|error| Failure::new(Category::Authentication, error))
}

/// The first line; the whole, which is a page of advice for operators, is logged.
fn no_identity(error: &Unavailable) -> Failure {
    let text = error.to_string();
    tracing::warn!("{text}");
    let first = text.lines().next().unwrap_or_default();
    Failure::new(Category::Authentication, first)
        .suggest("its operator finds in the log of the server what would give it an identity")
}

/// How long to wait for OCI. Whoever runs the tool stops it a second before the host's deadline, or half
/// way to it, and what went wrong is to be told before.
fn patience(cx: &Context) -> Duration {
    let Some(deadline) = cx.deadline() else {
        return PATIENCE;
    };
    let left = deadline.saturating_duration_since(Instant::now().into_std());
    let run = left.saturating_sub(Duration::from_secs(1).min(left / 2));
    PATIENCE.min(run / 10 * 9)
}

/// The part of `traceparent` that all of a trace have in common, or nothing.
fn trace_id(cx: &Context) -> &str {
    let trace = cx
        .trace()
        .and_then(|trace| trace.traceparent.split('-').nth(1));
    trace.unwrap_or_default()
}

const COMPARTMENT: &str = "compartmentId";
const PATIENCE: Duration = Duration::from_secs(60);
