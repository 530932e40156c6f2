use http::StatusCode;
use http_body_util::BodyExt;
use oci_mcp::{App, AppService, Config, Context, Json, Tool, ToolError};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Numbers {
    a: i64,
    b: i64,
}

#[derive(serde::Serialize, schemars::JsonSchema)]
struct Quotient {
    quotient: i64,
}

struct Divide;

impl Tool for Divide {
    type Args = Numbers;
    type Output = Json<Quotient>;
    const NAME: &'static str = "divide";
    const DESCRIPTION: &'static str = "Divides.";

    async fn call(
        &self,
        _: &Context,
        Numbers { a, b }: Numbers,
    ) -> Result<Json<Quotient>, ToolError> {
        assert!(a >= 0, "negative");
        let quotient = a.checked_div(b).ok_or(ToolError::new("division by zero"))?;
        Ok(Json(Quotient { quotient }))
    }
}

fn service() -> DataScience<AppService> {
    let app = App::new("test", "1.0.0").tool(Divide);
    DataScience::new(
        app.into_service(Config::default()).unwrap(),
        Paths::default(),
    )
}

async fn send(request: Request<impl Into<Bytes>>) -> (StatusCode, HeaderValue, String) {
    let Ok(response) = service().oneshot(request.map(Into::into)).await;
    let (head, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let content_type = head.headers.get(CONTENT_TYPE).cloned();
    (
        head.status,
        content_type.unwrap_or(HeaderValue::from_static("")),
        String::from_utf8(body.into()).unwrap(),
    )
}

async fn predict(body: impl Into<Bytes>) -> (StatusCode, Value) {
    let (status, _, body) = send(Request::post("/predict").body(body).unwrap()).await;
    (status, serde_json::from_str(&body).unwrap_or(Value::Null))
}

const LIST: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;

#[tokio::test]
async fn predict_answers_a_message_without_any_header() {
    let (status, answer) = predict(LIST).await;

    assert_eq!(status, StatusCode::OK);
    assert_eq!(answer["result"]["tools"][0]["name"], "divide");
}

#[tokio::test]
async fn predict_answers_a_batch_and_takes_a_notification() {
    let notification = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;

    let batch = predict(format!("[{LIST},{notification},{LIST}]")).await;
    let nothing = predict(notification).await;

    assert_eq!(batch.1.as_array().map(Vec::len), Some(2));
    assert_eq!(nothing, (StatusCode::ACCEPTED, Value::Null));
}

#[tokio::test]
async fn a_plain_call_is_answered_with_the_plain_result() {
    let (status, result) = predict(r#"{"tool":"divide","arguments":{"a":84,"b":2}}"#).await;

    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        result,
        json!({
            "content": [{ "type": "text", "text": r#"{"quotient":42}"# }],
            "structuredContent": { "quotient": 42 },
        })
    );
}

#[tokio::test]
async fn a_plain_call_that_fails_is_answered_with_a_result_that_says_so() {
    for (body, status, reason) in [
        (
            r#"{"tool":"divide","arguments":{"a":1,"b":0}}"#,
            StatusCode::OK,
            "division by zero",
        ),
        (
            r#"{"tool":"divide","arguments":{"a":1}}"#,
            StatusCode::OK,
            "\"b\" is a required property",
        ),
        (
            r#"{"tool":"divide","arguments":{"a":-1,"b":1}}"#,
            StatusCode::INTERNAL_SERVER_ERROR,
            "failed unexpectedly",
        ),
        (
            r#"{"tool":"nope"}"#,
            StatusCode::BAD_REQUEST,
            "there is no tool `nope`",
        ),
        (
            r#"{"tool":"divide","arguments":[1]}"#,
            StatusCode::BAD_REQUEST,
            "arguments",
        ),
        (
            r#"{"tool":"divide","args":{"a":1,"b":1}}"#,
            StatusCode::BAD_REQUEST,
            "unknown field `args`",
        ),
        (
            r#"{"tool":7}"#,
            StatusCode::BAD_REQUEST,
            "expected a string",
        ),
        (
            r#"{"tool":"divide","arguments":{"a":1,"a":2,"b":1}}"#,
            StatusCode::BAD_REQUEST,
            "duplicate key `a`",
        ),
    ] {
        let (seen, result) = predict(body).await;

        let text = result["content"][0]["text"].as_str().unwrap_or_default();
        assert_eq!(seen, status, "{body}: {text}");
        assert_eq!(result["isError"], true, "{body}");
        assert!(text.contains(reason), "{body}: {text}");
    }
}

#[tokio::test]
async fn what_is_neither_a_message_nor_a_plain_call_is_refused_as_a_message() {
    for body in [
        "",
        "nope",
        "{}",
        r#"{"inputs":[1]}"#,
        r#"{"tool":"divide","tool":"divide"}"#,
        r#"{"jsonrpc":"2.0","tool":"x"}"#,
    ] {
        let (status, answer) = predict(body).await;

        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        assert!(answer["error"]["code"].is_i64(), "{body}: {answer}");
    }
}

#[tokio::test]
async fn predict_takes_json_only_and_by_post_only() {
    let get = send(Request::get("/predict").body("").unwrap()).await;
    let text = Request::post("/predict").header(CONTENT_TYPE, "text/plain");
    let text = send(text.body(r#"{"tool":"divide"}"#).unwrap()).await;

    assert_eq!(get.0, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(text.0, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert!(text.2.contains("isError"), "{}", text.2);
}

#[tokio::test]
async fn the_stream_answers_whatever_is_asked_as_an_event_stream() {
    for (body, status) in [
        (LIST, StatusCode::OK),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"nope"}"#,
            StatusCode::OK,
        ),
        ("nope", StatusCode::BAD_REQUEST),
    ] {
        let asked = |path: &str| {
            let request = Request::post(path).header(CONTENT_TYPE, "application/json");
            send(request.body(body).unwrap())
        };

        let (_, _, plain) = asked("/mcp").await;
        let (seen, content_type, events) = asked("/mcp/stream/").await;

        assert_eq!(seen, status, "{body}");
        assert_eq!(content_type, "text/event-stream", "{body}");
        assert_eq!(events, format!("event: message\ndata: {plain}\n\n"));
    }
}

#[tokio::test]
async fn health_and_everything_else_are_the_apps() {
    let health = send(Request::get("/health").body("").unwrap()).await;
    let elsewhere = send(Request::post("/elsewhere").body("").unwrap()).await;

    assert_eq!(health.2, r#"{"service":"test","status":"healthy"}"#);
    assert_eq!(elsewhere.0, StatusCode::NOT_FOUND);
}
