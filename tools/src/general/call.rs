//! `oci_call_operation`: calls one.

mod confirm;
mod preview;

pub(crate) use self::confirm::is_deletion;

use std::sync::Arc;

use oci_mcp::{Annotations, CallResult, Context, Output, Tool, ToolError};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::answer::{Fields, Shape};
use crate::error::Failure;
use crate::{Shared, credentials};

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
        self.0.answer(cx, args).await
    }
}

impl Args {
    /// Those of a tool that is one `operation`: what all calls take is among its parameters.
    pub(crate) fn typed(operation: String, mut parameters: Map<String, Value>) -> Self {
        let mut take = |name: &str| match parameters.remove(name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        };
        let (region, page, confirm) = (take("region"), take("page"), take("confirm"));
        Self {
            operation,
            region,
            page,
            confirm,
            fields: Vec::new(),
            dry_run: parameters.remove("dry_run") == Some(Value::Bool(true)),
            parameters,
        }
    }
}

impl Shared {
    pub(crate) async fn answer(&self, cx: &Context, args: Args) -> Result<CallResult, ToolError> {
        match self.called(cx, args).await {
            Ok(text) => text.into_result(),
            Err(failure) => failure.into_result(),
        }
    }

    async fn called(&self, cx: &Context, args: Args) -> Result<String, Failure> {
        let operation = self.allowed(&args.operation)?;
        let fields = Fields::default().or(args.fields);
        let fields = fields.map_err(Failure::validation)?;
        let session = self.session(cx, args.region.as_deref())?;
        let page = args.page.as_deref();
        let prepared = session.prepare(operation, args.parameters, page).await?;
        if args.dry_run {
            return session.preview(&prepared);
        }
        confirm::check(&operation, &prepared.request, args.confirm.as_deref())?;
        let page = session.send(&prepared.endpoint, prepared.request).await?;
        let shape = Shape {
            max_bytes: self.max_bytes,
            fields: &fields,
            masks: !credentials::returns(&operation.entry()),
            here: prepared.here.as_ref(),
            next: page.next(),
        };
        Ok(shape.text(page.response()))
    }
}
