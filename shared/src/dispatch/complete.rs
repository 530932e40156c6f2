//! `completion/complete`: what could stand for an argument of a prompt or a template.

use super::call::{in_time, invalid};
use super::{Call, Dispatcher};
use crate::completion::{CompleteFuture, CompletionRequest};
use crate::context::Context;
use crate::mcp::Reference;
use crate::rpc::{Error, ErrorKind, append_json, quoted};

impl Dispatcher {
    pub(super) async fn complete(&self, call: &Call<'_>) -> Result<Vec<u8>, Error> {
        let asked = call.rare_params().completing()?;
        let request = CompletionRequest {
            argument: &asked.argument.name,
            value: &asked.argument.value,
            others: &asked.context.arguments,
        };
        let cx = call.cx;
        let work = self.completer(&asked.reference, cx, request)?;
        cx.start();
        let completion = in_time(cx, work)
            .await
            .map_err(|why| Error::new(ErrorKind::Internal, format!("the completion {why}")))?;
        let mut out = br#"{"completion":"#.to_vec();
        append_json(&mut out, &completion);
        out.extend_from_slice(self.lists.result_tail(call.revision).as_bytes());
        out.push(b'}');
        Ok(out)
    }

    fn completer<'a>(
        &'a self,
        reference: &Reference<'_>,
        cx: &'a Context,
        request: CompletionRequest<'a>,
    ) -> Result<CompleteFuture<'a>, Error> {
        let (named, work) = match reference {
            Reference::Prompt { name } => {
                let entry = self.prompts.find(name);
                (name, entry.map(|entry| entry.complete(cx, request)))
            }
            Reference::Resource { uri } => {
                let template = self.resources.find_template(uri);
                (uri, template.map(|template| template.complete(cx, request)))
            }
        };
        let missing = |what: &str, name| invalid(format!("there is no {what} {}", quoted(name)));
        work.ok_or_else(|| missing("prompt or resource template", named))?
            .ok_or_else(|| missing("argument", request.argument))
    }
}
