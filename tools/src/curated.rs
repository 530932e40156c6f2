//! Tools for what people ask of a tenancy most: rows of tables, each of one operation with flat
//! arguments and a short answer, or of a function that asks for several.

pub(crate) mod argument;
mod composed;
mod row;
mod tables;
mod times;
mod toolsets;

pub(crate) use self::row::{Asked, Change, Content, Needs, Prepare, Row, Way};
pub(crate) use self::tables::rows;
pub(crate) use self::toolsets::{GENERAL, Toolsets};

use std::sync::Arc;

use oci_mcp::{Annotations, App, CallResult, Context, DynamicTool, Output, ToolError};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use self::argument::schema;
use crate::answer::{Fields, Shape, View, alone, bounded, put};
use crate::error::Failure;
use crate::iam::Advice;
use crate::session::{Session, refused, told};
use crate::{Shared, confirm};

/// Adds the tools of the operator's toolsets to `app`. Those that change something are not listed, and refuse, unless
/// the operator allows changes; and so those whose operation is denied.
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
    let tool = tool.ok()?.in_toolset(row.toolset());
    Some(tool.with_annotations(row.annotations()))
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
    view: View,
    page: Option<String>,
    /// How many there may be of a list that is looked through.
    most: Option<usize>,
    dry_run: bool,
    confirm: Option<String>,
    /// The compartment that it is of because its caller named none.
    compartment: Option<String>,
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
        self.allows(row)?;
        let mut arguments = read(arguments)?;
        let region = take_text(&mut arguments, "region");
        let view = view(row, &mut arguments)?;
        // What looks for some is to see all that may be seen at once.
        let keeps = |(name, _): &(&str, _)| arguments.contains_key(*name);
        let keeps = row.keeps.iter().any(keeps);
        let limit = if view.searches() || keeps {
            MAX_LIMIT
        } else {
            row.limit
        };
        let most = keeps.then(|| arguments.remove(LIMIT)).flatten();
        let most = most.and_then(|most| usize::try_from(most.as_u64()?).ok());
        let session = self.session(cx, region.as_deref())?;
        let mut given = Given {
            page: take_text(&mut arguments, "page"),
            most,
            dry_run: arguments.remove("dry_run") == Some(Value::Bool(true)),
            confirm: take_text(&mut arguments, "confirm"),
            compartment: None,
            arguments,
            view,
        };
        let mut advice = Advice::new(&session, row, &given.arguments);
        given.compartment = match settle(&session, row, &mut given.arguments).await {
            Ok(own) => own,
            Err(failure) => return Err(failure.advised(&advice).await),
        };
        let settled = given.arguments.get(COMPARTMENT).and_then(Value::as_str);
        advice.compartment = settled.map(str::to_owned);
        if row.is_of_tenancy {
            let id = session.tenancy().await?;
            given
                .arguments
                .insert("compartmentId".to_owned(), id.into());
        }
        if row.takes(LIMIT) && !given.arguments.contains_key(LIMIT) {
            given.arguments.insert(LIMIT.to_owned(), limit.into());
        }
        match self.answered(&session, row, given, &advice).await {
            Err(failure) => Err(failure.advised(&advice).await),
            outcome => outcome,
        }
    }

    async fn answered(
        &self,
        session: &Session<'_>,
        row: &Row,
        given: Given,
        advice: &Advice<'_>,
    ) -> Result<String, Failure> {
        let mut value = match row.way {
            Way::Operation(name, prepare) => {
                return operated(session, row, (name, prepare), given, advice).await;
            }
            Way::Connector(compose) => {
                let value = compose(session, given.arguments).await?;
                return Ok(bounded(value, self.max_bytes));
            }
            Way::Composed(compose) => compose(session, given.arguments).await?,
        };
        if let (Some(id), None) = (&given.compartment, value.get("hint")) {
            put(&mut value, "hint", alone(id));
        }
        advice.on_parts(&mut value).await;
        let shape = self.shape(row, &given.view);
        shape.made(value).map_err(Failure::validation)
    }

    fn shape<'a>(&self, row: &Row, view: &'a View) -> Shape<'a> {
        Shape {
            max_bytes: self.max_bytes,
            view,
            beside: Map::new(),
            has_fields: row.takes(FIELDS),
            most: None,
            has_bytes: row.content == Content::Bytes,
            masks: true,
            here: None,
            next: None,
            compartment: None,
        }
    }
}

/// Has `arguments` name compartments by their OCIDs, and tells the one that is theirs because they named none. What an identifier narrows down may
/// be in any compartment, and what changes something is not made in the root because nobody said where.
async fn settle(
    session: &Session<'_>,
    row: &Row,
    arguments: &mut Map<String, Value>,
) -> Result<Option<String>, Failure> {
    if let Some(parent) = take_text(arguments, PARENT) {
        let id = session.compartment(Some(&parent)).await?;
        arguments.insert(PARENT.to_owned(), id.into());
    }
    if !row.takes(COMPARTMENT) {
        return Ok(None);
    }
    let named = take_text(arguments, COMPARTMENT);
    let is_narrow = arguments.keys().any(|name| name.ends_with("_id"));
    let is_one = matches!(row.way, Way::Operation(..));
    let id = match &named {
        None if row.change.is_some() => session.own_compartment().await?.ok_or_else(|| {
            Failure::validation(
                "`compartment_id` is missing, and this server has no compartment of its own",
            )
            .suggest(
                "name one by its OCID or name; the server's operator can set `COMPARTMENT_OCID`",
            )
        })?,
        None if is_one && is_narrow => return Ok(None),
        named => session.compartment(named.as_deref()).await?,
    };
    arguments.insert(COMPARTMENT.to_owned(), id.clone().into());
    Ok(named.is_none().then_some(id))
}

/// The arguments of a call.
fn read(arguments: &str) -> Result<Map<String, Value>, Failure> {
    let arguments: Map<String, Value> =
        serde_json::from_str(arguments).map_err(Failure::validation)?;
    match arguments.get(LIMIT).and_then(Value::as_i64) {
        // The schema says the most alone, to be short.
        Some(limit @ ..1) => Err(Failure::validation(format!(
            "`limit` is {limit}; it is 1 to {MAX_LIMIT}"
        ))),
        _ => Ok(arguments),
    }
}

/// What one operation tells, in the shape of `row`.
async fn operated(
    session: &Session<'_>,
    row: &Row,
    (name, prepare): (&'static str, Prepare),
    given: Given,
    advice: &Advice<'_>,
) -> Result<String, Failure> {
    let shared = session.shared;
    let operation = shared.operation(name)?;
    let entry = operation.entry();
    let checked = if row.content == Content::Secret {
        shared.policy.check_of_tool(&entry)
    } else {
        shared.policy.check(&entry)
    };
    checked.map_err(|refusal| refused(&entry, refusal))?;
    let mut parameters = given.arguments;
    let beside = row.tells.map(|tells| tells(&parameters));
    let wanted = wanted(&mut parameters);
    let keeps = sought(row, &mut parameters);
    // A part is asked for whatever the caller says, for it may be long, and of an empty one there is none.
    let may_be_empty = row.content == Content::Bytes && !parameters.contains_key("range");
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
        let (teller, told) = (Some(teller), given.confirm.as_deref());
        confirm::check(session, &operation, &prepared.request, teller, told).await?;
    }
    let page = match session.send(&prepared.endpoint, prepared.request).await {
        Err(failure) if may_be_empty && failure.is_beyond() => {
            return Ok(json!({ "text": "" }).to_string());
        }
        page => page?,
    };
    let compartment = given.compartment.or(prepared.compartment);
    let shape = Shape {
        compartment: compartment.as_deref(),
        beside: beside.unwrap_or_default(),
        masks: row.content != Content::Secret,
        most: given.most,
        here: prepared.here.as_ref().filter(|_| row.takes(PAGE)),
        next: page.next(),
        ..shared.shape(row, &given.view)
    };
    let add = row.adds.filter(|_| !wanted.is_empty());
    if add.is_none() && keeps.is_empty() {
        return shape.text(page.response()).map_err(Failure::validation);
    }
    let mut value = told(&page)?;
    for (member, part) in &keeps {
        keep(&mut value, member, part);
    }
    if let Some(add) = add {
        value = add(session, wanted, value).await?;
        advice.on_parts(&mut value).await;
    }
    shape.made(value).map_err(Failure::validation)
}

/// Takes out of `parameters` what is looked for in a list: where items have it, and what they must have there.
fn sought(row: &Row, parameters: &mut Map<String, Value>) -> Vec<(&'static str, String)> {
    let sought = row.keeps.iter().filter_map(|(name, member)| {
        let part = take_text(parameters, name)?;
        Some((*member, part.to_lowercase()))
    });
    sought.collect()
}

/// Leaves those of a list that have `part`, which is in lower case, in the member `pointer`.
fn keep(list: &mut Value, pointer: &str, part: &str) {
    if let Value::Array(items) = list {
        items.retain(|item| {
            let member = item.pointer(pointer).and_then(Value::as_str);
            member.is_some_and(|text| text.to_lowercase().contains(part))
        });
    }
}

/// Takes out of `parameters` what is asked for beside what the operation tells.
fn wanted(parameters: &mut Map<String, Value>) -> Map<String, Value> {
    let mut wanted = Map::new();
    parameters.retain(|name, value| {
        let is_of_operation = !name.starts_with(INCLUDE);
        if !is_of_operation && *value == true {
            wanted.insert(name.clone(), true.into());
        }
        is_of_operation
    });
    wanted
}

/// What a call asks for beside what is always shown: `ips`, of an `include_ips` that is true.
fn included(arguments: &Map<String, Value>) -> Vec<&str> {
    let flags = arguments.iter().filter(|(_, value)| **value == true);
    flags
        .filter_map(|(name, _)| name.strip_prefix(INCLUDE))
        .collect()
}

/// What of the answer a call asks to see. A `query` may be the tool's own, which is for OCI.
fn view(row: &Row, arguments: &mut Map<String, Value>) -> Result<View, Failure> {
    let names = arguments.remove(FIELDS);
    let names = names.and_then(|names| serde_json::from_value(names).ok());
    let query = if row.has_own(QUERY) {
        None
    } else {
        take_text(arguments, QUERY)
    };
    let is_table = arguments.remove("table") == Some(Value::Bool(true));
    let names: Option<Vec<String>> = names;
    View::new(
        Fields::of(row.shows).and(&included(arguments)),
        names.unwrap_or_default(),
        query.as_deref(),
        is_table,
    )
}

fn take_text(arguments: &mut Map<String, Value>, name: &str) -> Option<String> {
    match arguments.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

pub(crate) const COMPARTMENT: &str = "compartment_id";
/// Another compartment, in which some are looked for.
pub(crate) const PARENT: &str = "parent_id";
/// Before the name of a member that is shown to who asks for it.
const INCLUDE: &str = "include_";
const FIELDS: &str = "fields";
const QUERY: &str = "query";
const LIMIT: &str = "limit";
const PAGE: &str = "page";
const DEFAULT_LIMIT: u32 = 20;
pub(crate) const MAX_LIMIT: u32 = 100;
