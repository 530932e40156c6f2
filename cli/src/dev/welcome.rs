//! What a person reads first: where the server is, what it offers, that it works, how to use it.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::time::Instant;

use serde_json::{Value, json};

use super::client::ask;

/// Characters of a description that are shown.
const DESCRIPTION: usize = 160;
/// Tools that are shown.
const TOOLS: usize = 8;

/// Characters of an answer that are shown: enough for the one of `oci_ping`.
const ANSWER: usize = 400;

/// What is played, and where.
pub(super) struct Welcome<'a> {
    /// What it is.
    pub(super) title: &'a str,
    /// Whose tenancy it asks, in a line.
    pub(super) tenancy: &'a str,
    /// Where the server listens.
    pub(super) address: SocketAddr,
    /// Where MCP is.
    pub(super) path: &'a str,
    /// What else there is: its name, its path and a remark.
    pub(super) others: &'a [(&'a str, &'a str, &'a str)],
    /// What the time of the list begins with.
    pub(super) listing: &'a str,
    /// What a call passes.
    pub(super) way: &'a str,
}

impl Welcome<'_> {
    /// Asks the server for its tools, calls one, and prints all of it to stdout.
    ///
    /// # Errors
    ///
    /// Only if stdout is closed. A server that does not answer as MCP does is shown as such: the
    /// program may serve something else, or be mended while this runs.
    pub(super) async fn show(&self) -> io::Result<()> {
        let Self { address, path, .. } = *self;
        let mut text = format!("{}\n{}\n\n", self.title, self.tenancy);
        for (name, path, remark) in std::iter::once(&("MCP", path, "")).chain(self.others) {
            // Writing to a string does not fail.
            let _ok = writeln!(text, "  {name:<7} http://{address}{path}{remark}");
        }
        let start = Instant::now();
        match ask(address, path, "tools/list", &json!({})).await {
            Ok(list) => {
                let millis = start.elapsed().as_secs_f64() * 1000.0;
                let listing = self.listing;
                section(
                    &mut text,
                    &format!("Tools (listed {millis:.0} ms after {listing})"),
                );
                tools(&mut text, &list);
                self.call(&mut text, &list).await;
                connect(
                    &mut text,
                    &name(address, path).await,
                    &format!("http://{address}{path}"),
                );
            }
            Err(error) => section(
                &mut text,
                &format!("It does not answer tools/list: {error}"),
            ),
        }
        text.push_str("\nCtrl-C stops it.\n");
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    /// Calls the tool that shows most and changes nothing.
    async fn call(&self, text: &mut String, list: &Value) {
        let Self { address, path, .. } = *self;
        let Some(tool) = harmless(list) else {
            return;
        };
        let name = string(tool, "name");
        section(text, &format!("A call, through {}", self.way));
        row(text, "asked", &format!("tools/call {name} {{}}"));
        let answer = match ask(
            address,
            path,
            "tools/call",
            &json!({ "name": name, "arguments": {} }),
        )
        .await
        {
            Ok(result) => {
                let content = result.pointer("/content/0/text").and_then(Value::as_str);
                content.map_or_else(|| result.to_string(), str::to_owned)
            }
            Err(error) => error.to_string(),
        };
        row(text, "answer", &shorten(&answer, ANSWER));
    }
}

/// A tool that declares itself harmless and needs no arguments: one that is called a ping, or else the
/// first.
fn harmless(list: &Value) -> Option<&Value> {
    let is_harmless = |tool: &&Value| {
        let read_only = tool.pointer("/annotations/readOnlyHint") == Some(&Value::Bool(true));
        let required = tool
            .pointer("/inputSchema/required")
            .and_then(Value::as_array);
        read_only && required.is_none_or(Vec::is_empty)
    };
    let is_ping = |tool: &&Value| string(tool, "name").ends_with("ping");
    let mut pings = entries(list).filter(is_harmless).filter(is_ping);
    pings.next().or_else(|| entries(list).find(is_harmless))
}

/// The one that is called, and some of the others.
fn tools(text: &mut String, list: &Value) {
    let called = harmless(list).map(|tool| string(tool, "name"));
    let mut tools: Vec<&Value> = entries(list).collect();
    tools.sort_by_key(|tool| called != Some(string(tool, "name")));
    for tool in tools.iter().take(TOOLS) {
        let (name, description) = (string(tool, "name"), string(tool, "description"));
        row(text, name, &shorten(description, DESCRIPTION));
    }
    if let Some(more) = tools.len().checked_sub(TOOLS).filter(|more| *more > 0) {
        row(text, "...", &format!("and {more} more"));
    }
}

/// What the server calls itself, for clients to call it the same.
async fn name(address: SocketAddr, path: &str) -> String {
    let hello = json!({ "protocolVersion": "2025-11-25", "capabilities": {} });
    let answer = ask(address, path, "initialize", &hello)
        .await
        .unwrap_or_default();
    let name = answer
        .pointer("/serverInfo/name")
        .and_then(Value::as_str)
        .unwrap_or("oci-mcp");
    // It becomes an argument of a shell command.
    let is_plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    name.chars().filter(is_plain).collect()
}

fn connect(text: &mut String, name: &str, url: &str) {
    let vs_code = json!({ "name": name, "type": "http", "url": url });
    let cline = json!({ "mcpServers": { name: { "type": "streamableHttp", "url": url } } });
    section(text, "Connect");
    row(
        text,
        "Claude",
        &format!("claude mcp add --transport http {name} {url}"),
    );
    row(text, "VS Code", &format!("code --add-mcp '{vs_code}'"));
    row(
        text,
        "Cline",
        &format!("in cline_mcp_settings.json: {cline}"),
    );
    row(
        text,
        "Inspector",
        &format!(
            "npx @modelcontextprotocol/inspector --cli {url} --transport http --method tools/list"
        ),
    );
    row(
        text,
        "curl",
        &format!(
            "curl {url} -H 'Content-Type: application/json' \
         -d '{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}}'"
        ),
    );
}

fn entries(list: &Value) -> impl Iterator<Item = &Value> {
    list.get("tools")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn string<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn section(text: &mut String, title: &str) {
    // Writing to a string does not fail.
    let _ok = writeln!(text, "\n{title}");
}

fn row(text: &mut String, name: &str, value: &str) {
    let _ok = writeln!(text, "  {name:<9} {value}");
}

/// The first line, and no more than fits; what a function sends must not drive the terminal.
fn shorten(value: &str, shown: usize) -> String {
    let line: String = value
        .chars()
        .take_while(|c| *c != '\n')
        .take(shown)
        .collect();
    let ellipsis = if line.len() < value.len() { "…" } else { "" };
    let printable: String = line.chars().filter(|c| !c.is_control()).collect();
    format!("{printable}{ellipsis}")
}
