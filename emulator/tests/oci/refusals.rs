//! What OCI refuses of a signature, one part at a time.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};

use crate::fixture::{Fixture, header, json};
use crate::sign::{Signer, unsigned};

const NAMES: [&str; 6] = [
    "date",
    "(request-target)",
    "host",
    "content-length",
    "content-type",
    "x-content-sha256",
];

fn assert_refused(response: &Response<Bytes>, reason: &str) {
    assert_eq!(response.status(), 401, "{reason}");
    let body = json(response);
    assert_eq!(body["code"], "NotAuthenticated");
    let message = body["message"].as_str().unwrap();
    assert!(
        message.contains(reason),
        "`{message}` does not say `{reason}`"
    );
    assert!(!header(response, "opc-request-id").is_empty());
}

fn post(fixture: &Fixture) -> Request<Bytes> {
    unsigned("POST", "/20180409/resources?limit=1", b"{}", fixture.now())
}

#[test]
fn a_request_without_a_signature_is_refused() {
    let fixture = Fixture::new();

    let response = fixture.oci.answer(post(&fixture));

    assert_refused(&response, "`authorization` is missing");
}

#[test]
fn a_signed_header_that_changes_on_the_way_is_refused() {
    let fixture = Fixture::new();
    let other_date = "Fri, 20 Nov 2026 12:00:01 GMT";
    for (name, value) in [
        ("date", other_date),
        ("host", "objectstorage.us-phoenix-1.oraclecloud.com"),
        ("content-type", "text/plain"),
    ] {
        let mut request = fixture.signer.sign(post(&fixture), &NAMES);

        request.headers_mut().insert(name, value.parse().unwrap());

        assert_refused(&fixture.oci.answer(request), "Failed to verify");
    }
}

#[test]
fn another_method_path_query_or_body_than_was_signed_is_refused() {
    let fixture = Fixture::new();
    let signed = || fixture.signer.sign(post(&fixture), &NAMES);
    let (mut method, mut path, mut query, mut body) = (signed(), signed(), signed(), signed());

    *method.method_mut() = http::Method::PUT;
    *path.uri_mut() = "/20180409/resource?limit=1".parse().unwrap();
    *query.uri_mut() = "/20180409/resources?limit=2".parse().unwrap();
    *body.body_mut() = Bytes::from_static(b"[]");

    for request in [method, path, query] {
        assert_refused(&fixture.oci.answer(request), "Failed to verify");
    }
    assert_refused(
        &fixture.oci.answer(body),
        "`x-content-sha256` is not the hash",
    );
}

#[test]
fn each_header_that_must_be_signed_is_asked_for() {
    let fixture = Fixture::new();
    for missing in NAMES {
        let names: Vec<_> = NAMES.into_iter().filter(|name| *name != missing).collect();

        let response = fixture
            .oci
            .answer(fixture.signer.sign(post(&fixture), &names));

        assert_refused(&response, "must be signed");
        assert!(
            json(&response)["message"]
                .as_str()
                .unwrap()
                .contains(missing),
            "{missing}"
        );
    }
}

#[test]
fn a_list_of_headers_in_upper_case_or_with_one_twice_is_refused() {
    let fixture = Fixture::new();
    for (from, to, reason) in [
        ("\"date ", "\"Date ", "lower case"),
        ("\"date ", "\"date date ", "names one twice"),
        ("version=\"1\"", "version=\"2\"", "version 1"),
        ("rsa-sha256", "hmac-sha256", "rsa-sha256"),
        ("Signature ", "Bearer ", "must begin with"),
        (",keyId=", ",keyid=", "must have `keyId` once"),
    ] {
        let mut request = fixture.signer.sign(post(&fixture), &NAMES);
        let value = request.headers()["authorization"]
            .to_str()
            .unwrap()
            .replacen(from, to, 1);

        request
            .headers_mut()
            .insert("authorization", value.parse().unwrap());

        assert_refused(&fixture.oci.answer(request), reason);
    }
}

#[test]
fn a_date_that_is_more_than_five_minutes_off_or_written_otherwise_is_refused() {
    let fixture = Fixture::new();
    let get = |date: &str| {
        let mut request = unsigned("GET", "/20160918/regions", b"", fixture.now());
        request.headers_mut().insert("date", date.parse().unwrap());
        fixture
            .oci
            .answer(fixture.signer.sign(request, &NAMES[..3]))
    };

    assert_eq!(get("Fri, 20 Nov 2026 12:05:00 GMT").status(), 200);
    assert_eq!(get("Fri, 20 Nov 2026 11:55:00 GMT").status(), 200);
    assert_refused(&get("Fri, 20 Nov 2026 12:05:01 GMT"), "clock skew");
    assert_refused(&get("Fri, 20 Nov 2026 11:54:59 GMT"), "clock skew");
    assert_refused(
        &get("Fri, 20 Nov 2026 12:00:00 +0000"),
        "the date must be like",
    );
    assert_refused(&get("2026-11-20T12:00:00Z"), "the date must be like");
}

#[test]
fn x_date_stands_for_date() {
    let fixture = Fixture::new();
    let mut request = unsigned("GET", "/20160918/regions", b"", fixture.now());
    let date = request.headers_mut().remove("date").unwrap();
    request.headers_mut().insert("x-date", date);

    let response = fixture.oci.answer(
        fixture
            .signer
            .sign(request, &["x-date", "(request-target)", "host"]),
    );

    assert_eq!(response.status(), 200);
}

#[test]
fn only_streams_may_leave_their_body_unsigned() {
    let fixture = Fixture::new();
    let put = |target: &str| {
        let request = unsigned("PUT", target, b"content", fixture.now());
        fixture
            .oci
            .answer(fixture.signer.sign(request, &NAMES[..3]))
    };

    assert_eq!(put("/n/axacmecloud01/b/reports/o/new").status(), 200);
    assert_refused(&put("/20160918/instances/one"), "must be signed");
}

#[test]
fn a_key_that_is_not_known_is_refused() {
    let fixture = Fixture::new();
    let stranger = Fixture::new();

    let request = stranger
        .signer
        .request("GET", "/20160918/regions", b"", fixture.now());

    assert_refused(&fixture.oci.answer(request), "no key is registered");
}

#[test]
fn a_session_token_is_taken_until_it_expires_or_is_revoked() {
    let fixture = Fixture::new();
    let session = fixture
        .oci
        .user_session("ada@example.com", Duration::from_secs(60))
        .unwrap();
    let signer = Signer::of_session(&session);
    let get = || {
        let request = signer.request("GET", "/20160918/regions", b"", fixture.now());
        fixture.oci.answer(request)
    };

    assert_eq!(get().status(), 200);
    fixture.wait(61);
    assert_refused(&get(), "expired");
    fixture.wait(-61);
    fixture.oci.revoke(&session.token);
    assert_refused(&get(), "revoked");
}

#[test]
fn a_session_token_with_another_key_than_its_own_is_refused() {
    let fixture = Fixture::new();
    let [one, other] = [(); 2].map(|()| {
        fixture
            .oci
            .resource_session("ocid1.fnfunc.oc1.phx.a", Duration::from_secs(60))
            .unwrap()
    });
    let signer = Signer::new(format!("ST${}", one.token), &other.private_key);

    let request = signer.request("GET", "/20160918/regions", b"", fixture.now());

    assert_refused(&fixture.oci.answer(request), "Failed to verify");
}

#[test]
fn a_delegation_token_must_be_signed_and_good() {
    let fixture = Fixture::new();
    let good = fixture
        .oci
        .delegation_token("grace@example.com", Duration::from_secs(60))
        .unwrap();
    let get = |token: &str, names: &[&str]| {
        let mut request = unsigned("GET", "/20160918/regions", b"", fixture.now());
        request
            .headers_mut()
            .insert("opc-obo-token", token.parse().unwrap());
        fixture.oci.answer(fixture.signer.sign(request, names))
    };
    let names = ["date", "(request-target)", "host", "opc-obo-token"];

    assert_eq!(get(&good, &names).status(), 200);
    assert_refused(&get(&good, &names[..3]), "`opc-obo-token` must be signed");
    assert_refused(
        &get("e30.e30.AA", &names),
        "not one that this authority signed",
    );
}

#[test]
fn the_metadata_service_is_asked_with_its_own_header() {
    let fixture = Fixture::new();
    let get = |authorization: &str| {
        let request =
            Request::get("/opc/v2/instance/region").header("authorization", authorization);
        fixture.oci.answer(request.body(Bytes::new()).unwrap())
    };

    assert_eq!(get("Bearer Oracle").body().as_ref(), b"phx");
    assert_eq!(get("Bearer other").status(), StatusCode::UNAUTHORIZED);
}
