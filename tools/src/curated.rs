//! Tools for what people ask of a tenancy most: rows of tables, each of one operation with flat
//! arguments and a short answer, or of a function that asks for several.

mod argument;
mod composed;
mod confirm;
mod row;
mod tables;
mod toolsets;

pub(crate) use self::row::{Change, Row, Way};
pub(crate) use self::tables::rows;
pub(crate) use self::toolsets::Toolsets;

use std::sync::Arc;

use oci_mcp::{Annotations, App, CallResult, Context, DynamicTool, Output, ToolError};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use self::argument::schema;
use crate::Shared;
use crate::answer::{Fields, Shape};
use crate::error::{Category, Failure};
use crate::session::{Session, refused};

/// Adds the tools of the operator's toolsets to `app`. Those that change something are not listed, and refuse, unless
/// the operator allows changes.
pub(crate) fn add_to(app: App, shared: &Arc<Shared>) -> App {
    let chosen = rows().filter(|row| shared.toolsets.have(row));
    let named = chosen.flat_map(|row| {
        let alias = row.alias.filter(|_| shared.toolsets.have_aliases());
        [Some(row.name), alias]
            .into_iter()
            .flatten()
            .map(move |name| (name, row))
    });
    named.fold(app, |app, (name, row)| match tool(name, row, shared) {
        Some(tool) if shared.has(row) => app.dynamic_tool(tool),
        Some(tool) => app.dynamic_tool(tool.unlisted()),
        None => app,
    })
}

/// None if the table has what no tool can be made of, which a test excludes.
fn tool(name: &str, row: &'static Row, shared: &Arc<Shared>) -> Option<DynamicTool> {
    let shared = Arc::clone(shared);
    let handler = move |cx: Context, arguments: Box<RawValue>| {
        let shared = Arc::clone(&shared);
        async move { shared.curated(&cx, row, arguments.get()).await }
    };
    let tool = DynamicTool::deferred(name, row.about, || schema(row.arguments()), handler);
    Some(tool.ok()?.with_annotations(row.annotations()))
}

impl Row {
    fn annotations(&self) -> Annotations {
        match self.change {
            None => Annotations::READ_ONLY,
            Some(change) => Annotations {
                read_only_hint: Some(false),
                destructive_hint: Some(change.is_destructive),
                idempotent_hint: Some(change.is_idempotent),
                open_world_hint: None,
            },
        }
    }
}

/// The arguments of one call, after those that all tools have were taken out.
pub(crate) struct Given {
    pub(crate) arguments: Map<String, Value>,
    page: Option<String>,
    dry_run: bool,
    confirm: Option<String>,
}

impl Shared {
    async fn curated(
        &self,
        cx: &Context,
        row: &Row,
        arguments: &str,
    ) -> Result<CallResult, ToolError> {
        match self.curated_text(cx, row, arguments).await {
            Ok(text) => text.into_result(),
            Err(failure) => failure.into_result(),
        }
    }

    async fn curated_text(
        &self,
        cx: &Context,
        row: &Row,
        arguments: &str,
    ) -> Result<String, Failure> {
        if row.change.is_some() && !self.policy.allows_mutations() {
            return Err(Failure::new(
                Category::Authorization,
                format!(
                    "`{}` changes something, and this server only reads",
                    row.name
                ),
            )
            .suggest("its operator allows changes with `ALLOW_MUTATIONS=true`"));
        }
        let mut arguments: Map<String, Value> =
            serde_json::from_str(arguments).map_err(Failure::validation)?;
        // Null is as good as nothing.
        arguments.retain(|_, value| !value.is_null());
        let region = take_text(&mut arguments, "region");
        let fields = arguments.remove("fields").and_then(|fields| {
            let fields: Option<Vec<String>> = serde_json::from_value(fields).ok();
            fields
        });
        let fields = Fields::of(row.shows).or(fields.unwrap_or_default());
        let fields = fields.map_err(Failure::validation)?;
        let session = self.session(cx, region.as_deref())?;
        let mut given = Given {
            page: take_text(&mut arguments, "page"),
            dry_run: arguments.remove("dry_run") == Some(Value::Bool(true)),
            confirm: take_text(&mut arguments, "confirm"),
            arguments,
        };
        if row.takes(COMPARTMENT) {
            let named = take_text(&mut given.arguments, COMPARTMENT);
            let id = session.compartment(named.as_deref()).await?;
            given.arguments.insert(COMPARTMENT.to_owned(), id.into());
        }
        if row.is_of_tenancy {
            let id = session.tenancy().await?;
            given
                .arguments
                .insert("compartmentId".to_owned(), id.into());
        }
        if row.takes(LIMIT) && !given.arguments.contains_key(LIMIT) {
            given
                .arguments
                .insert(LIMIT.to_owned(), DEFAULT_LIMIT.into());
        }
        let compartment = given.arguments.get(COMPARTMENT).cloned();
        let outcome = self.answered(&session, row, given, &fields).await;
        outcome.map_err(|failure| {
            let compartment = compartment.as_ref().and_then(Value::as_str);
            let principal = session.connection.client.principal().name();
            failure.needing(row.needs, principal, cx.host(), compartment)
        })
    }

    async fn answered(
        &self,
        session: &Session<'_>,
        row: &Row,
        given: Given,
        fields: &Fields,
    ) -> Result<String, Failure> {
        let whole = |value: Value| {
            let shape = Shape {
                max_bytes: self.max_bytes,
                fields,
                masks: true,
                here: None,
                next: None,
            };
            shape.made(value)
        };
        let (name, prepare) = match row.way {
            Way::Composed(compose) => {
                return compose(session, given.arguments).await.map(whole);
            }
            Way::Operation(name, prepare) => (name, prepare),
        };
        let operation = self.operation(name)?;
        let entry = operation.entry();
        let checked = if row.masks {
            self.policy.check(&entry)
        } else {
            self.policy.check_of_tool(&entry)
        };
        checked.map_err(|refusal| refused(&entry, refusal))?;
        let mut parameters = given.arguments;
        prepare(&mut parameters, session.now())?;
        let page = given.page.as_deref();
        let mut prepared = session.prepare(operation, parameters, page).await?;
        if let Some(address) = row.address {
            prepared.endpoint = session.announced(&prepared.request, address).await?;
        }
        if given.dry_run {
            return session.preview(&prepared);
        }
        if let Some(teller) = row.change.and_then(|change| change.confirmed_by) {
            let told = given.confirm.as_deref();
            confirm::check(session, teller, &prepared.request, told).await?;
        }
        let page = session.send(&prepared.endpoint, prepared.request).await?;
        let shape = Shape {
            max_bytes: self.max_bytes,
            fields,
            masks: row.masks,
            here: prepared.here.as_ref().filter(|_| row.takes(PAGE)),
            next: page.next(),
        };
        Ok(shape.text(page.response()))
    }
}

fn take_text(arguments: &mut Map<String, Value>, name: &str) -> Option<String> {
    match arguments.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

pub(crate) const COMPARTMENT: &str = "compartment_id";
const LIMIT: &str = "limit";
const PAGE: &str = "page";
const DEFAULT_LIMIT: i64 = 20;
