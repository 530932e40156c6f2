//! Tools of every temper: quick, failing, panicking, slow, blocking, large.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use oci_mcp::{Annotations, App, Context, DynamicTool, Json, LogLevel, NoArgs, Tool, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;

use crate::with_features;

/// A server with all of them but [`Block`], [`Gate`] and the one that [`served`] adds.
pub fn app() -> App {
    let echo = DynamicTool::new(
        "echo",
        "Repeats its arguments.",
        json!({ "type": "object", "properties": { "n": { "type": "integer" } } }),
        |_, arguments| async move { Ok::<_, ToolError>(arguments.get().to_owned()) },
    );
    App::new("test-server", "1.2.3")
        .title("Test server")
        .instructions("Use it for tests.")
        .tool(Add)
        .tool(Fail)
        .tool(Large)
        .tool(Leak)
        .tool(Panic)
        .tool(Sleep)
        .dynamic_tool(echo.unwrap())
}

/// What the binary `function` serves: these tools, one that speaks while it works, and whatever else
/// an app may offer.
pub fn served() -> App {
    with_features(app()).tool(Count)
}

#[derive(Deserialize, JsonSchema)]
struct Operands {
    /// The first summand.
    a: i64,
    /// The second summand.
    b: i64,
}

#[derive(JsonSchema, Serialize)]
struct Sum {
    sum: i64,
}

struct Add;

impl Tool for Add {
    type Args = Operands;
    type Output = Json<Sum>;
    const NAME: &'static str = "add";
    const DESCRIPTION: &'static str = "Adds two integers.";
    const TITLE: Option<&'static str> = Some("Addition");
    const ANNOTATIONS: Annotations = Annotations::READ_ONLY;

    async fn call(&self, _: &Context, args: Operands) -> Result<Json<Sum>, ToolError> {
        let sum = args.a.checked_add(args.b);
        sum.map(|sum| Json(Sum { sum }))
            .ok_or_else(|| ToolError::new("the sum is too large"))
    }
}

struct Count;

impl Tool for Count {
    type Args = NoArgs;
    type Output = &'static str;
    const NAME: &'static str = "count";
    // So long that lists of tools go out in two pieces.
    const DESCRIPTION: &'static str = match str::from_utf8(&[b'.'; 9_000]) {
        Ok(dots) => dots,
        Err(_) => panic!(),
    };

    async fn call(&self, cx: &Context, _: NoArgs) -> Result<&'static str, ToolError> {
        cx.progress(1, Some(2.0), Some("one"));
        cx.log(LogLevel::Info, "halfway");
        cx.progress(2, Some(2.0), Some("two"));
        Ok("counted")
    }
}

struct Fail;

impl Tool for Fail {
    type Args = NoArgs;
    type Output = String;
    const NAME: &'static str = "fail";
    const DESCRIPTION: &'static str = "Fails and says why.";

    async fn call(&self, _: &Context, _: NoArgs) -> Result<String, ToolError> {
        Err(ToolError::new(
            "there is no compartment `x`; list them first",
        ))
    }
}

struct Large;

#[derive(Deserialize, JsonSchema)]
struct Size {
    bytes: usize,
}

impl Tool for Large {
    type Args = Size;
    type Output = String;
    const NAME: &'static str = "large";
    const DESCRIPTION: &'static str = "Answers with so many bytes.";

    async fn call(&self, _: &Context, size: Size) -> Result<String, ToolError> {
        Ok("x".repeat(size.bytes))
    }
}

struct Leak;

impl Tool for Leak {
    type Args = NoArgs;
    type Output = String;
    const NAME: &'static str = "leak";
    const DESCRIPTION: &'static str = "Fails with a cause that is nobody's business.";

    async fn call(&self, _: &Context, _: NoArgs) -> Result<String, ToolError> {
        Err(ToolError::internal("password is hunter2"))
    }
}

struct Panic;

impl Tool for Panic {
    type Args = NoArgs;
    type Output = String;
    const NAME: &'static str = "panic";
    const DESCRIPTION: &'static str = "Panics.";

    async fn call(&self, _: &Context, _: NoArgs) -> Result<String, ToolError> {
        panic!("this tool panics")
    }
}

struct Sleep;

#[derive(Deserialize, JsonSchema)]
struct Seconds {
    seconds: u64,
}

impl Tool for Sleep {
    type Args = Seconds;
    type Output = &'static str;
    const NAME: &'static str = "sleep";
    const DESCRIPTION: &'static str = "Waits.";

    async fn call(&self, _: &Context, args: Seconds) -> Result<&'static str, ToolError> {
        tokio::time::sleep(Duration::from_secs(args.seconds)).await;
        Ok("slept")
    }
}

/// Blocks its thread until something arrives, and says through `ended` whether it was cancelled.
#[derive(Debug)]
pub struct Block {
    /// What it waits for.
    pub until: Mutex<Receiver<()>>,
    /// Told whether the call had been cancelled when it ended.
    pub ended: std::sync::mpsc::Sender<bool>,
}

impl Tool for Block {
    type Args = NoArgs;
    type Output = &'static str;
    const NAME: &'static str = "block";
    const DESCRIPTION: &'static str = "Blocks its thread.";
    const BLOCKING: bool = true;

    async fn call(&self, cx: &Context, _: NoArgs) -> Result<&'static str, ToolError> {
        self.until
            .lock()
            .unwrap()
            .recv()
            .map_err(ToolError::internal)?;
        self.ended
            .send(cx.is_cancelled())
            .map_err(ToolError::internal)?;
        Ok("unblocked")
    }
}

/// Says that it waits, and does until nobody holds a named pipe open for writing any more.
#[derive(Debug)]
pub struct Gate {
    /// The pipe.
    pub pipe: PathBuf,
}

impl Tool for Gate {
    type Args = NoArgs;
    type Output = &'static str;
    const NAME: &'static str = "gate";
    const DESCRIPTION: &'static str = "Waits for a gate to open.";

    async fn call(&self, cx: &Context, _: NoArgs) -> Result<&'static str, ToolError> {
        cx.progress(1, None, Some("waiting"));
        let receiver = pipe::OpenOptions::new().open_receiver(&self.pipe);
        let mut receiver = receiver.map_err(ToolError::internal)?;
        let end = receiver.read_to_end(&mut Vec::new()).await;
        end.map_err(ToolError::internal)?;
        Ok("open")
    }
}
