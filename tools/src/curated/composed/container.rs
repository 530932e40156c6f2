//! What a container wrote.

use serde_json::json;

use super::{Arguments, Composing, number, text};
use crate::answer::mask;
use crate::session::Session;

/// The last lines.
pub(in crate::curated) fn logs<'a>(
    session: &'a Session<'a>,
    arguments: Arguments,
) -> Composing<'a> {
    Box::pin(async move {
        let parameters = json!({ "containerId": text(&arguments, "container_id") });
        let parameters = parameters.as_object().cloned().unwrap_or_default();
        let operation = session
            .shared
            .allowed("container_instances.retrieve_logs")?;
        let prepared = session.prepare(operation, parameters, None).await?;
        let page = session.send(&prepared.endpoint, prepared.request).await?;
        let written = String::from_utf8_lossy(page.response().body());
        let lines: Vec<&str> = written.lines().collect();
        let tail = usize::try_from(number(&arguments, "tail", 100)).unwrap_or(100);
        let shown = lines
            .get(lines.len().saturating_sub(tail)..)
            .unwrap_or_default();
        let mut shown =
            json!({ "lines": shown.len(), "of": lines.len(), "text": shown.join("\n") });
        mask(&mut shown);
        Ok(shown)
    })
}
