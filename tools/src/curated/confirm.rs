//! What removes something is asked for twice: of the person, if the client can ask, or else of the caller.

use oci_mcp::{Answer, InputKind};
use oci_rest::Request;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Map;

use crate::answer::field;
use crate::error::Failure;
use crate::session::Session;

#[derive(Deserialize, JsonSchema)]
struct Confirmation {
    /// Again the name of what is to go.
    name: String,
}

/// Whether the name of what `request` takes away was given again, which the operation `teller` tells.
///
/// # Errors
///
/// A [`Failure`] if it was not, or if the person must be asked.
pub(super) async fn check(
    session: &Session<'_>,
    teller: &str,
    request: &Request,
    told: Option<&str>,
) -> Result<(), Failure> {
    let path = request.path_parameters();
    let path: Map<_, _> = path
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    let thing = session.get(teller, path.into()).await?;
    let names = ["displayName", "name"].map(|name| field(&thing, name).as_str());
    let name = names.into_iter().flatten().next().unwrap_or_default();
    let cx = session.cx;
    let asked = if cx.can_ask(InputKind::Elicitation) {
        let message =
            format!("A model asks to remove `{name}`, for good. Type its name to let it.");
        // Whatever the model says: it is the person whose word counts.
        match cx.elicit::<Confirmation>("confirm", message)? {
            Answer::Accepted(Confirmation { name }) => Some(name),
            _ => {
                return Err(Failure::validation(
                    "the person does not want it to be removed",
                ));
            }
        }
    } else {
        told.map(str::to_owned)
    };
    if !name.is_empty() && asked.as_deref() == Some(name) {
        return Ok(());
    }
    let problem = match asked {
        Some(_) => "what confirms is not the name of what would be removed",
        None => "it removes something, and `confirm` is missing",
    };
    Err(Failure::validation(problem).suggest(
        "ask whoever you work for whether it is to go; then repeat the call with `confirm`, which is its name",
    ))
}
