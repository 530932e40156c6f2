//! `oci_call_operation`: calls one.

mod deletion;
mod preview;

pub(crate) use self::deletion::{is_deletion, may_delete};

use std::sync::Arc;

use oci_mcp::{Annotations, App, CallResult, Context, DynamicTool, Output, ToolError};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::answer::{Fields, Shape, View, alike};
use crate::curated::GENERAL;
use crate::curated::argument::{Argument, flag, object, schema, text, texts};
use crate::error::Failure;
use crate::{Shared, confirm, credentials};

/// Adds the tool that calls any operation which the operator allows.
pub(crate) fn add_to(app: App, shared: &Arc<Shared>) -> App {
    let changes = shared.policy.allows_mutations();
    let arguments = ARGUMENTS.iter().chain(changes.then_some(&CONFIRM));
    let schema = schema(arguments);
    let about = if changes { CHANGES } else { READS };
    let shared = Arc::clone(shared);
    let handler = move |cx: Context, arguments: Box<RawValue>| {
        let shared = Arc::clone(&shared);
        async move {
            match serde_json::from_str(arguments.get()) {
                Ok(args) => shared.answer(&cx, args).await,
                Err(error) => Failure::validation(error).into_result(),
            }
        }
    };
    // None if the texts below were none that a tool may have, which a test excludes.
    let Ok(tool) = DynamicTool::new("oci_call_operation", about, schema, handler) else {
        return app;
    };
    let tool = tool.with_title("Call an OCI operation").in_toolset(GENERAL);
    app.dynamic_tool(tool.with_annotations(Annotations {
        read_only_hint: Some(!changes),
        destructive_hint: changes.then_some(true),
        idempotent_hint: None,
        open_world_hint: Some(true),
    }))
}

/// What one call is given.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Args {
    operation: String,
    parameters: Map<String, Value>,
    region: Option<String>,
    fields: Vec<String>,
    query: Option<String>,
    table: bool,
    page: Option<String>,
    dry_run: bool,
    confirm: Option<String>,
}

const ARGUMENTS: [Argument; 8] = [
    text("operation")
        .required()
        .about("such as `core.list_instances`"),
    object("parameters").about("as `oci_describe_operation` shows them; `body` is one of them"),
    text("region").about("such as `us-phoenix-1` or `phx`, if not the server's own"),
    texts("fields").about("what to keep of each item, such as `id` or `shapeConfig.ocpus`"),
    text("query")
        .about("JMESPath over the answer: `items[?lifecycleState=='RUNNING'].displayName`"),
    flag("table").about("answers in Markdown"),
    text("page").about("`next_page` of the answer before, all else as it was"),
    flag("dry_run").about("shows the request and sends nothing"),
];
const CONFIRM: Argument = text("confirm")
    .about("if it deletes: the name of what is to be deleted, or its identifier if it has none");
const READS: &str = "Calls an operation of Oracle Cloud Infrastructure (OCI) that only reads. Lists answer \
    `{items, count, next_page?}`; `fields` and `query` keep answers short. \
    `oci_search_operations` finds operations, `oci_describe_operation` tells their parameters.";
const CHANGES: &str = "Calls an operation of Oracle Cloud Infrastructure (OCI) with the identity of this server. It may \
    change or delete things: `dry_run` shows the request before it is sent, and what deletes wants \
    `confirm`. Lists answer `{items, count, next_page?}`; `fields` and `query` keep answers short. \
    `oci_search_operations` finds operations, `oci_describe_operation` tells their parameters.";

impl Shared {
    pub(crate) async fn answer(&self, cx: &Context, args: Args) -> Result<CallResult, ToolError> {
        match self.called(cx, args).await {
            Ok(text) => text.into_result(),
            Err(failure) => failure.into_result(),
        }
    }

    async fn called(&self, cx: &Context, args: Args) -> Result<String, Failure> {
        let operation = self.allowed(&args.operation)?;
        let view = View::new(
            Fields::default(),
            args.fields,
            args.query.as_deref(),
            args.table,
        )?;
        let session = self.session(cx, args.region.as_deref())?;
        let page = args.page.as_deref();
        let is_part = args.parameters.keys().any(|name| alike(name, "range"));
        let deletes = deletion::deletes(&operation.entry(), &args.parameters);
        let prepared = session.prepare(operation, args.parameters, page).await;
        let prepared = prepared.map_err(|failure| {
            failure.or_suggest("`oci_describe_operation` shows what it takes")
        })?;
        if args.dry_run {
            return session.preview(&prepared);
        }
        if operation.entry().to_string() == "object_storage.get_object" {
            let mut path = prepared.request.path_parameters();
            let object = path.find(|(name, _)| *name == "objectName");
            credentials::check_object(object.map_or("", |(_, name)| name), is_part)?;
        }
        if deletes {
            let teller = deletion::teller(self, &operation);
            let (teller, told) = (teller.as_deref(), args.confirm.as_deref());
            confirm::check(&session, &operation, &prepared.request, teller, told).await?;
        }
        let page = session.send(&prepared.endpoint, prepared.request).await?;
        let shape = Shape {
            max_bytes: self.max_bytes,
            view: &view,
            beside: Map::new(),
            has_fields: true,
            most: None,
            has_bytes: false,
            masks: !credentials::returns(&operation.entry()),
            here: prepared.here.as_ref(),
            next: page.next(),
            compartment: prepared.compartment.as_deref(),
        };
        shape.text(page.response()).map_err(Failure::validation)
    }
}
