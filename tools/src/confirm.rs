//! What removes something is asked for twice: of the person, if the client can ask, or else of the caller.

use oci_mcp::{Answer, InputKind};
use oci_rest::{Operation, Request};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::answer::field;
use crate::error::Failure;
use crate::session::Session;

#[derive(Deserialize, JsonSchema)]
struct Confirmation {
    /// Again the name of what is to go.
    name: String,
}

/// Whether what `request` takes away was named again: by the name that the operation `teller` tells, which takes the same
/// path, or else by what the path names it by, or by the name of `operation` if that names nothing.
///
/// # Errors
///
/// A [`Failure`] if it was not, if the name cannot be asked, or if the person must be.
pub(crate) async fn check(
    session: &Session<'_>,
    operation: &Operation<'_>,
    request: &Request,
    teller: Option<&str>,
    told: Option<&str>,
) -> Result<(), Failure> {
    let name = match teller {
        Some(teller) => name(session, teller, request).await?,
        None => None,
    };
    let path = operation.path();
    let named =
        last(&path).and_then(|last| request.path_parameters().find(|(name, _)| *name == last));
    let (what, name) = match (name, named) {
        (Some(name), _) => ("its name".to_owned(), name),
        (None, Some((name, value))) => (format!("the value of `{name}`"), value.to_owned()),
        (None, None) => (
            "the name of the operation".to_owned(),
            operation.entry().to_string(),
        ),
    };
    let asked = asked(session, &name, told)?;
    if asked.as_deref() == Some(name.as_str()) {
        return Ok(());
    }
    let problem = match asked {
        Some(_) => "what confirms is not the name of what would be removed",
        None => "it removes something, and `confirm` is missing",
    };
    Err(Failure::validation(problem).suggest(format!(
        "ask whoever you work for whether it is to go; then repeat the call with `confirm`, which is {what}"
    )))
}

/// The last parameter of a path, which names the thing.
pub(crate) fn last(path: &str) -> Option<&str> {
    let (_, rest) = path.rsplit_once('{')?;
    rest.split_once('}').map(|(last, _)| last)
}

/// What `teller` calls the thing at the path of `request`.
async fn name(
    session: &Session<'_>,
    teller: &str,
    request: &Request,
) -> Result<Option<String>, Failure> {
    let thing = session.beside(request, teller).await?;
    let names = ["displayName", "name"].map(|name| field(&thing, name).as_str());
    let mut names = names.into_iter().flatten().filter(|name| !name.is_empty());
    Ok(names.next().map(str::to_owned))
}

/// What the person typed who was asked to remove `name`, or else what the caller `told`.
fn asked(session: &Session<'_>, name: &str, told: Option<&str>) -> Result<Option<String>, Failure> {
    let cx = session.cx;
    if !cx.can_ask(InputKind::Elicitation) {
        return Ok(told.map(str::to_owned));
    }
    let message = format!("A model asks to remove `{name}`, for good. Type its name to let it.");
    // Whatever the model says: it is the person whose word counts.
    match cx.elicit::<Confirmation>("confirm", message)? {
        Answer::Accepted(Confirmation { name }) => Ok(Some(name)),
        _ => Err(Failure::validation(
            "the person does not want it to be removed",
        )),
    }
}
