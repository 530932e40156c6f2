//! `prompts/get`: find, check, run until the deadline, and survive what the prompt does.

use std::error::Error as _;

use super::call::{in_time, invalid};
use super::input::Purpose;
use super::{Call, Dispatcher};
use crate::input::is_input_required;
use crate::prompt::append_messages;
use crate::rpc::{Error, ErrorKind, Text, quoted};

impl Dispatcher {
    pub(super) async fn get_prompt(&self, call: &Call<'_>) -> Result<Vec<u8>, Error> {
        let Some(Text(name)) = call.request.params.name() else {
            return Err(invalid("`name` is required and must be a string"));
        };
        let arguments = call.request.params.arguments()?;
        let Some(entry) = self.prompts.find(&name) else {
            let name = quoted(&name);
            return Err(invalid(format!(
                "there is no prompt {name}; see prompts/list"
            )));
        };
        let purpose = Purpose {
            target: &name,
            arguments,
        };
        let arguments = entry
            .read(arguments)
            .map_err(|why| invalid(format!("invalid arguments for `{name}`: {why}")))?;
        self.open_input(call, purpose)?;
        let cx = call.cx;
        cx.start();
        let outcome = in_time(cx, entry.get(cx, arguments)).await.map_err(|why| {
            let request_id = cx.request_id();
            tracing::warn!(prompt = &*name, request_id, why = &*why, "stopped");
            Error::new(ErrorKind::Internal, format!("`{name}` {why}"))
        })?;
        let messages = match outcome {
            Ok(messages) => messages,
            Err(error) => {
                let fault = error.into_fault();
                let Some(source) = fault.source() else {
                    return Err(invalid(fault.into_message()));
                };
                if is_input_required(source) {
                    return self.ask(call, purpose);
                }
                let request_id = cx.request_id();
                tracing::error!(prompt = &*name, request_id, error = source, "failed");
                return Err(Error::new(ErrorKind::Internal, fault.into_message()));
            }
        };
        let mut out = br#"{"messages":["#.to_vec();
        append_messages(&mut out, &messages, call.revision);
        out.push(b']');
        out.extend_from_slice(self.lists.result_tail(call.revision).as_bytes());
        out.push(b'}');
        Ok(out)
    }
}
