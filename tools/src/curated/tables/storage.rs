//! Object Storage.

use serde_json::json;

use super::rename;
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
        .about("Reads up to 64 KB of an object's text; `next_offset` goes on.")
        .taking(&[
            BUCKET,
            OBJECT,
            number("offset", 0, u32::MAX),
            number("max_bytes", 1, 65_536),
        ])
        .by(|parameters, _| {
            let mut take = |name: &str| parameters.remove(name).and_then(|value| value.as_u64());
            let (start, most) = (take("offset").unwrap_or(0), take("max_bytes").unwrap_or(65_536));
            let range = format!("bytes={start}-{}", start + most - 1);
            parameters.insert("range".to_owned(), range.into());
            Ok(())
        })
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
        Ok(())
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

const BUCKET: Argument = text("bucket_name").required();
const OBJECT: Argument = text("object_name").required();
