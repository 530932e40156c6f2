//! Lists that come in pages.

use std::collections::HashSet;

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use http::Response;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Client;
use super::call::Call;
use super::endpoint::Endpoint;
use super::error::{OciError, OciErrorKind};
use super::request::Request;

/// How an operation names the page that follows: "List Pagination" in the documentation of OCI, and
/// the two exceptions to it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Paging {
    /// Header `opc-next-page`, which goes back as `page`: nearly all of OCI.
    #[default]
    Token,
    /// Member `nextStartWith`, which goes back as `start`: lists of objects.
    Start,
    /// The numbers of RFC 7644, section 3.4.2.4: `startIndex` goes up to `totalResults`. Identity
    /// domains.
    Scim,
}

/// One page of a list.
#[derive(Clone, Debug)]
pub struct Page {
    response: Response<Bytes>,
    next: Option<String>,
}

impl Page {
    /// The answer as it came.
    #[must_use]
    pub fn response(&self) -> &Response<Bytes> {
        &self.response
    }

    /// Whether there is another page.
    #[must_use]
    pub fn has_next(&self) -> bool {
        self.next.is_some()
    }

    /// What asks for the next page, as the value of the parameter that [`Paging`] tells.
    #[must_use]
    pub fn next(&self) -> Option<&str> {
        self.next.as_deref()
    }

    /// What the page lists. It may be nothing even if there is another page.
    ///
    /// # Errors
    ///
    /// If the answer is neither a list nor has one as `items`, `objects` or `Resources`, or the items
    /// are no `T`.
    pub fn items<T: DeserializeOwned>(&self) -> Result<Vec<T>, serde_json::Error> {
        #[derive(Deserialize)]
        struct Listing<T> {
            #[serde(alias = "objects", alias = "Resources")]
            items: Vec<T>,
        }
        let body = self.response.body();
        if body.trim_ascii_start().starts_with(b"[") {
            return serde_json::from_slice(body);
        }
        let listing: Listing<T> = serde_json::from_slice(body)?;
        Ok(listing.items)
    }
}

impl Client {
    /// Asks for the pages of a list, one after the other, as the stream is polled.
    ///
    /// It ends with the last page, or after `max_pages`; [`Page::has_next`] tells which. The deadline
    /// of `call` is that of all pages together.
    ///
    /// # Errors
    ///
    /// The stream ends with an [`OciError`] as [`Client::send`] gives, or if a service names a page
    /// that was there before, which would never end.
    pub fn pages(
        &self,
        endpoint: &Endpoint,
        request: Request,
        call: &Call,
        max_pages: usize,
    ) -> impl Stream<Item = Result<Page, OciError>> + Send + use<> {
        let walk = Walk {
            client: self.clone(),
            endpoint: endpoint.clone(),
            call: call.clone(),
            seen: HashSet::new(),
            left: max_pages,
        };
        stream::try_unfold((walk, Some(request)), async |(mut walk, request)| {
            let Some(request) = request.filter(|_| walk.left > 0) else {
                return Ok(None);
            };
            let (page, next) = walk.step(request).await?;
            Ok(Some((page, (walk, next))))
        })
    }
}

struct Walk {
    client: Client,
    endpoint: Endpoint,
    call: Call,
    seen: HashSet<String>,
    left: usize,
}

impl Walk {
    async fn step(&mut self, request: Request) -> Result<(Page, Option<Request>), OciError> {
        self.left -= 1;
        let response = self
            .client
            .send(&self.endpoint, &request, &self.call)
            .await?;
        let next = next(&request, &response)?;
        let following = match &next {
            Some((name, token)) => {
                if !self.seen.insert(token.clone()) {
                    let problem = "the service names a page as the next one that it named before, so \
                                   the list would never end";
                    return Err(wrong(&request, problem));
                }
                Some(request.with_query(name, token.clone()))
            }
            None => None,
        };
        let next = next.map(|(_, token)| token);
        Ok((Page { response, next }, following))
    }
}

/// The parameter that asks for the next page, and its value.
fn next(
    request: &Request,
    response: &Response<Bytes>,
) -> Result<Option<(&'static str, String)>, OciError> {
    let no_list = |error: serde_json::Error| {
        wrong(request, "the answer does not list anything").with_source(error)
    };
    let next = match request.pages_by() {
        Paging::Token => {
            let token = response.headers().get("opc-next-page");
            let token = token.and_then(|token| token.to_str().ok());
            ("page", token.map(str::to_owned))
        }
        Paging::Start => {
            #[derive(Deserialize)]
            #[serde(rename_all = "camelCase")]
            struct Objects {
                next_start_with: Option<String>,
            }
            let objects: Objects = serde_json::from_slice(response.body()).map_err(no_list)?;
            ("start", objects.next_start_with)
        }
        Paging::Scim => {
            #[derive(Deserialize)]
            #[serde(rename_all = "camelCase")]
            struct Scim {
                total_results: u64,
                items_per_page: Option<u64>,
                start_index: Option<u64>,
                #[serde(rename = "Resources", default)]
                resources: Vec<serde::de::IgnoredAny>,
            }
            let scim: Scim = serde_json::from_slice(response.body()).map_err(no_list)?;
            let asked = request.query_value("startIndex");
            let first = scim
                .start_index
                .or(asked.and_then(|index| index.parse().ok()));
            let here = u64::try_from(scim.resources.len()).unwrap_or(u64::MAX);
            let count = if here == 0 {
                0
            } else {
                scim.items_per_page.unwrap_or(here).max(here)
            };
            let next = first.unwrap_or(1).max(1).saturating_add(count);
            let more = count > 0 && next <= scim.total_results;
            ("startIndex", more.then(|| next.to_string()))
        }
    };
    let (name, token) = next;
    Ok(token
        .filter(|token| !token.is_empty())
        .map(|token| (name, token)))
}

fn wrong(request: &Request, problem: &str) -> OciError {
    OciError::new(OciErrorKind::Answer, request.operation(), problem)
}
