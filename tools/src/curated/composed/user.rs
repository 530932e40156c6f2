//! A user with what belongs to it.

use futures_util::future::{join, try_join};
use serde_json::{Value, json};

use super::{Arguments, Composing, part, wanted};
use crate::answer::{Fields, field, put};
use crate::error::Failure;
use crate::session::Session;

/// The user with the groups it is in and its API keys, of these what a caller wants.
pub(in crate::curated) fn with<'a>(
    session: &'a Session<'a>,
    included: Arguments,
    mut user: Value,
) -> Composing<'a> {
    Box::pin(async move {
        let (groups, keys) = join(
            wanted(
                included.contains_key("include_groups"),
                groups(session, field(&user, "id")),
            ),
            wanted(
                included.contains_key("include_api_keys"),
                keys(session, field(&user, "id")),
            ),
        )
        .await;
        for (name, found) in [("groups", groups), ("api_keys", keys)] {
            if let Some(found) = found.and_then(|found| part(&mut user, name, found)) {
                put(&mut user, name, found);
            }
        }
        Ok(user)
    })
}

async fn groups(session: &Session<'_>, user: &Value) -> Result<Vec<Value>, Failure> {
    let tenancy = session.tenancy().await?;
    let (memberships, groups) = try_join(
        session.items(
            "identity.list_user_group_memberships",
            json!({ "compartmentId": tenancy, "userId": user }),
        ),
        session.items("identity.list_groups", json!({ "compartmentId": tenancy })),
    )
    .await?;
    let fields = Fields::of("id name");
    let own = groups.iter().filter(|group| {
        let mut ids = memberships.iter().map(|one| field(one, "groupId"));
        ids.any(|id| id == field(group, "id"))
    });
    Ok(own.map(|group| fields.project(group)).collect())
}

/// By what they are told apart, without what they are.
async fn keys(session: &Session<'_>, user: &Value) -> Result<Vec<Value>, Failure> {
    let asked = json!({ "userId": user });
    let keys = session.items("identity.list_api_keys", asked).await?;
    let fields = Fields::of("fingerprint state=lifecycleState created=timeCreated");
    Ok(keys.iter().map(|key| fields.project(key)).collect())
}
