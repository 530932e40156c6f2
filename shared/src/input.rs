//! What a call asks its client for before it can end: multi round-trip requests (2026-07-28, "Multi
//! Round-Trip Requests").
//!
//! A question that is answered gives the answer; one that is not gives [`InputRequired`]. The client
//! then makes the same request again, with the answers, and the author's code runs again from its start.

mod form;
mod kinds;
mod sampling;
mod state;

pub use kinds::{Answer, InputKind, Root};
pub use sampling::{Sampled, Sampling};
pub(crate) use state::{Closed, Kept, SealError};
pub use state::{InvalidStateKeys, StateKeys};

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error as StdError;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use crate::context::Context;
use crate::prompt::PromptError;
use crate::resource::ResourceError;
use crate::tool::ToolError;
use kinds::{ElicitResult, ListRootsResult, declares};

/// The client has been asked, and its answer comes with another request.
///
/// It becomes a [`ToolError`], [`PromptError`] or [`ResourceError`] with `?`, which then stands for
/// everything that was asked until there.
#[derive(Clone, Copy, Debug)]
pub struct InputRequired(());

/// What one call asks, and what it has been answered.
pub(crate) struct Input {
    /// The client's, as the text of a JSON object.
    capabilities: Box<str>,
    /// What came with this request.
    given: BTreeMap<String, Box<RawValue>>,
    /// What came with earlier ones.
    kept: Kept,
    asked: Mutex<Asked>,
}

/// What a call has asked so far.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// What is not answered yet, by key.
    pub(crate) requests: BTreeMap<String, Value>,
    /// What was asked for that the client has not declared.
    pub(crate) undeclared: Vec<InputKind>,
    /// Why an answer cannot be used: the client's fault.
    pub(crate) unfit: Option<String>,
    /// Why a question cannot be asked, or a state not be kept: the author's fault.
    pub(crate) defect: Option<String>,
    /// The keys of the answers that were used.
    used: BTreeSet<String>,
    state: Option<Box<RawValue>>,
}

/// Asking the client. Each question has a key of its own within the call, by which its answer is known
/// in later rounds.
///
/// A question gives its answer, or [`InputRequired`] if there is none yet. Passed on with `?`, that
/// sends the client all that was asked until there, and the call **runs again from its start** when
/// the answers are there: what comes before a question should change nothing.
///
/// ```
/// use oci_mcp::{App, Context, NoArgs, Tool, ToolError};
///
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// struct Name {
///     /// What you want to be called.
///     name: String,
/// }
///
/// struct Greet;
///
/// impl Tool for Greet {
///     type Args = NoArgs;
///     type Output = String;
///     const NAME: &'static str = "greet";
///     const DESCRIPTION: &'static str = "Greets the person by name.";
///
///     async fn call(&self, cx: &Context, _: NoArgs) -> Result<String, ToolError> {
///         // Two questions at once, because neither is passed on before both are asked.
///         let name = cx.elicit::<Name>("name", "What is your name?");
///         let roots = cx.list_roots("roots");
///         let (name, roots) = (name?, roots?);
///         let Some(Name { name }) = name.accepted() else {
///             return Err(ToolError::new("the person did not tell the name"));
///         };
///         Ok(format!("Hello, {name}, with {} folders.", roots.len()))
///     }
/// }
///
/// let app = App::new("greeter", "1.0.0").tool(Greet);
/// ```
///
/// It needs a client of 2026-07-28 and keys to seal what passes through it ([`App::state_keys`]);
/// without either the call fails with an error that says so.
///
/// [`App::state_keys`]: crate::App::state_keys
impl Context {
    /// Whether the client can be asked for `kind` of input: for calls that know another way. Asking
    /// for what it cannot give fails the request with -32021.
    #[must_use]
    pub fn can_ask(&self, kind: InputKind) -> bool {
        self.input()
            .is_some_and(|input| declares(&input.capabilities, kind))
    }

    /// Asks the person to fill in a form, whose fields are those of `T`: strings, numbers, booleans,
    /// enums of names, and lists of such enums, each optional or not. Their doc comments are what the
    /// person reads. Never ask for secrets: the client sees them.
    ///
    /// # Errors
    ///
    /// [`InputRequired`] if there is no answer yet.
    pub fn elicit<T>(
        &self,
        key: &str,
        message: impl Into<String>,
    ) -> Result<Answer<T>, InputRequired>
    where
        T: DeserializeOwned + JsonSchema,
    {
        let Some(input) = self.input() else {
            return Err(InputRequired(()));
        };
        let schema = match form::schema_of::<T>() {
            Ok(schema) => schema,
            Err(why) => return Err(input.fail(format!("the form `{key}` cannot be asked: {why}"))),
        };
        let read = |text: &str| {
            ElicitResult::read(text)?.answer(|content| form::filled_in(&schema, content))
        };
        input.ask(
            InputKind::Elicitation,
            key,
            read,
            || json!({ "mode": "form", "message": message.into(), "requestedSchema": &schema }),
        )
    }

    /// Sends the person to `url`, an absolute one, for what the client must not see. The answer says
    /// whether the person agreed to go there, not what came of it. The URL must hold no secrets and
    /// nothing about the person.
    ///
    /// # Errors
    ///
    /// [`InputRequired`] if there is no answer yet.
    pub fn elicit_url(
        &self,
        key: &str,
        message: impl Into<String>,
        url: impl Into<String>,
    ) -> Result<Answer<()>, InputRequired> {
        let Some(input) = self.input() else {
            return Err(InputRequired(()));
        };
        let read = |text: &str| ElicitResult::read(text)?.answer(|_| Ok(()));
        input.ask(
            InputKind::UrlElicitation,
            key,
            read,
            || json!({ "mode": "url", "message": message.into(), "url": url.into() }),
        )
    }

    /// Asks the client's model.
    ///
    /// # Errors
    ///
    /// [`InputRequired`] if there is no answer yet.
    pub fn sample(&self, key: &str, sampling: Sampling) -> Result<Sampled, InputRequired> {
        let Some(input) = self.input() else {
            return Err(InputRequired(()));
        };
        input.ask(InputKind::Sampling, key, Sampled::read, || {
            sampling.into_params()
        })
    }

    /// Asks for the folders that the person works on.
    ///
    /// # Errors
    ///
    /// [`InputRequired`] if there is no answer yet.
    pub fn list_roots(&self, key: &str) -> Result<Vec<Root>, InputRequired> {
        let Some(input) = self.input() else {
            return Err(InputRequired(()));
        };
        input.ask(InputKind::Roots, key, ListRootsResult::read, || json!({}))
    }

    /// What [`Context::set_request_state`] kept in an earlier round of this call, if it is a `T`.
    #[must_use]
    pub fn request_state<T: DeserializeOwned>(&self) -> Option<T> {
        let state = self.input()?.kept.state.as_ref()?;
        serde_json::from_str(state.get()).ok()
    }

    /// Keeps `state` for the next round, in the place of what was kept before. It travels through the
    /// client, sealed, so that nobody can read or change it; the same one may come back more than once.
    /// Together with the answers it may have 256 KiB.
    pub fn set_request_state(&self, state: &impl Serialize) {
        let Some(input) = self.input() else { return };
        match to_raw_value(state) {
            Ok(state) => input.asked().state = Some(state),
            Err(error) => {
                input.fail(format!("the request state is no JSON: {error}"));
            }
        }
    }
}

impl Input {
    /// Nothing asked yet, of a client with `capabilities`, which answers with `given` now and has
    /// answered with what is `kept`.
    pub(crate) fn new(capabilities: &str, given: BTreeMap<String, &RawValue>, kept: Kept) -> Self {
        let mut answers = BTreeMap::new();
        answers.extend(given.into_iter().map(|(key, raw)| (key, raw.to_owned())));
        Self {
            capabilities: capabilities.into(),
            given: answers,
            kept,
            asked: Mutex::default(),
        }
    }

    /// What has been asked, and what is to be kept until it is answered.
    pub(crate) fn take(&self) -> (Asked, Kept) {
        let mut asked = std::mem::take(&mut *self.asked());
        let mut kept = self.kept.clone();
        kept.state = asked.state.take().or(kept.state);
        // What nobody asked for is not carried along.
        for key in &asked.used {
            if let Some(answer) = self.given.get(key) {
                kept.answers.insert(key.clone(), answer.clone());
            }
        }
        (asked, kept)
    }

    fn ask<T>(
        &self,
        kind: InputKind,
        key: &str,
        read: impl Fn(&str) -> Result<T, String>,
        params: impl FnOnce() -> Value,
    ) -> Result<T, InputRequired> {
        // What an earlier round went by stays so, whatever is sent now.
        let kept = self.kept.answers.get(key);
        if let Some(Ok(answer)) = kept.map(|answer| read(answer.get())) {
            return Ok(answer);
        }
        let mut asked = self.asked();
        if let Some(answer) = self.given.get(key) {
            return match read(answer.get()) {
                Ok(answer) => {
                    asked.used.insert(key.to_owned());
                    Ok(answer)
                }
                Err(why) => {
                    let unfit = || format!("the answer `{key}` in `inputResponses`: {why}");
                    asked.unfit.get_or_insert_with(unfit);
                    Err(InputRequired(()))
                }
            };
        }
        if declares(&self.capabilities, kind) {
            let request = json!({ "method": kind.method(), "params": params() });
            asked.requests.insert(key.to_owned(), request);
        } else {
            asked.undeclared.push(kind);
        }
        Err(InputRequired(()))
    }

    fn fail(&self, defect: String) -> InputRequired {
        self.asked().defect.get_or_insert(defect);
        InputRequired(())
    }

    fn asked(&self) -> MutexGuard<'_, Asked> {
        // Nothing is left half done by a panic.
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Input {
    /// Without what people have answered.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Input").finish_non_exhaustive()
    }
}

/// Whether `error` stands for what was asked, be it wrapped in others.
pub(crate) fn is_input_required(error: &(dyn StdError + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<InputRequired>() {
            return true;
        }
        cause = error.source();
    }
    false
}

const DISPLAYED: &str = "input of the client is required";

impl fmt::Display for InputRequired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(DISPLAYED)
    }
}

impl StdError for InputRequired {}

impl From<InputRequired> for ToolError {
    fn from(required: InputRequired) -> Self {
        Self::internal(required)
    }
}

impl From<InputRequired> for PromptError {
    fn from(required: InputRequired) -> Self {
        Self::internal(required)
    }
}

impl From<InputRequired> for ResourceError {
    fn from(required: InputRequired) -> Self {
        Self::internal(required)
    }
}
