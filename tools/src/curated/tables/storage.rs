//! Object Storage.

use serde_json::{Value, json};

use super::rename;
use crate::credentials::{check_handed_out, check_object};
use crate::curated::argument::{Argument, number, one_of, text};
use crate::curated::{Change, Row};
use crate::error::Failure;

pub(super) const ROWS: &[Row] = &[
    Row::get("oci_storage_get_namespace", "object_storage.get_namespace")
        .about("Shows the tenancy's namespace in Object Storage.")
        .chosen(),
    Row::list("oci_storage_list_buckets", "object_storage.list_buckets")
        .about("Lists buckets of Object Storage.")
        .shows("name created=timeCreated")
        .needs(&["inspect buckets"]),
    Row::get("oci_storage_get_bucket", "object_storage.get_bucket")
        .about("Shows a bucket: size, number of objects, tier, versioning, public or not.")
        .taking(&[BUCKET])
        .by(|parameters, _| {
            parameters.insert("fields".to_owned(), json!(["approximateCount", "approximateSize"]));
            Ok(())
        })
        .shows(
            "name objects=approximateCount bytes=approximateSize tier=storageTier public=publicAccessType \
             versioning created=timeCreated compartment_id=compartmentId",
        )
        .needs(&["read buckets"]),
    Row::list_of("oci_storage_list_objects", "object_storage.list_objects")
        .about("Lists objects of a bucket; with `delimiter` `/` those of one level only.")
        .taking(&[
            BUCKET,
            text("prefix"),
            text("start"),
            one_of("delimiter", &["/"]),
        ])
        .by(|parameters, _| {
            parameters.insert("fields".to_owned(), "name,size,timeModified".into());
            Ok(())
        })
        .shows("name size modified=timeModified")
        .needs(&["inspect objects"]),
    Row::get("oci_storage_get_object", "object_storage.get_object")
        .about("Reads up to 64 KB of an object, as text or base64; `next_range` goes on.")
        .taking(&[
            BUCKET,
            OBJECT,
            text("range").about("bytes=0-99"),
            number("max_bytes", 1, 65_536),
        ])
        .by(|parameters, _| {
            let name = parameters.get("object_name").and_then(Value::as_str);
            let is_part = ["range", "max_bytes"]
                .iter()
                .any(|name| parameters.contains_key(*name));
            check_object(name.unwrap_or_default(), is_part)?;
            let most = parameters.remove("max_bytes").and_then(|most| most.as_u64());
            let given = parameters.get("range").and_then(Value::as_str);
            let range = range(given.unwrap_or("bytes=0-"), most.unwrap_or(65_536))?;
            parameters.insert("range".to_owned(), range.into());
            Ok(())
        })
        .of_bytes()
        .needs(&["read objects"]),
    Row::change(
        "oci_storage_put_object",
        "object_storage.put_object",
        Change::INTERRUPTS,
    )
    .about("Writes a text as an object, in the place of one that has its name.")
    .taking(&[
        BUCKET,
        OBJECT,
        text("content").required(),
        text("content_type"),
    ])
    .by(|parameters, _| {
        rename(parameters, "content", "body");
        let media_type = parameters.entry("content_type");
        media_type.or_insert_with(|| "text/plain; charset=utf-8".into());
        Ok(())
    })
    .telling(|given| {
        let content = given.get("content").and_then(Value::as_str);
        let size = content.map(|content| ("size".to_owned(), content.len().into()));
        size.into_iter().collect()
    })
    .needs(&["manage objects"]),
    Row::change(
        "oci_storage_create_par",
        "object_storage.create_preauthenticated_request",
        Change::ADDS,
    )
    .about("Makes a URL with which anybody can read an object for some hours, 24 unless told otherwise.")
    .taking(&[BUCKET, OBJECT, number("hours", 1, 8_760)])
    .by(|parameters, now| {
        let mut take = |name: &str| parameters.remove(name);
        let hours = take("hours").and_then(|hours| hours.as_i64()).unwrap_or(24);
        let object = take("object_name").unwrap_or_default();
        check_handed_out(object.as_str().unwrap_or_default())?;
        let expires = now
            .checked_add(jiff::SignedDuration::from_hours(hours))
            .map_err(Failure::validation)?;
        let body = json!({
            "name": format!("oci-mcp-{}", now.as_second()),
            "objectName": object,
            "accessType": "ObjectRead",
            "timeExpires": expires.to_string(),
        });
        parameters.insert("body".to_owned(), body);
        Ok(())
    })
    .shows("name path=accessUri url=fullPath object=objectName expires=timeExpires")
    .unmasked()
    .needs(&["manage buckets", "read objects"]),
];

/// The part of an object that `given` asks for, `most` bytes of it at most: a `Range` of one part, RFC 9110, 14.2.
fn range(given: &str, most: u64) -> Result<String, Failure> {
    let wrong = || {
        let given: String = given.escape_debug().take(100).collect();
        Failure::validation(format!(
            "`range` is `{given}`; it is such as `bytes=0-99`, `bytes=100-`, or `bytes=-100` for the last 100"
        ))
    };
    let ends = given
        .strip_prefix("bytes=")
        .and_then(|range| range.split_once('-'));
    let (first, last) = ends.ok_or_else(wrong)?;
    let number = |text: &str| -> Result<Option<u64>, Failure> {
        if text.is_empty() {
            return Ok(None);
        }
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = is_number.then(|| text.parse().ok()).flatten();
        number.map(Some).ok_or_else(wrong)
    };
    match (number(first)?, number(last)?) {
        (Some(first), last) if last.is_none_or(|last| first <= last) => {
            let most = first.saturating_add(most - 1);
            Ok(format!("bytes={first}-{}", last.unwrap_or(most).min(most)))
        }
        (None, Some(last)) if (1..=most).contains(&last) => Ok(format!("bytes=-{last}")),
        (None, Some(last)) if last > most => Err(Failure::validation(format!(
            "`range` is of {last} bytes; there may be {most}, which `max_bytes` says, 65536 at most"
        ))),
        _ => Err(wrong()),
    }
}

const BUCKET: Argument = text("bucket_name").required();
const OBJECT: Argument = text("object_name").required();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_one_part_and_no_longer_than_it_may_be() {
        for (given, expected) in [
            ("bytes=0-", "bytes=0-9"),
            ("bytes=0-4", "bytes=0-4"),
            ("bytes=5-99", "bytes=5-14"),
            ("bytes=7-7", "bytes=7-7"),
            ("bytes=-10", "bytes=-10"),
            ("bytes=5000000000-", "bytes=5000000000-5000000009"),
            (
                "bytes=18446744073709551615-",
                "bytes=18446744073709551615-18446744073709551615",
            ),
        ] {
            assert_eq!(range(given, 10).unwrap(), expected);
        }
    }

    #[test]
    fn what_is_no_range_is_refused_with_what_is_one() {
        for given in [
            "",
            "0-9",
            "bytes=",
            "bytes=-",
            "bytes=-0",
            "bytes=9-1",
            "bytes=+1-2",
            "bytes=0-1,5-6",
            "bytes=0-1\r\nx: y",
            "items=0-1",
            "bytes=99999999999999999999-",
        ] {
            let problem = format!("{:?}", range(given, 10).unwrap_err());
            assert!(problem.contains("`bytes=100-`"), "{given}: {problem}");
        }
        let problem = format!("{:?}", range("bytes=-11", 10).unwrap_err());
        assert!(problem.contains("`max_bytes`"), "{problem}");
    }
}
