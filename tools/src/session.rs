//! What one call of a tool asks OCI: as what the operator allows, in which region, until when.

mod defaults;

pub(crate) use self::defaults::is_known;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use oci_mcp::{Context, TraceContext};
use oci_rest::{
    Call, Credential, Endpoint, Entry, Operation, Page, Paging, Region, Request, UnknownOperation,
};
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::answer::{Cursor, alike, field, tidy};
use crate::error::{Category, Failure};
use crate::policy::Refusal;
use crate::{Connection, Shared, Unavailable};

/// One call of a tool. It may make several requests, which have its time together.
pub(crate) struct Session<'a> {
    pub(crate) cx: &'a Context,
    pub(crate) shared: &'a Shared,
    pub(crate) connection: &'a Connection,
    pub(crate) call: Call,
    /// The region as the caller named it.
    region: Option<&'a str>,
}

/// A request that has been made up, and not sent yet.
pub(crate) struct Prepared {
    pub(crate) endpoint: Endpoint,
    pub(crate) request: Request,
    /// Where its answer begins, if it is one that can be continued.
    pub(crate) here: Option<Cursor>,
    /// The compartment that it is of because its caller named none.
    pub(crate) compartment: Option<String>,
}

impl Shared {
    /// The operation that is called `name`.
    ///
    /// # Errors
    ///
    /// A [`Failure`] if there is none.
    pub(crate) fn operation(&self, name: &str) -> Result<Operation<'_>, Failure> {
        let found = self.catalogue.find(name);
        found.map_err(|error: UnknownOperation| {
            Failure::validation(error).suggest("find its name with `oci_search_operations`")
        })
    }

    /// The same, if it may be called.
    ///
    /// # Errors
    ///
    /// Also if the operator is against it.
    pub(crate) fn allowed(&self, name: &str) -> Result<Operation<'_>, Failure> {
        let operation = self.operation(name)?;
        let entry = operation.entry();
        let checked = self.policy.check(&entry);
        checked.map_err(|refusal| refused(&entry, refusal))?;
        Ok(operation)
    }

    /// Begins what `cx` asks for, in the region that its caller named, or else in the server's own.
    ///
    /// # Errors
    ///
    /// A [`Failure`] if there is no way to OCI.
    pub(crate) fn session<'a>(
        &'a self,
        cx: &'a Context,
        region: Option<&'a str>,
    ) -> Result<Session<'a>, Failure> {
        Ok(Session {
            cx,
            shared: self,
            connection: self.connection().map_err(|error| no_identity(&error))?,
            call: Call::until(Instant::now() + patience(cx))
                .traced(cx.trace().map_or("", TraceContext::trace_id)),
            region,
        })
    }
}

impl<'a> Session<'a> {
    /// The request that calls `operation` with `parameters`, which may leave out what is known: the
    /// compartment of a list, the namespace of Object Storage, the tenancy.
    ///
    /// # Errors
    ///
    /// A [`Failure`] that tells what is wrong with them, or why what they leave out cannot be known.
    pub(crate) async fn prepare(
        &self,
        operation: Operation<'a>,
        mut parameters: Map<String, Value>,
        page: Option<&str>,
    ) -> Result<Prepared, Failure> {
        let here = turn(&operation, page, &mut parameters)?;
        let compartment = self.complete(&operation, &mut parameters).await?;
        let request = operation.request(&parameters);
        let request = request.map_err(Failure::validation)?;
        Ok(Prepared {
            endpoint: self.endpoint(&operation, &request).await?,
            request,
            here,
            compartment,
        })
    }

    /// The answer, which is a page if the operation lists.
    ///
    /// # Errors
    ///
    /// A [`Failure`] if OCI refuses or cannot be reached.
    pub(crate) async fn send(
        &self,
        endpoint: &Endpoint,
        request: Request,
    ) -> Result<Page, Failure> {
        let client = &self.connection.client;
        let pages = client.pages(endpoint, request, &self.call, 1);
        let page = pin!(pages).try_next().await?;
        page.ok_or_else(|| Failure::new(Category::Service, "there was no answer"))
    }

    /// The address that the member `url` is of what the operation `teller` answers to the path of `request`:
    /// of functions, each has its own.
    ///
    /// # Errors
    ///
    /// A [`Failure`] if it is not told, or if it is none of OCI's.
    pub(crate) async fn announced(
        &self,
        request: &Request,
        [teller, url]: [&str; 2],
    ) -> Result<Endpoint, Failure> {
        let thing = self.beside(request, teller).await?;
        let url = field(&thing, url).as_str().unwrap_or_default();
        let endpoints = &self.connection.endpoints;
        let endpoint = endpoints.announced(url, &self.region().await?);
        endpoint.map_err(|error| Failure::new(Category::Service, error))
    }

    /// What the operation `teller` answers, which takes the path of `request`.
    ///
    /// # Errors
    ///
    /// As [`Session::get`].
    pub(crate) async fn beside(&self, request: &Request, teller: &str) -> Result<Value, Failure> {
        let mut path = Map::new();
        for (name, value) in request.path_parameters() {
            path.insert(name.to_owned(), value.into());
        }
        self.get(teller, path.into()).await
    }

    /// What the operation `name` answers, without secrets and what says nothing.
    ///
    /// # Errors
    ///
    /// As [`Shared::allowed`], [`Session::prepare`] and [`Session::send`].
    pub(crate) fn get<'s>(
        &'s self,
        name: &'s str,
        parameters: Value,
    ) -> BoxFuture<'s, Result<Value, Failure>> {
        Box::pin(async move {
            let parameters = parameters.as_object().cloned().unwrap_or_default();
            let operation = self.shared.allowed(name)?;
            let prepared = self.prepare(operation, parameters, None).await?;
            self.read(&prepared.endpoint, prepared.request).await
        })
    }

    async fn read(&self, endpoint: &Endpoint, request: Request) -> Result<Value, Failure> {
        told(&self.send(endpoint, request).await?)
    }

    /// All items that the operation `name` lists.
    ///
    /// # Errors
    ///
    /// As [`Session::get`], and if there are more than [`MAX_PAGES`] pages: what is made of a part would
    /// be wrong.
    pub(crate) fn items<'s>(
        &'s self,
        name: &'s str,
        parameters: Value,
    ) -> BoxFuture<'s, Result<Vec<Value>, Failure>> {
        Box::pin(async move {
            let parameters = parameters.as_object().cloned().unwrap_or_default();
            let operation = self.shared.allowed(name)?;
            let prepared = self.prepare(operation, parameters, None).await?;
            let client = &self.connection.client;
            let pages = client.pages(&prepared.endpoint, prepared.request, &self.call, MAX_PAGES);
            let mut pages = pin!(pages);
            let (mut items, mut is_whole) = (Vec::new(), true);
            while let Some(page) = pages.try_next().await? {
                is_whole = !page.has_next();
                let more: Result<Vec<Value>, _> = page.items();
                items.extend(more.map_err(|error| Failure::new(Category::Service, error))?);
            }
            if !is_whole {
                let problem = format!("{name}: there are too many to look at");
                return Err(Failure::validation(problem)
                    .suggest("ask for less: a smaller compartment or a shorter time"));
            }
            items.iter_mut().for_each(tidy);
            Ok(items)
        })
    }

    /// The time by which requests are signed.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::try_from(self.connection.client.now()).unwrap_or_default()
    }

    /// Where the request goes: a region of the table, and the service's own address in it.
    async fn endpoint(
        &self,
        operation: &Operation<'_>,
        request: &Request,
    ) -> Result<Endpoint, Failure> {
        let region = self.region().await?;
        let mut parameters = request.path_parameters();
        let namespace = parameters
            .find(|(name, _)| *name == "namespaceName")
            .map(|(_, value)| value);
        let endpoint = operation.endpoint(&self.connection.endpoints, &region, namespace);
        endpoint.map_err(Failure::validation)
    }

    /// The region that is asked.
    ///
    /// # Errors
    ///
    /// A [`Failure`] if there is no such region, or none is known.
    pub(crate) async fn region(&self) -> Result<Region, Failure> {
        let regions = self.connection.endpoints.regions();
        match (self.region, &self.connection.region) {
            (Some(name), _) => regions.requested(name).map_err(Failure::validation),
            (None, Some(region)) => Ok(region.clone()),
            (None, None) => self.credential().await?.region().cloned().ok_or_else(|| {
                Failure::validation("the server has no region of its own")
                    .suggest("name one in `region`; its operator can set `OCI_REGION`")
            }),
        }
    }

    async fn credential(&self) -> Result<Arc<Credential>, Failure> {
        let credential = self.connection.client.principal().credential();
        let credential = tokio::time::timeout_at(self.call.deadline(), credential).await;
        let late = "the credential did not come in time";
        let credential = credential.map_err(|_elapsed| Failure::new(Category::Timeout, late))?;
        credential.map_err(|error| Failure::new(Category::Authentication, error))
    }
}

/// What an answer has, without secrets and what says nothing.
///
/// # Errors
///
/// A [`Failure`] if it is no JSON.
pub(crate) fn told(page: &Page) -> Result<Value, Failure> {
    let value = serde_json::from_slice(page.response().body());
    let mut value = value.map_err(|error| Failure::new(Category::Service, error))?;
    tidy(&mut value);
    Ok(value)
}

/// That the operator is against `entry`.
pub(crate) fn refused(entry: &Entry<'_>, refusal: Refusal) -> Failure {
    Failure::new(Category::Authorization, format!("{entry} {refusal}")).suggest(refusal.remedy())
}

/// Has `parameters` ask for the page that the caller named, if the operation may be asked again for
/// what comes after it.
fn turn(
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

/// The first line; the whole, which is a page of advice for operators, is logged.
fn no_identity(error: &Unavailable) -> Failure {
    let text = error.to_string();
    tracing::warn!("{text}");
    let first = text.lines().next().unwrap_or_default();
    Failure::new(Category::Authentication, first)
        .suggest("its operator finds in the log of the server, or with `oci-mcp doctor --only identity`, what would give it one")
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

const PATIENCE: Duration = Duration::from_secs(60);
/// Of what is looked at as a whole.
const MAX_PAGES: usize = 20;
