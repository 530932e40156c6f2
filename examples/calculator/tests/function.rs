//! The example as it stands, run as a function.

#![cfg(test)]

use std::net::{IpAddr, Ipv4Addr};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use oci_emulator::{Agent, Function, Gateway, Limits};

#[tokio::test]
async fn the_calculator_adds_as_a_function() {
    let function = Function::new(env!("CARGO_BIN_EXE_calculator"));
    let gateway = Gateway::new(Agent::new(function, Limits::default()).unwrap());
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call",
        "params":{"name":"add","arguments":{"a":40,"b":2.5}}}"#;
    let request = Request::post("/mcp")
        .header("host", "localhost")
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(call)))
        .unwrap();

    let response = gateway
        .answer(request, IpAddr::V4(Ipv4Addr::LOCALHOST))
        .await;

    let body = response.into_body().collect().await.unwrap().to_bytes();
    let result = r#"{"content":[{"type":"text","text":"42.5"}]}"#;
    assert_eq!(
        body,
        format!(r#"{{"jsonrpc":"2.0","id":1,"result":{result}}}"#)
    );
}
