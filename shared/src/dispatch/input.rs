//! Rounds of one call: what the client has answered goes in, what is asked of it comes out (2026-07-28,
//! "Multi Round-Trip Requests").

use serde_json::Value;

use super::call::invalid;
use super::{Call, Dispatcher};
use crate::input::{Asked, Closed, Input, InputKind, Kept, SealError};
use crate::rpc::{Error, ErrorKind, Text, append_json};

/// What a state is sealed for: it opens for the same caller, method, target and arguments only.
#[derive(Clone, Copy)]
pub(super) struct Purpose<'a> {
    /// The tool or prompt by its name, the resource by its URI.
    pub(super) target: &'a str,
    /// The text of a JSON object.
    pub(super) arguments: &'a str,
}

impl Dispatcher {
    /// Lets `call` ask its client, if it can be asked at all.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidParams`] if what came back from an earlier round is not what was sent.
    pub(super) fn open_input(&self, call: &Call<'_>, purpose: Purpose<'_>) -> Result<(), Error> {
        if !call.revision.is_modern() {
            return Ok(());
        }
        let (state, given) = if call.request.params.is_next_round() {
            let params = call.rare_params();
            (params.request_state()?, params.input_responses()?)
        } else {
            Default::default()
        };
        let Some(keys) = &self.state_keys else {
            return state.map_or(Ok(()), |_| Err(foreign()));
        };
        let kept = match state {
            Some(Text(state)) => {
                let opened = keys.open(&self.bytes(call, purpose), &state);
                opened.map_err(|why| match why {
                    Closed::Expired => {
                        invalid("`requestState` has expired; make the request again without it")
                    }
                    Closed::Foreign => foreign(),
                })?
            }
            None => Kept::default(),
        };
        let capabilities = call.request.params.meta().client_capabilities();
        call.cx.set_input(Input::new(capabilities, given, kept));
        Ok(())
    }

    /// The result that asks the client for what `call` needs.
    ///
    /// # Errors
    ///
    /// The JSON-RPC error to answer with if the client cannot be asked for it, has not declared it, or
    /// has given an answer that is none.
    pub(super) fn ask(&self, call: &Call<'_>, purpose: Purpose<'_>) -> Result<Vec<u8>, Error> {
        let target = purpose.target;
        let (Some(input), Some(keys)) = (call.cx.input(), &self.state_keys) else {
            return Err(cannot_ask(call, target));
        };
        let (asked, kept) = input.take();
        if let Some(defect) = asked.defect {
            return Err(failed(call, target, &defect));
        }
        if let Some(unfit) = asked.unfit {
            return Err(invalid(unfit));
        }
        if !asked.undeclared.is_empty() {
            return Err(undeclared(target, &asked.undeclared));
        }
        let state = keys.seal(&self.bytes(call, purpose), kept);
        let state = state.map_err(|why| match why {
            SealError::TooLarge(bytes) => {
                let defect = format!("{bytes} bytes are too many to keep for the next round");
                failed(call, target, &defect)
            }
            SealError::Failed => failed(call, target, "the request state cannot be sealed"),
        })?;
        Ok(self.encode(&asked, &state))
    }

    fn encode(&self, asked: &Asked, state: &str) -> Vec<u8> {
        let mut out = br#"{"resultType":"input_required","inputRequests":"#.to_vec();
        append_json(&mut out, &asked.requests);
        out.extend_from_slice(br#","requestState":"#);
        append_json(&mut out, &state);
        out.extend_from_slice(self.lists.untyped_tail().as_bytes());
        out.push(b'}');
        out
    }

    /// `purpose` and who asks, without two that could be taken for one another.
    fn bytes(&self, call: &Call<'_>, purpose: Purpose<'_>) -> Vec<u8> {
        let caller = call.cx.caller();
        // White space and the order of keys are the client's to choose, each time anew.
        let arguments = serde_json::from_str::<Value>(purpose.arguments).unwrap_or_default();
        let mut bytes = Vec::new();
        for part in [
            self.lists.server(),
            if caller.is_some() { "caller" } else { "" },
            caller.map_or("", |caller| caller.as_str()),
            call.method.as_str(),
            purpose.target,
            &arguments.to_string(),
        ] {
            bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes
    }
}

/// Why nothing can be asked here.
pub(super) fn cannot_ask(call: &Call<'_>, target: &str) -> Error {
    let revision = call.revision;
    if !revision.is_modern() {
        return invalid(format!(
            "`{target}` asks for input, which takes a client of MCP 2026-07-28; this one speaks \
             {revision}"
        ));
    }
    tracing::error!(target, "asks for input, but OCI_MCP_STATE_KEY is not set");
    Error::new(
        ErrorKind::Internal,
        format!(
            "`{target}` asks for input, which this server cannot pass on: its operator has to set \
             OCI_MCP_STATE_KEY"
        ),
    )
}

fn foreign() -> Error {
    invalid(
        "`requestState` is not one that this server gave to this caller for this request; make the \
         request again without it",
    )
}

fn undeclared(target: &str, kinds: &[InputKind]) -> Error {
    let required = InputKind::required(kinds);
    let message = format!("`{target}` asks for input that the client has not declared: {required}");
    Error::new(ErrorKind::MissingCapability, message)
        .with_data(&serde_json::json!({ "requiredCapabilities": required }))
}

fn failed(call: &Call<'_>, target: &str, defect: &str) -> Error {
    let request_id = call.cx.request_id();
    tracing::error!(target, request_id, defect, "cannot ask for input");
    Error::new(
        ErrorKind::Internal,
        format!("`{target}` failed to ask for input"),
    )
}
