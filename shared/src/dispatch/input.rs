//! Rounds of one call: what the client has answered goes in, what is asked of it comes out (2026-07-28,
//! "Multi Round-Trip Requests").

use std::collections::BTreeMap;

use serde_json::value::RawValue;

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
        let kept = match state {
            Some(Text(state)) => self.kept(call, purpose, &state)?,
            None if self.state_keys.is_none() => return Ok(()),
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
        let Some(input) = call.cx.input() else {
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
        let state = self.sealed(call, purpose, kept)?;
        Ok(self.encode_asked(&asked, &state))
    }

    /// What an earlier round has left in `state`.
    pub(super) fn kept(
        &self,
        call: &Call<'_>,
        purpose: Purpose<'_>,
        state: &str,
    ) -> Result<Kept, Error> {
        let keys = self.state_keys.as_ref().ok_or_else(foreign)?;
        let opened = keys.open(&self.bytes(call, purpose), state);
        opened.map_err(|why| match why {
            Closed::Expired => {
                invalid("`requestState` has expired; make the request again without it")
            }
            Closed::Foreign => foreign(),
        })
    }

    /// The `requestState` from which the next round gets `kept`.
    pub(super) fn sealed(
        &self,
        call: &Call<'_>,
        purpose: Purpose<'_>,
        kept: Kept,
    ) -> Result<String, Error> {
        let target = purpose.target;
        let Some(keys) = &self.state_keys else {
            return Err(cannot_ask(call, target));
        };
        let state = keys.seal(&self.bytes(call, purpose), kept);
        state.map_err(|why| match why {
            SealError::TooLarge(bytes) => {
                let defect = format!("{bytes} bytes are too many to keep for the next round");
                failed(call, target, &defect)
            }
            SealError::Failed => failed(call, target, "the request state cannot be sealed"),
        })
    }

    fn encode_asked(&self, asked: &Asked, state: &str) -> Vec<u8> {
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
        let mut arguments = String::new();
        append_canonical(&mut arguments, purpose.arguments);
        let mut bytes = Vec::new();
        for part in [
            self.lists.server(),
            if caller.is_some() { "caller" } else { "" },
            caller.map_or("", |caller| caller.as_str()),
            call.method.as_str(),
            purpose.target,
            &arguments,
        ] {
            bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes
    }
}

/// Appends the JSON `text` as it is however a client writes it: white space, escapes and the order of
/// keys are its to choose, each time anew. A number stays as it is written, since two large ones may
/// differ by less than a reader of JSON sees, and so does what is not Unicode.
fn append_canonical(out: &mut String, text: &str) {
    let text = text.trim();
    let read = || match text.as_bytes().first() {
        Some(b'{') => {
            let members: BTreeMap<String, &RawValue> = serde_json::from_str(text).ok()?;
            let members = members.into_iter().map(|(key, value)| {
                let mut member = serde_json::to_string(&key).unwrap_or_default();
                member.push(':');
                append_canonical(&mut member, value.get());
                member
            });
            Some(format!("{{{}}}", members.collect::<Vec<_>>().join(",")))
        }
        Some(b'[') => {
            let elements: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            let elements = elements.into_iter().map(|element| {
                let mut canonical = String::new();
                append_canonical(&mut canonical, element.get());
                canonical
            });
            Some(format!("[{}]", elements.collect::<Vec<_>>().join(",")))
        }
        Some(b'"') => {
            let decoded: String = serde_json::from_str(text).ok()?;
            serde_json::to_string(&decoded).ok()
        }
        _ => None,
    };
    match read() {
        Some(canonical) => out.push_str(&canonical),
        None => out.push_str(text),
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

pub(super) fn undeclared(target: &str, kinds: &[InputKind]) -> Error {
    let required = InputKind::required(kinds);
    let message = format!("`{target}` asks for input that the client has not declared: {required}");
    Error::new(ErrorKind::MissingCapability, message)
        .with_data(&serde_json::json!({ "requiredCapabilities": required }))
}

pub(super) fn failed(call: &Call<'_>, target: &str, defect: &str) -> Error {
    let request_id = call.cx.request_id();
    tracing::error!(target, request_id, defect, "cannot ask for input");
    Error::new(
        ErrorKind::Internal,
        format!("`{target}` failed to ask for input"),
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn canonical(text: &str) -> String {
        let mut out = String::new();
        append_canonical(&mut out, text);
        out
    }

    #[test]
    fn how_a_client_writes_the_same_arguments_does_not_matter() {
        for (one, other) in [
            (
                r#"{ "b" : [ 1 , {} ], "a":"\u00e9\/" }"#,
                r#"{"a":"é/","b":[1,{}]}"#,
            ),
            (r#"{"\u0061":null}"#, r#"{"a":null}"#),
            ("  {}", "{ }"),
        ] {
            assert_eq!(canonical(one), canonical(other));
        }
    }

    #[test]
    fn other_arguments_are_never_taken_for_the_same() {
        let different = [
            r"{}",
            r#"{"a":18446744073709551616}"#,
            r#"{"a":18446744073709551617}"#,
            r#"{"a":"18446744073709551616"}"#,
            r#"{"a":1}"#,
            r#"{"a":1.0}"#,
            r#"{"a":true}"#,
            r#"{"a":null}"#,
            r#"{"a":[1,2]}"#,
            r#"{"a":[12]}"#,
            r#"{"a":[[1],2]}"#,
            r#"{"a":{"b":1}}"#,
            r#"{"a":"\ud800"}"#,
            r#"{"a":"\ud801"}"#,
            r#"{"a":"\\ud800"}"#,
            r#"{"\ud800":1}"#,
            r#"{"\ud801":1}"#,
            r#"{"a":"\u0000"}"#,
            r#"{"a":"b\",\"c\":\"d"}"#,
            r#"{"a":"b","c":"d"}"#,
        ];
        let written: BTreeSet<_> = different.iter().map(|text| canonical(text)).collect();

        assert_eq!(written.len(), different.len(), "{written:#?}");
    }
}
