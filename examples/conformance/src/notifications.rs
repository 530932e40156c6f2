//! Tools that say how they go.

use std::time::Duration;

use oci_mcp::{App, Context, LogLevel, NoArgs, Tool, ToolError};
use tokio::time::sleep;

/// Long enough for what was said to be read before there is more: unread progress is replaced.
const PAUSE: Duration = Duration::from_millis(50);

pub(crate) fn add(app: App) -> App {
    app.tool(Progress).tool(Logging).tool(LoggingOnce)
}

struct Progress;

impl Tool for Progress {
    type Args = NoArgs;
    type Output = &'static str;
    const NAME: &'static str = "test_tool_with_progress";
    const DESCRIPTION: &'static str = "Reports progress three times.";

    async fn call(&self, cx: &Context, _: NoArgs) -> Result<&'static str, ToolError> {
        cx.progress(0, Some(100.0), None);
        for done in [50, 100] {
            sleep(PAUSE).await;
            cx.progress(done, Some(100.0), None);
        }
        Ok("Reported progress.")
    }
}

struct Logging;

impl Tool for Logging {
    type Args = NoArgs;
    type Output = &'static str;
    const NAME: &'static str = "test_tool_with_logging";
    const DESCRIPTION: &'static str = "Logs three times.";

    async fn call(&self, cx: &Context, _: NoArgs) -> Result<&'static str, ToolError> {
        cx.log(LogLevel::Info, "Tool execution started");
        for message in ["Tool processing data", "Tool execution completed"] {
            sleep(PAUSE).await;
            cx.log(LogLevel::Info, message);
        }
        Ok("Logged.")
    }
}

struct LoggingOnce;

impl Tool for LoggingOnce {
    type Args = NoArgs;
    type Output = &'static str;
    const NAME: &'static str = "test_logging_tool";
    const DESCRIPTION: &'static str = "Logs to who asks for it.";

    async fn call(&self, cx: &Context, _: NoArgs) -> Result<&'static str, ToolError> {
        cx.log(LogLevel::Info, "Tool execution started");
        Ok("Logged.")
    }
}
