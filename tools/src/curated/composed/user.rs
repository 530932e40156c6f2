//! A user with what belongs to it.

use futures_util::future::join3;
use serde_json::{Value, json};

use super::{Arguments, Composing, part, wanted};
use crate::answer::{Fields, field, put};
use crate::session::Session;

/// The user with the groups it is in and its API keys, of these what a caller wants.
pub(in crate::curated) fn with<'a>(
    session: &'a Session<'a>,
    included: Arguments,
    mut user: Value,
) -> Composing<'a> {
    Box::pin(async move {
        let tenancy = session.tenancy().await?;
        let of_user = json!({ "compartmentId": tenancy, "userId": field(&user, "id") });
        let [with_groups, with_keys] =
            ["include_groups", "include_api_keys"].map(|name| included.contains_key(name));
        let (memberships, groups, keys) = join3(
            wanted(
                with_groups,
                session.items("identity.list_user_group_memberships", of_user),
            ),
            wanted(
                with_groups,
                session.items("identity.list_groups", json!({ "compartmentId": tenancy })),
            ),
            wanted(
                with_keys,
                session.items(
                    "identity.list_api_keys",
                    json!({ "userId": field(&user, "id") }),
                ),
            ),
        )
        .await;
        let groups = memberships.zip(groups).map(|(memberships, groups)| {
            let (memberships, mut groups) = (memberships?, groups?);
            groups.retain(|group| {
                let mut ids = memberships.iter().map(|one| field(one, "groupId"));
                ids.any(|id| id == field(group, "id"))
            });
            Ok(groups)
        });
        // By what keys are told apart, without what they are.
        let rows = [
            ("groups", groups, "id name"),
            (
                "api_keys",
                keys,
                "fingerprint state=lifecycleState created=timeCreated",
            ),
        ];
        for (name, found, shows) in rows {
            if let Some(found) = found.and_then(|found| part(&mut user, name, found)) {
                let fields = Fields::of(shows);
                let found: Vec<Value> = found.iter().map(|item| fields.project(item)).collect();
                put(&mut user, name, found);
            }
        }
        Ok(user)
    })
}
