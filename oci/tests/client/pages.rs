//! Lists that come in pages.

use futures_util::{StreamExt, TryStreamExt};
use http::Method;
use oci_rest::{OciError, OciErrorKind, Page, Paging, Request};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::{Answer, Oci, answer, endpoint, get, refusal, status, within};

#[tokio::test]
async fn pages_are_asked_for_by_the_token_of_the_one_before() {
    let oci = Oci::answering([
        page("[1, 2]", "to/ken=1"),
        // A page may be empty with another one after it.
        page("[]", "t2"),
        status(200, "[3]"),
    ]);
    let request = get().query("limit", "2").query("page", "first");

    let pages = all(&oci, request, 10).await.unwrap();

    assert_eq!(items(&pages), [1, 2, 3]);
    assert!(pages[1].has_next() && !pages[2].has_next());
    assert_eq!(
        oci.lines(),
        [
            "GET /20160918/instances?limit=2&page=first",
            "GET /20160918/instances?limit=2&page=to%2Fken%3D1",
            "GET /20160918/instances?limit=2&page=t2",
        ]
    );
}

#[tokio::test]
async fn objects_are_listed_from_the_name_that_the_answer_tells() {
    let oci = Oci::answering([
        status(200, r#"{"objects": [1], "nextStartWith": "a/b"}"#),
        status(
            200,
            r#"{"objects": [2], "nextStartWith": null, "prefixes": []}"#,
        ),
    ]);
    let request = Request::new(Method::GET, "object_storage.list_objects", "/n/a/b/c/o")
        .paging(Paging::Start);

    let pages = all(&oci, request, 10).await.unwrap();

    assert_eq!(items(&pages), [1, 2]);
    assert_eq!(
        oci.lines(),
        ["GET /n/a/b/c/o", "GET /n/a/b/c/o?start=a%2Fb"]
    );
}

#[tokio::test]
async fn identity_domains_are_asked_by_number() {
    let scim = |start: u32, resources: &[u32]| {
        let body = json!({
            "totalResults": 5, "itemsPerPage": 2, "startIndex": start, "Resources": resources
        });
        status(200, &body.to_string())
    };
    let oci = Oci::answering([scim(1, &[1, 2]), scim(3, &[3, 4]), scim(5, &[5])]);
    let request = Request::new(
        Method::GET,
        "identity_domains.list_users",
        "/admin/v1/Users",
    )
    .paging(Paging::Scim)
    .query("count", "2");

    let pages = all(&oci, request, 10).await.unwrap();

    assert_eq!(items(&pages), [1, 2, 3, 4, 5]);
    assert_eq!(
        oci.lines(),
        [
            "GET /admin/v1/Users?count=2",
            "GET /admin/v1/Users?count=2&startIndex=3",
            "GET /admin/v1/Users?count=2&startIndex=5",
        ]
    );
}

#[tokio::test]
async fn a_list_that_names_a_page_again_ends_with_an_error() {
    let oci = Oci::answering([page("[1]", "a"), page("[2]", "b"), page("[3]", "a")]);

    let error = all(&oci, get(), 100).await.unwrap_err();

    assert_eq!(error.kind(), OciErrorKind::Answer);
    assert!(error.to_string().contains("never end"), "{error}");
    assert_eq!(oci.requests().len(), 3);
}

#[tokio::test]
async fn a_list_of_numbers_that_says_nothing_ends() {
    let nothing = json!({ "totalResults": 5, "itemsPerPage": 2, "startIndex": 1, "Resources": [] });
    let oci = Oci::answering([status(200, &nothing.to_string())]);

    let pages = all(&oci, get().paging(Paging::Scim), 10).await.unwrap();

    assert_eq!(pages.len(), 1);
}

#[tokio::test]
async fn the_caller_bounds_the_number_of_pages_and_sees_that_there_are_more() {
    let oci = Oci::answering((0..9).map(|number| page("[]", &number.to_string())));

    let pages = all(&oci, get(), 3).await.unwrap();

    assert_eq!(pages.len(), 3);
    assert!(pages[2].has_next());
    assert_eq!(oci.requests().len(), 3);
}

#[tokio::test]
async fn no_page_is_asked_for_before_the_stream_is_polled() {
    let oci = Oci::answering([page("[1]", "a")]);
    let client = oci.client();

    let mut pages = Box::pin(client.pages(&endpoint(), get(), &within(9), 10));
    let before = oci.requests().len();
    pages.next().await.unwrap().unwrap();

    assert_eq!((before, oci.requests().len()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn the_deadline_is_that_of_all_pages_together() {
    let busy = || answer(503, &[("retry-after", "4")], "");
    let oci = Oci::answering([busy(), page("[1]", "a"), busy(), page("[2]", "b"), busy()]);
    let start = Instant::now();

    let pages = oci.client().pages(&endpoint(), get(), &within(10), 10);
    let outcome: Vec<_> = pages.collect().await;

    assert_eq!(start.elapsed().as_secs(), 8);
    assert_eq!(outcome.len(), 3);
    assert_eq!(outcome[2].as_ref().unwrap_err().status().unwrap(), 503);
}

#[tokio::test]
async fn an_error_ends_the_stream() {
    let oci = Oci::answering([
        page("[1]", "a"),
        status(404, &refusal("NotAuthorizedOrNotFound")),
    ]);

    let outcome: Vec<_> = oci
        .client()
        .pages(&endpoint(), get(), &within(9), 10)
        .collect()
        .await;

    assert_eq!(outcome.len(), 2);
    assert!(outcome[1].is_err());
}

#[tokio::test]
async fn what_is_no_list_is_told() {
    let oci = Oci::answering([status(200, r#"{"id": "a"}"#), status(200, "<html>")]);

    let pages = all(&oci, get(), 1).await.unwrap();
    let objects = all(&oci, get().paging(Paging::Start), 1).await;

    assert!(pages[0].items::<Value>().is_err());
    assert_eq!(objects.unwrap_err().kind(), OciErrorKind::Answer);
}

fn page(body: &str, next: &str) -> Answer {
    answer(200, &[("opc-next-page", next)], body)
}

async fn all(oci: &Oci, request: Request, max: usize) -> Result<Vec<Page>, OciError> {
    let client = oci.client();
    let pages = client.pages(&endpoint(), request, &within(60), max);
    pages.try_collect().await
}

fn items(pages: &[Page]) -> Vec<u32> {
    let items = pages.iter().map(|page| page.items().unwrap());
    items.flat_map(|items: Vec<u32>| items).collect()
}
