//! What goes over the network.

use bytes::Bytes;
use http::Method;
use oci_rest::{Body, OciErrorKind, Request};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};

use crate::support::{Oci, endpoint, get, key, post, send, within};

#[tokio::test]
async fn a_request_goes_to_the_endpoint_with_its_path_and_query_encoded() {
    let oci = Oci::default();
    let request = Request::new(
        Method::GET,
        "object_storage.get_object",
        "/n/{namespaceName}/b/{bucketName}/o/{objectName}",
    )
    .path_parameter("objectName", "../a b/é?x#y")
    .path_parameter("bucketName", "..")
    .path_parameter("namespaceName", "ns")
    .query("fields", "name,size")
    .query("x", "a b")
    .query("x", "");

    send(&oci.client(), &request).await.unwrap();

    let sent = &oci.requests()[0];
    assert_eq!(
        sent.uri().to_string(),
        "https://iaas.us-phoenix-1.oraclecloud.com/n/ns/b/%2E%2E/o/..%2Fa%20b%2F%C3%A9%3Fx%23y\
         ?fields=name%2Csize&x=a+b&x="
    );
}

#[tokio::test]
async fn a_request_that_lacks_something_is_not_sent_and_the_error_names_it() {
    let template = "/20160918/instances/{instanceId}";
    let request = || Request::new(Method::GET, "compute.get_instance", template);
    let rows = [
        (request(), "`instanceId` is missing"),
        (
            request().path_parameter("instanceId", ""),
            "`instanceId` must not be empty",
        ),
        (
            request()
                .path_parameter("instanceId", "a")
                .path_parameter("other", "b"),
            "has 1 parameters, and got 2",
        ),
        (get().header("if-match", "a\r\nb"), "`if-match`"),
        (
            get().header("Transfer-Encoding", "chunked"),
            "`transfer-encoding` is for the transport",
        ),
        (
            Request::new(Method::GET, "x.y", "/a{b"),
            "`/a{b` is not the template",
        ),
        (
            post().body(Body::Typed("a\nb".into(), Bytes::new())),
            "the media type",
        ),
    ];
    let oci = Oci::default();

    for (request, problem) in rows {
        let error = send(&oci.client(), &request).await.unwrap_err();

        assert_eq!(error.kind(), OciErrorKind::Request);
        assert!(error.to_string().contains(problem), "{error}");
    }
    assert!(oci.requests().is_empty());
}

#[tokio::test]
async fn what_the_server_receives_verifies_with_the_public_key() {
    let oci = Oci::default();
    let json = Body::Json(Bytes::from_static(br#"{"displayName": "a"}"#));

    send(&oci.client(), &post().body(json)).await.unwrap();

    let sent = &oci.requests()[0];
    let authorization = sent.headers()["authorization"].to_str().unwrap();
    let parameter = |name: &str| {
        let (_, rest) = authorization.split_once(&format!("{name}=\"")).unwrap();
        rest.split_once('"').unwrap().0
    };
    let lines: Vec<_> = parameter("headers")
        .split(' ')
        .map(|name| match name {
            "(request-target)" => format!("{name}: post {}", sent.uri().path_and_query().unwrap()),
            _ => format!("{name}: {}", sent.headers()[name].to_str().unwrap()),
        })
        .collect();
    let signature = data_encoding::BASE64.decode(parameter("signature").as_bytes());
    let (n, e) = key().public_components();
    RsaPublicKeyComponents { n, e }
        .verify(
            &RSA_PKCS1_2048_8192_SHA256,
            lines.join("\n").as_bytes(),
            &signature.unwrap(),
        )
        .unwrap();
    assert_eq!(
        sent.headers()["host"],
        sent.uri().authority().unwrap().as_str()
    );
    assert_eq!(sent.headers()["content-length"], "20");
    assert_eq!(sent.body(), r#"{"displayName": "a"}"#);
}

#[tokio::test]
async fn a_stream_is_sent_without_its_body_being_signed() {
    let oci = Oci::default();
    let request = Request::new(Method::PUT, "object_storage.put_object", "/n/ns/b/b/o/o").body(
        Body::Unsigned("text/plain".into(), Bytes::from_static(b"hello")),
    );

    send(&oci.client(), &request).await.unwrap();

    let sent = &oci.requests()[0];
    let authorization = sent.headers()["authorization"].to_str().unwrap();
    assert!(authorization.contains(r#"headers="date (request-target) host""#));
    assert_eq!(sent.headers()["content-type"], "text/plain");
    assert_eq!(sent.headers()["content-length"], "5");
    assert!(!sent.headers().contains_key("x-content-sha256"));
    assert_eq!(sent.body(), "hello");
}

#[tokio::test]
async fn a_stream_may_bring_its_own_media_type_and_length() {
    let oci = Oci::default();
    let stream = "application/octet-stream".into();
    let request = Request::new(Method::PUT, "object_storage.put_object", "/n/ns/b/b/o/o")
        .header("Content-Type", "text/csv")
        .header("Content-Length", "999")
        .body(Body::Unsigned(stream, Bytes::from_static(b"a,b")));

    send(&oci.client(), &request).await.unwrap();

    assert_eq!(oci.headers("content-type"), ["text/csv"]);
    assert_eq!(oci.headers("content-length"), ["3"]);
    assert_eq!(
        oci.requests()[0]
            .headers()
            .get_all("content-length")
            .iter()
            .count(),
        1
    );
}

#[tokio::test]
async fn a_post_without_a_body_is_signed_as_one_of_length_0() {
    let oci = Oci::default();

    send(&oci.client(), &post()).await.unwrap();

    let sent = &oci.requests()[0];
    assert_eq!(sent.headers()["content-length"], "0");
    assert_eq!(
        sent.headers()["x-content-sha256"],
        "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    );
}

#[tokio::test]
async fn a_request_is_named_after_the_callers_trace_or_else_by_chance() {
    let oci = Oci::default();
    let client = oci.client();
    let traced = within(9).traced("4bf92f3577b34da6a3ce929d0e0e4736/00f067aa0ba902b7");

    client.send(&endpoint(), &get(), &traced).await.unwrap();
    client.send(&endpoint(), &get(), &within(9)).await.unwrap();

    let ids = oci.headers("opc-request-id");
    assert_eq!(ids[0], "4bf92f3577b34da6a3ce929d0e0e4736/00f067aa0ba902b7");
    assert_eq!(ids[1].len(), 32);
    assert!(ids[1].bytes().all(|byte| byte.is_ascii_hexdigit()));
}

#[tokio::test]
async fn the_user_agent_names_the_crate_and_what_the_operator_appends() {
    let oci = Oci::default();

    send(&oci.client(), &get()).await.unwrap();
    let appended = oci.client().with_user_agent("fleet/7 (team\r\n a)");
    send(&appended, &get()).await.unwrap();

    let product = concat!("oci-rest/", env!("CARGO_PKG_VERSION"));
    assert_eq!(
        oci.headers("user-agent"),
        [product.to_owned(), format!("{product} fleet/7 (team a)")]
    );
}

#[tokio::test]
async fn the_operations_own_headers_are_sent_but_cannot_replace_the_signature() {
    let oci = Oci::default();
    let request = get()
        .header("if-match", "etag")
        .header("host", "evil.example")
        .header("authorization", "none")
        .header("accept", "application/xml");

    send(&oci.client(), &request).await.unwrap();

    let headers = oci.requests()[0].headers().clone();
    assert_eq!(headers["if-match"], "etag");
    assert_eq!(headers["accept"], "application/xml");
    for name in ["host", "authorization"] {
        let values: Vec<_> = headers.get_all(name).iter().collect();
        assert_eq!(values.len(), 1, "{name}");
        assert!(!["evil.example", "none"].contains(&values[0].to_str().unwrap()));
    }
}
