//! What to do about an answer that tells of no success.

use std::time::{Duration, SystemTime};

use http::StatusCode;

use super::error::Answer;

/// What OCI tolerates between its clock and that of a request.
const MAX_SKEW: Duration = Duration::from_secs(5 * 60);

/// How far our clock is off, if it is too far for OCI, in words.
pub(super) fn skew(answer: &Answer, now: SystemTime) -> Option<String> {
    let theirs = answer.date?;
    let (difference, direction) = match now.duration_since(theirs) {
        Ok(ahead) => (ahead, "ahead of"),
        Err(behind) => (behind.duration(), "behind"),
    };
    (difference > MAX_SKEW).then(|| {
        format!(
            "the clock of this machine is {} s {direction} that of OCI, which accepts 5 minutes; set \
             it right",
            difference.as_secs()
        )
    })
}

/// The hint for `answer`, which `principal` got.
pub(super) fn hint(answer: &Answer, principal: &str) -> String {
    let code = answer.code.as_deref().unwrap_or_default();
    match answer.status {
        StatusCode::UNAUTHORIZED => format!(
            "OCI does not accept the key or token of the {principal}: look whether it was deleted, \
             has expired, or belongs to another tenancy or region"
        ),
        StatusCode::NOT_FOUND if code == "NotAuthorizedOrNotFound" => {
            format!("either it does not exist in this region, or {}", policy(principal))
        }
        StatusCode::FORBIDDEN => policy(principal),
        StatusCode::CONFLICT if code == "IncorrectState" => {
            "it is not in a state for that, or changing; look at its lifecycleState, and wait until it \
             has settled"
                .to_owned()
        }
        StatusCode::CONFLICT => {
            "something else has changed it or has its name; read it again before another attempt"
                .to_owned()
        }
        StatusCode::PRECONDITION_FAILED => {
            "it has changed since its etag was read; read it again".to_owned()
        }
        StatusCode::TOO_MANY_REQUESTS => match answer.retry_after {
            Some(wait) => format!(
                "OCI throttles these requests; try again in {} s, or ask for less",
                wait.as_secs()
            ),
            None => "OCI throttles these requests; wait before the next one, or ask for less".to_owned(),
        },
        status if status.is_redirection() && status != StatusCode::NOT_MODIFIED => {
            "redirects are not followed, because a signed request must not go where an answer sends it"
                .to_owned()
        }
        status if status.is_server_error() => {
            "the service has a problem; try again later, and see https://ocistatus.oraclecloud.com"
                .to_owned()
        }
        _ => String::new(),
    }
}

fn policy(principal: &str) -> String {
    let is_of = |kinds: &[&str]| kinds.iter().any(|kind| principal.starts_with(kind));
    let is_user = is_of(&["API key", "session"]) || principal.ends_with("on behalf of a user");
    let [whom, more] = if is_user {
        ["group <group>", ""]
    } else if is_of(&["OKE"]) {
        [
            "any-user",
            ", with `where ALL {request.principal.type = 'workload', ..}` that names cluster, namespace and service \
             account",
        ]
    } else {
        [
            "dynamic-group <group>",
            ", and the group's matching rule must include the caller",
        ]
    };
    format!(
        "no policy lets the {principal} do that: one such as `allow {whom} to use <resource-type> in compartment \
         <compartment>` must be there{more}"
    )
}

#[cfg(test)]
mod tests {
    use super::policy;

    #[test]
    fn a_policy_is_for_the_kind_of_identity() {
        let rows = [
            ("API key of profile DEFAULT", "`allow group <group> to"),
            (
                "instance principal on behalf of a user",
                "`allow group <group> to",
            ),
            ("instance principal", "`allow dynamic-group <group> to"),
            ("OKE workload identity", "`allow any-user to"),
        ];

        for (principal, statement) in rows {
            let text = policy(principal);
            assert!(text.contains(statement), "{principal}: {text}");
        }
        assert!(!policy("OKE workload identity").contains("rule"));
    }
}
