//! What platforms take: of each value, whether it can be.

use std::fmt::Display;

use super::environment::Checked;

/// Notes that `flag` cannot be `value`, if it does not hold, with the limit.
pub(super) fn hold(
    vars: &mut Checked,
    flag: &str,
    value: impl Display,
    holds: bool,
    limit: impl Display,
) {
    if !holds {
        let value = value.to_string();
        vars.note(format_args!(
            "`{flag}` is `{}`: {limit}",
            value.escape_debug()
        ));
    }
}

/// Notes that `flag` is no OCID of one of these `kinds`, such as `compartment`.
pub(super) fn ocid(vars: &mut Checked, flag: &str, value: &str, kinds: &[&str]) {
    let is_of = |kind: &&str| {
        let rest = value
            .strip_prefix("ocid1.")
            .and_then(|rest| rest.strip_prefix(*kind));
        rest.is_some_and(|rest| rest.starts_with('.') && !rest.ends_with('.'))
    };
    let holds = is_open(value) || kinds.iter().any(is_of);
    let form = kinds.join("… or ocid1.");
    hold(
        vars,
        flag,
        value,
        holds,
        format_args!("it must be an OCID, ocid1.{form}…"),
    );
}

/// Notes that `flag` is no image with a tag that stays what it is, if need be in OCIR.
pub(super) fn image(vars: &mut Checked, value: &str, in_ocir: bool) {
    let (registry, repository) = value.split_once('/').unwrap_or_default();
    let tag = repository.rsplit_once([':', '@']).map(|(_, tag)| tag);
    let has_tag = tag.is_some_and(|tag| !tag.is_empty() && tag != "latest" && !tag.contains('/'));
    let is_in_ocir = registry.starts_with("ocir.") || registry.contains(".ocir.");
    // OCI's services have a digest in a place of its own.
    let holds =
        has_tag && !registry.is_empty() && (!in_ocir || (is_in_ocir && !value.contains('@')));
    let place = if in_ocir { "in OCIR" } else { "in a registry" };
    hold(
        vars,
        "--image",
        value,
        holds,
        format_args!("an image is {place}, and has a tag other than `latest`: {IMAGE}"),
    );
}

/// The image, until it is known where.
pub(super) const IMAGE: &str = concat!(
    "ocir.<REGION>.oci.oraclecloud.com/<NAMESPACE>/oci-mcp:",
    env!("CARGO_PKG_VERSION")
);

/// Whether a placeholder stands for a value that is not known yet.
pub(super) fn is_open(value: &str) -> bool {
    !super::placeholders(value).is_empty()
}
