//! `oci-mcp tools` and `oci-mcp call`: the tools, for a person at a terminal and for scripts.

#[cfg(feature = "client")]
mod progress;
mod table;

use std::error::Error;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use bytes::Bytes;
use http::Request;
use http_body_util::BodyExt;
use oci_mcp::{App, AppService, Config};
use serde_json::{Map, Value, json};
use tower::ServiceExt;

use crate::stdout;

/// How an answer is printed.
#[derive(clap::Args)]
pub(crate) struct List {
    /// As the JSON that an MCP client gets
    #[arg(long)]
    json: bool,
}

/// Which tool is called, and with what.
#[derive(clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Call {
    /// The tool
    name: String,
    /// Its arguments, a JSON object
    #[arg(default_value = "{}")]
    arguments: String,
    /// As the JSON that an MCP client gets, which is also what a pipe gets; what failed is JSON, too
    #[arg(long)]
    json: bool,
}

/// Prints the tools.
pub(crate) fn list(app: App, args: &List) -> ExitCode {
    let tools = match service(app).and_then(|service| wait(tools(&service))) {
        Ok(tools) => tools,
        Err(problem) => return Failed::new(1, &problem).told(false),
    };
    let text = if args.json {
        format!("{}\n", Value::from(tools))
    } else {
        table::of_tools(&tools)
    };
    stdout::print(&text)
}

/// Calls a tool, and prints what it answers. The exit code tells what kind of failure there was.
pub(crate) fn call(app: App, args: &Call) -> ExitCode {
    let text = match answered(app, args) {
        Ok(text) => text,
        Err(failed) => return failed.told(args.json),
    };
    match serde_json::from_str(&text) {
        Ok(value) if io::stdout().is_terminal() && !args.json => {
            stdout::print(&table::of_answer(&value))
        }
        _ => stdout::print(&format!("{text}\n")),
    }
}

/// The text that the tool answers.
fn answered(app: App, args: &Call) -> Result<String, Failed> {
    let arguments: Map<String, Value> = serde_json::from_str(&args.arguments).map_err(|error| {
        let problem = "the arguments are no JSON object, such as {\"limit\": 3}";
        Failed::new(2, &format!("{problem}: {error}"))
    })?;
    let params = json!({ "name": args.name, "arguments": arguments });
    let answer = service(app).and_then(|service| called(service, &params));
    let answer = answer.map_err(|problem| Failed::new(1, &problem))?;
    if let Some(problem) = answer.pointer("/error/message").and_then(Value::as_str) {
        // Here it is a command that lists them.
        let problem = problem.replace("see tools/list", "see `oci-mcp tools`");
        return Err(Failed::new(2, &problem));
    }
    let content = answer.pointer("/result/content").and_then(Value::as_array);
    let texts = content.into_iter().flatten();
    let texts = texts.filter_map(|part| part.get("text")?.as_str());
    let text = texts.collect::<Vec<_>>().join("\n");
    if answer.pointer("/result/isError") == Some(&Value::Bool(true)) {
        return Err(Failed::new(code(&text), &text));
    }
    Ok(text)
}

fn service(app: App) -> Result<AppService, Problem> {
    Ok(app.into_service(Config::default())?)
}

/// Why there is no answer.
pub(crate) type Problem = Box<dyn Error + Send + Sync>;

/// The exit code for a failure that a tool tells.
fn code(text: &str) -> u8 {
    // What does not fit a tool's schema is told in words, before the tool is asked.
    if text.starts_with("invalid arguments") {
        return 2;
    }
    let failure: Value = serde_json::from_str(text).unwrap_or_default();
    let category = failure.get("category").and_then(Value::as_str);
    let found = CODES.iter().find(|(name, _)| Some(*name) == category);
    found.map_or(1, |(_, code)| *code)
}

/// All tools, whatever the number of pages.
///
/// # Errors
///
/// As [`answer`].
pub(crate) async fn tools(service: &AppService) -> Result<Vec<Value>, Problem> {
    let (mut tools, mut params) = (Vec::new(), json!({}));
    loop {
        let answer = answer(service.clone(), request("tools/list", &params)).await?;
        let page = answer.pointer("/result/tools").and_then(Value::as_array);
        tools.extend(page.into_iter().flatten().cloned());
        match answer.pointer("/result/nextCursor") {
            Some(cursor) => params = json!({ "cursor": cursor }),
            None => return Ok(tools),
        }
    }
}

/// A message for the app, without a host.
pub(crate) fn request(method: &str, params: &Value) -> Request<Bytes> {
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let mut request = Request::new(Bytes::from(body.to_string()));
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = http::Uri::from_static("/mcp");
    let media_type = http::HeaderValue::from_static("application/json");
    request
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, media_type);
    request
}

/// What the app answers.
///
/// # Errors
///
/// [`Problem`] if the answer broke off, or is not JSON.
pub(crate) async fn answer(service: AppService, request: Request<Bytes>) -> Result<Value, Problem> {
    let Ok(response) = service.oneshot(request).await;
    let answer = response.into_body().collect().await?;
    Ok(serde_json::from_slice(&answer.to_bytes())?)
}

/// What the app answers to a call. Who waits for it at a terminal sees that it goes on.
fn called(service: AppService, params: &Value) -> Result<Value, Problem> {
    let call = answer(service, request("tools/call", params));
    #[cfg(feature = "client")]
    if io::stderr().is_terminal() {
        let tool = params.get("name").and_then(Value::as_str);
        return wait(progress::shown(
            call,
            tool.unwrap_or_default(),
            io::stderr(),
        ));
    }
    wait(call)
}

fn wait<T>(answer: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(answer)
}

/// A call that failed, and its exit code.
struct Failed {
    code: u8,
    /// What a tool told, as JSON, or in words.
    problem: String,
}

impl Failed {
    fn new(code: u8, problem: &impl ToString) -> Self {
        let problem = problem.to_string();
        Self { code, problem }
    }

    /// Tells it as it is, or `as_json` as a tool would.
    fn told(self, as_json: bool) -> ExitCode {
        let Self { code, problem } = self;
        let text = match serde_json::from_str::<Map<String, Value>>(&problem) {
            Ok(_) => problem,
            Err(_) if as_json => {
                let category = CODES.iter().find(|(_, own)| *own == code);
                let mut failure = json!({ "error": problem });
                if let (Some((name, _)), Some(failure)) = (category, failure.as_object_mut()) {
                    failure.insert("category".to_owned(), (*name).into());
                }
                failure.to_string()
            }
            Err(_) => format!("error: {problem}"),
        };
        // There is nobody left to tell if stderr is closed.
        let _written = writeln!(io::stderr(), "{text}");
        ExitCode::from(code)
    }
}

const EXIT_CODES: &str = "\
Exit codes, by the category of the failure:
   0  none
   1  another
   2  validation: the arguments, the settings or the name of the tool
   3  authentication
   4  authorization
   5  not_found
   6  conflict
   7  rate_limit
   8  service
   9  network
  10  timeout";
const CODES: [(&str, u8); 9] = [
    ("validation", 2),
    ("authentication", 3),
    ("authorization", 4),
    ("not_found", 5),
    ("conflict", 6),
    ("rate_limit", 7),
    ("service", 8),
    ("network", 9),
    ("timeout", 10),
];
