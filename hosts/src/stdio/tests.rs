use std::sync::Arc;

use oci_mcp::{Context, Json, NoArgs, Tool, ToolError};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader, DuplexStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::*;

/// Adds up, without waiting for anything.
struct Quick;

/// Waits for a permit that only a test gives.
struct Slow {
    gate: Arc<Semaphore>,
    /// Says when a call has started, and when it has been dropped unfinished.
    started: Arc<Semaphore>,
    dropped: Arc<Semaphore>,
}

struct AddPermit<'a>(&'a Semaphore);

struct Client {
    input: DuplexStream,
    output: BufReader<DuplexStream>,
    served: JoinHandle<io::Result<()>>,
    gate: Arc<Semaphore>,
    started: Arc<Semaphore>,
    dropped: Arc<Semaphore>,
}

impl Tool for Quick {
    type Args = NoArgs;
    type Output = Json<u32>;
    const NAME: &'static str = "quick";
    const TITLE: Option<&'static str> = Some("Quick");
    const DESCRIPTION: &'static str = "Answers at once.";

    async fn call(&self, _: &Context, _: NoArgs) -> Result<Json<u32>, ToolError> {
        Ok(Json(1))
    }
}

impl Tool for Slow {
    type Args = NoArgs;
    type Output = Json<u32>;
    const NAME: &'static str = "slow";
    const DESCRIPTION: &'static str = "Answers when it may.";

    async fn call(&self, cx: &Context, _: NoArgs) -> Result<Json<u32>, ToolError> {
        let dropped = AddPermit(&self.dropped);
        cx.progress(1, None, Some("started"));
        self.started.add_permits(1);
        self.gate.acquire().await.unwrap().forget();
        std::mem::forget(dropped);
        cx.progress(2, None, None);
        Ok(Json(2))
    }
}

impl Drop for AddPermit<'_> {
    fn drop(&mut self) {
        self.0.add_permits(1);
    }
}

impl Client {
    fn start() -> Self {
        Self::with_limit("4194304")
    }

    fn with_limit(max_body_bytes: &str) -> Self {
        let [gate, started, dropped] = [(); 3].map(|()| Arc::new(Semaphore::new(0)));
        let app = App::new("test", "1.0.0").tool(Quick).tool(Slow {
            gate: Arc::clone(&gate),
            started: Arc::clone(&started),
            dropped: Arc::clone(&dropped),
        });
        let limit = |name: &str| (name == "OCI_MCP_MAX_BODY_BYTES").then(|| max_body_bytes.into());
        let record = Record::new(None, "none");
        let host = Host::new(app, Config::from_vars(limit).unwrap(), None, record).unwrap();
        let (input, server_input) = tokio::io::duplex(1024);
        let (server_output, output) = tokio::io::duplex(1024);
        Self {
            input,
            output: BufReader::new(output),
            served: tokio::spawn(host.serve(server_input, server_output)),
            gate,
            started,
            dropped,
        }
    }

    async fn send(&mut self, text: impl AsRef<[u8]>) {
        self.input.write_all(text.as_ref()).await.unwrap();
        self.input.write_all(b"\n").await.unwrap();
    }

    async fn call(&mut self, id: u32, tool: &str) {
        let params = json!({ "name": tool });
        self.request(id, "tools/call", &params).await;
    }

    async fn request(&mut self, id: u32, method: &str, params: &Value) {
        let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        self.send(request.to_string()).await;
    }

    async fn initialize(&mut self, revision: &str) -> Value {
        let params = json!({
            "protocolVersion": revision,
            "capabilities": {},
            "clientInfo": { "name": "test", "version": "1" },
        });
        self.request(0, "initialize", &params).await;
        self.send(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
            .await;
        self.answer().await["result"]["protocolVersion"].take()
    }

    async fn answer(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).await.unwrap();
        assert!(line.ends_with('\n'), "{line:?}");
        serde_json::from_str(&line).unwrap()
    }

    async fn has_started(&self) {
        self.started.acquire().await.unwrap().forget();
    }

    /// Ends the input, and gives what is answered still.
    async fn end(mut self) -> Vec<Value> {
        drop(self.input);
        let mut rest = String::new();
        tokio::io::AsyncReadExt::read_to_string(&mut self.output, &mut rest)
            .await
            .unwrap();
        self.served.await.unwrap().unwrap();
        let answers = rest.lines().map(|line| serde_json::from_str(line).unwrap());
        answers.collect()
    }
}

fn modern(params: &Value) -> Value {
    let mut params = params.clone();
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    params
}

#[tokio::test]
async fn answers_are_shaped_for_the_revision_that_the_handshake_settled() {
    for (asked, settled, has_title) in [
        ("2024-11-05", "2024-11-05", false),
        ("2025-03-26", "2025-03-26", false),
        ("2025-06-18", "2025-06-18", true),
        ("2025-11-25", "2025-11-25", true),
        ("2026-07-28", "2025-11-25", true),
    ] {
        let mut client = Client::start();

        assert_eq!(client.initialize(asked).await, settled);
        client.request(1, "tools/list", &json!({})).await;

        let answer = client.answer().await;
        assert_eq!(answer["id"], 1);
        let tool = &answer["result"]["tools"][0];
        assert_eq!(tool["name"], "quick", "{asked}");
        assert_eq!(tool.get("title").is_some(), has_title, "{asked}");
        assert_eq!(answer["result"].get("ttlMs"), None, "{asked}");
        assert!(client.end().await.is_empty());
    }
}

#[tokio::test]
async fn progress_is_a_line_at_once_and_the_answer_comes_after_it() {
    let mut client = Client::start();
    let mut params = modern(&json!({ "name": "slow" }));
    params["_meta"]["progressToken"] = "p".into();

    client.request(1, "tools/call", &params).await;
    let first = client.answer().await;
    client.gate.add_permits(1);
    let rest = [client.answer().await, client.answer().await];

    assert_eq!(first["method"], "notifications/progress");
    assert_eq!(first["params"]["message"], "started");
    assert_eq!(rest[0]["params"]["progress"], 2.0);
    assert_eq!(rest[1]["id"], 1);
    assert!(client.end().await.is_empty());
}

#[tokio::test]
async fn requests_of_2026_need_no_handshake_and_are_not_bound_by_one() {
    let mut client = Client::start();

    for asked in [None, Some("2025-06-18")] {
        if let Some(revision) = asked {
            client.initialize(revision).await;
        }
        client.request(1, "tools/list", &modern(&json!({}))).await;

        let answer = client.answer().await;
        assert!(answer["result"]["ttlMs"].is_number(), "{asked:?}: {answer}");
    }
    assert!(client.end().await.is_empty());
}

#[tokio::test]
async fn what_is_sent_right_after_initialize_is_in_its_revision_already() {
    let mut client = Client::start();
    let lines = [
        r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#,
    ];

    client.send(lines.join("\n")).await;

    assert_eq!(client.answer().await["id"], 0);
    let list = client.answer().await;
    assert_eq!(list["result"]["tools"][0]["title"], "Quick", "{list}");
}

#[tokio::test]
async fn a_failed_initialize_settles_nothing() {
    let mut client = Client::start();
    client.initialize("2025-11-25").await;

    client.request(1, "initialize", &json!({})).await;
    client.request(2, "tools/list", &json!({})).await;

    assert_eq!(client.answer().await["error"]["code"], -32602);
    let list = client.answer().await;
    assert_eq!(list["result"]["tools"][0]["title"], "Quick", "{list}");
}

#[tokio::test]
async fn only_2025_03_26_has_batches() {
    let batch = json!([
        { "jsonrpc": "2.0", "id": 1, "method": "ping" },
        { "jsonrpc": "2.0", "method": "notifications/initialized" },
        { "jsonrpc": "2.0", "id": 2, "method": "tools/list" },
    ]);
    for (revision, answers) in [("2025-03-26", true), ("2025-06-18", false)] {
        let mut client = Client::start();
        client.initialize(revision).await;

        client.send(batch.to_string()).await;

        let answer = client.answer().await;
        if answers {
            assert_eq!((&answer[0]["id"], &answer[1]["id"]), (&json!(1), &json!(2)));
        } else {
            assert_eq!(answer["error"]["code"], -32600);
        }
        assert!(client.end().await.is_empty());
    }
}

#[tokio::test]
async fn notifications_have_no_answer() {
    let mut client = Client::start();

    for method in [
        "notifications/initialized",
        "notifications/cancelled",
        "no/such",
    ] {
        let notification = json!({ "jsonrpc": "2.0", "method": method });
        client.send(notification.to_string()).await;
    }

    assert!(client.end().await.is_empty());
}

#[tokio::test]
async fn a_slow_tool_holds_up_nothing() {
    let mut client = Client::start();

    client.call(1, "slow").await;
    client.has_started().await;
    client.call(2, "quick").await;

    assert_eq!(client.answer().await["id"], 2);
    client.gate.add_permits(1);
    assert_eq!(client.answer().await["id"], 1);
}

#[tokio::test]
async fn a_cancelled_request_is_dropped_and_not_answered() {
    let mut client = Client::start();
    client.call(1, "slow").await;
    client.call(2, "slow").await;
    client.has_started().await;
    client.has_started().await;

    // The identifiers `"1"` and `1` are two.
    for id in [json!("1"), json!(2), json!(3)] {
        let params = json!({ "requestId": id, "reason": "the user left" });
        let method = "notifications/cancelled";
        let cancel = json!({ "jsonrpc": "2.0", "method": method, "params": params });
        client.send(cancel.to_string()).await;
    }

    client.dropped.acquire().await.unwrap().forget();
    client.gate.add_permits(2);
    let answers = client.end().await;
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(answers[0]["id"], 1);
}

#[tokio::test]
async fn an_id_that_is_used_twice_at_once_is_answered_twice() {
    let mut client = Client::start();

    client.call(1, "slow").await;
    client.call(1, "slow").await;
    client.gate.add_permits(2);

    assert_eq!(client.end().await.len(), 2);
}

#[tokio::test]
async fn reading_pauses_while_as_much_as_allowed_is_in_flight() {
    let mut client = Client::start();
    for id in 0..64 {
        client.call(id, "slow").await;
        client.has_started().await;
    }

    client.call(64, "quick").await;
    // Time enough for an answer, were it worked on.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    client.gate.add_permits(1);

    assert_eq!(client.answer().await["result"]["content"][0]["text"], "2");
    assert_eq!(client.answer().await["id"], 64);
    client.gate.add_permits(63);
    assert_eq!(client.end().await.len(), 63);
}

#[tokio::test]
async fn the_end_of_input_leaves_nothing_unanswered() {
    let mut client = Client::start();
    client.call(1, "slow").await;
    client.has_started().await;
    let gate = Arc::clone(&client.gate);

    // The last line lacks its end.
    let last = r#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#;
    client.input.write_all(last.as_bytes()).await.unwrap();
    client.input.shutdown().await.unwrap();

    assert_eq!(client.answer().await["id"], 2);
    gate.add_permits(1);
    let answers = client.end().await;
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0]["id"], 1);
}

#[tokio::test]
async fn a_client_that_reads_no_more_ends_the_connection_quietly() {
    let mut client = Client::start();

    drop(client.output);
    let ping = b"{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"ping\"}\n";
    client.input.write_all(ping).await.unwrap();

    client.served.await.unwrap().unwrap();
}

#[tokio::test]
async fn what_is_wrong_with_a_line_is_answered_and_the_next_one_too() {
    let mut client = Client::with_limit("1024");
    let long = "x".repeat(100_000);
    for (line, code, text) in [
        (&b"{\"jsonrpc\":"[..], -32700, ""),
        (b"\xff\xfe", -32700, ""),
        (b"7", -32600, ""),
        (b"[]", -32600, ""),
        (br#"{"jsonrpc":"2.0","id":1,"result":{}}"#, -32600, ""),
        (long.as_bytes(), -32600, "OCI_MCP_MAX_BODY_BYTES"),
    ] {
        client.send(line).await;
        client.request(1, "ping", &json!({})).await;

        let (refusal, pong) = (client.answer().await, client.answer().await);
        assert_eq!(refusal["error"]["code"], code, "{refusal}");
        assert_eq!(refusal.get("id"), Some(&Value::Null), "{refusal}");
        let message = refusal["error"]["message"].as_str().unwrap();
        assert!(message.contains(text), "{refusal}");
        assert_eq!(pong["id"], 1);
    }
}

#[tokio::test]
async fn lines_may_end_with_crlf_and_be_blank() {
    let mut client = Client::start();

    client
        .send("\r\n\n  \n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\r")
        .await;

    let answers = client.end().await;
    assert_eq!(
        answers,
        [json!({ "jsonrpc": "2.0", "id": 1, "result": {} })]
    );
}
