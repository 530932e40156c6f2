//! Object Storage: namespaces, buckets, objects, pre-authenticated requests.

use std::collections::BTreeMap;
use std::ops::Bound;

use bytes::Bytes;
use data_encoding::BASE64;
use http::{Response, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::received::{Received, time};
use super::refusal::{Refusal, text};
use super::signature::imf_fixdate;
use super::state::State;
use super::value::{field, set};
use super::{list, reply};

#[derive(Debug, Default)]
pub(crate) struct Buckets(BTreeMap<String, Bucket>);

#[derive(Debug)]
struct Bucket {
    fields: Value,
    objects: BTreeMap<String, Object>,
}

#[derive(Clone, Debug)]
struct Object {
    bytes: Bytes,
    media_type: String,
    modified: Timestamp,
}

impl Buckets {
    /// Reads what a tenancy's JSON has: fields of the API's, and `objects` with `name` and `text`, and
    /// with `count` if there are to be several, whose numbers go where `{}` stands in the name.
    pub(crate) fn new(described: Vec<Value>) -> Self {
        let buckets = described.into_iter().filter_map(|mut fields| {
            let objects = fields.as_object_mut()?.remove("objects");
            let mut bucket = Bucket {
                fields,
                objects: BTreeMap::new(),
            };
            for object in objects
                .as_ref()
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                bucket.fill(object);
            }
            Some((field(&bucket.fields, "name").as_str()?.to_owned(), bucket))
        });
        Self(buckets.collect())
    }

    fn bucket(&self, name: &str) -> Result<&Bucket, Refusal> {
        self.0.get(name).ok_or_else(|| no_bucket(name))
    }
}

impl Bucket {
    fn fill(&mut self, described: &Value) {
        let name = described["name"].as_str().unwrap_or_default();
        let text = described["text"].as_str().unwrap_or_default();
        let coded = described["base64"].as_str().map(str::as_bytes);
        // What is wrong stays as it is, so that it is seen.
        let coded = coded.map(|text| BASE64.decode(text).unwrap_or_else(|_wrong| text.into()));
        let bytes = Bytes::from(coded.unwrap_or_else(|| text.into()));
        for number in 1..=described["count"].as_u64().unwrap_or(1).min(10_000) {
            let object = Object {
                bytes: bytes.clone(),
                media_type: described["contentType"]
                    .as_str()
                    .unwrap_or("text/plain")
                    .to_owned(),
                modified: Timestamp::from_second(FIRST).unwrap_or_default(),
            };
            self.objects
                .insert(name.replace("{}", &format!("{number:03}")), object);
        }
    }
}

impl Object {
    fn md5(&self) -> String {
        BASE64.encode(&md5::compute(&self.bytes).0)
    }

    fn etag(&self) -> String {
        format!(
            "{:x}",
            md5::compute(format!("{}{}", self.md5(), self.modified))
        )
    }
}

/// Answers a path that begins with `/n`.
///
/// # Errors
///
/// What OCI refuses.
pub(crate) fn answer(
    state: &mut State,
    request: &Received<'_>,
) -> Result<Response<Bytes>, Refusal> {
    let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
    if let ["n", namespace, ..] = path.as_slice()
        && *namespace != state.tenancy.namespace
    {
        let message = format!("You do not have authorization for the namespace {namespace}");
        return Err(Refusal::missing("NamespaceNotFound", message));
    }
    let method = request.method.as_str();
    match (method, path.as_slice()) {
        ("GET", ["n"]) => Ok(reply::ok(&json!(state.tenancy.namespace))),
        ("GET", ["n", namespace]) => Ok(reply::ok(&json!({
            "namespace": namespace,
            "defaultS3CompartmentId": state.tenancy.id,
            "defaultSwiftCompartmentId": state.tenancy.id,
        }))),
        ("GET", ["n", _, "b"]) => buckets(state, request),
        ("GET" | "HEAD", ["n", _, "b", bucket]) => one_bucket(state, bucket),
        ("GET", ["n", _, "b", bucket, "o"]) => objects(state, bucket, request),
        (_, ["n", _, "b", bucket, "o", name @ ..]) if !name.is_empty() => {
            object(state, bucket, &name.join("/"), request)
        }
        ("POST", ["n", _, "b", bucket, "p"]) => preauthenticate(state, bucket, request),
        _ => Err(Refusal::not_played(method, request.uri.path())),
    }
}

fn buckets(state: &State, request: &Received<'_>) -> Result<Response<Bytes>, Refusal> {
    let compartment = request.required("compartmentId")?;
    state.compartment(compartment)?;
    let buckets = state
        .buckets
        .0
        .values()
        .map(|bucket| bucket_fields(state, bucket));
    let mut buckets: Vec<_> = buckets
        .filter(|fields| fields["compartmentId"] == compartment)
        .collect();
    for bucket in &mut buckets {
        if let Value::Object(fields) = bucket {
            fields.retain(|name, _| SUMMARY.contains(&name.as_str()));
        }
    }
    list::page(&buckets, false, request)
}

fn one_bucket(state: &State, name: &str) -> Result<Response<Bytes>, Refusal> {
    let bucket = state.buckets.bucket(name)?;
    let mut fields = bucket_fields(state, bucket);
    let size: usize = bucket
        .objects
        .values()
        .map(|object| object.bytes.len())
        .sum();
    set(&mut fields, "approximateCount", json!(bucket.objects.len()));
    set(&mut fields, "approximateSize", json!(size));
    let etag = field(&fields, "etag")
        .as_str()
        .unwrap_or_default()
        .to_owned();
    Ok(reply::with(reply::ok(&fields), "etag", etag))
}

fn bucket_fields(state: &State, bucket: &Bucket) -> Value {
    let mut fields = json!({
        "namespace": state.tenancy.namespace,
        "createdBy": state.tenancy.id,
        "timeCreated": Timestamp::from_second(FIRST).unwrap_or_default(),
        "publicAccessType": "NoPublicAccess",
        "storageTier": "Standard",
        "versioning": "Disabled",
        "objectEventsEnabled": false,
        "replicationEnabled": false,
        "isReadOnly": false,
        "autoTiering": "Disabled",
        "metadata": {},
        "freeformTags": {},
        "definedTags": {},
    });
    if let (Value::Object(fields), Value::Object(own)) = (&mut fields, &bucket.fields) {
        fields.extend(own.clone());
    }
    set(
        &mut fields,
        "etag",
        json!(super::state::etag(&bucket.fields)),
    );
    fields
}

/// `prefix`, `start` (inclusive), `end` (exclusive), `startAfter`, `delimiter`, `limit`, `fields`.
fn objects(
    state: &State,
    bucket: &str,
    request: &Received<'_>,
) -> Result<Response<Bytes>, Refusal> {
    let bucket = state.buckets.bucket(bucket)?;
    let limit = list::limit(request, 1000)?;
    let prefix = request.param("prefix").unwrap_or_default();
    let delimiter = match request.param("delimiter") {
        None | Some("") => None,
        Some("/") => Some('/'),
        Some(other) => {
            return Err(Refusal::invalid(format!(
                "delimiter must be `/`, not `{other}`"
            )));
        }
    };
    let start = match (request.param("startAfter"), request.param("start")) {
        (Some(after), _) => Bound::Excluded(after),
        (None, Some(start)) => Bound::Included(start),
        (None, None) => Bound::Unbounded,
    };
    let mut found = Vec::new();
    let mut prefixes: Vec<String> = Vec::new();
    let mut next = None;
    for (name, object) in bucket.objects.range::<str, _>((start, Bound::Unbounded)) {
        let Some(rest) = name.strip_prefix(prefix) else {
            continue;
        };
        if request.param("end").is_some_and(|end| name.as_str() >= end) {
            break;
        }
        let folder = delimiter.and_then(|delimiter| rest.split_once(delimiter));
        let folder = folder.map(|(folder, _)| format!("{prefix}{folder}/"));
        if folder
            .as_ref()
            .is_some_and(|folder| prefixes.last() == Some(folder))
        {
            continue;
        }
        if found.len() + prefixes.len() == limit {
            next = Some(name);
            break;
        }
        match folder {
            Some(folder) => prefixes.push(folder),
            None => found.push(object_fields(name, object, request.param("fields"))),
        }
    }
    let mut body = json!({ "objects": found, "nextStartWith": next });
    if delimiter.is_some() {
        set(&mut body, "prefixes", json!(prefixes));
    }
    Ok(reply::ok(&body))
}

fn object_fields(name: &str, object: &Object, fields: Option<&str>) -> Value {
    let mut all = json!({
        "name": name,
        "size": object.bytes.len(),
        "md5": object.md5(),
        "etag": object.etag(),
        "timeCreated": object.modified,
        "timeModified": object.modified,
        "storageTier": "Standard",
    });
    let wanted: Vec<_> = fields
        .unwrap_or_default()
        .split(',')
        .chain(["name"])
        .collect();
    if let Value::Object(all) = &mut all {
        all.retain(|name, _| wanted.contains(&name.as_str()));
    }
    all
}

fn object(
    state: &mut State,
    bucket: &str,
    name: &str,
    request: &Received<'_>,
) -> Result<Response<Bytes>, Refusal> {
    let bucket = state
        .buckets
        .0
        .get_mut(bucket)
        .ok_or_else(|| no_bucket(bucket))?;
    let present = bucket.objects.get(name);
    let matches =
        |wanted: &str| present.is_some_and(|object| wanted == "*" || wanted == object.etag());
    if request
        .header("if-match")
        .is_some_and(|wanted| !matches(wanted))
    {
        return Err(Refusal::etag("IfMatchFailed"));
    }
    if request.header("if-none-match").is_some_and(matches) {
        return Err(Refusal::etag("IfNoneMatchFailed"));
    }
    let missing = || {
        Refusal::missing(
            "ObjectNotFound",
            format!("The object '{name}' was not found"),
        )
    };
    match request.method.as_str() {
        "GET" => get(present.ok_or_else(missing)?, request),
        "HEAD" => {
            let object = present.ok_or_else(missing)?;
            let response = described(reply::empty(StatusCode::OK), object);
            Ok(reply::with(
                response,
                "content-length",
                object.bytes.len().to_string(),
            ))
        }
        "PUT" => {
            let object = put(request)?;
            let response = reply::with(reply::empty(StatusCode::OK), "etag", object.etag());
            let response = reply::with(response, "opc-content-md5", object.md5());
            let response = reply::with(response, "last-modified", imf_fixdate(object.modified));
            bucket.objects.insert(name.to_owned(), object);
            Ok(response)
        }
        "DELETE" => {
            bucket.objects.remove(name).ok_or_else(missing)?;
            Ok(reply::empty(StatusCode::NO_CONTENT))
        }
        method => Err(Refusal::not_played(method, request.uri.path())),
    }
}

fn get(object: &Object, request: &Received<'_>) -> Result<Response<Bytes>, Refusal> {
    let total = object.bytes.len();
    let Some(range) = request.header("range") else {
        let response = described(reply::empty(StatusCode::OK), object);
        return Ok(response.map(|_empty| object.bytes.clone()));
    };
    let unsatisfiable = || Refusal {
        status: StatusCode::RANGE_NOT_SATISFIABLE,
        code: "InvalidRange",
        message: format!("The range '{range}' is not one of {total} bytes"),
    };
    let (first, last) = range
        .strip_prefix("bytes=")
        .and_then(|range| range.split_once('-'))
        .ok_or_else(unsatisfiable)?;
    let number = |text: &str| {
        text.parse::<usize>()
            .map_err(|_not_a_number| unsatisfiable())
    };
    let (start, end) = match (first, last) {
        ("", last) => (total.saturating_sub(number(last)?), total),
        (first, "") => (number(first)?, total),
        (first, last) => (number(first)?, total.min(number(last)?.saturating_add(1))),
    };
    if start >= end {
        return Err(unsatisfiable());
    }
    let response = described(reply::empty(StatusCode::PARTIAL_CONTENT), object);
    let part = object.bytes.slice(start..end);
    let response = response.map(|_empty| part);
    Ok(reply::with(
        response,
        "content-range",
        format!("bytes {start}-{}/{total}", end - 1),
    ))
}

fn described(response: Response<Bytes>, object: &Object) -> Response<Bytes> {
    let response = reply::with(response, "content-type", &object.media_type);
    let response = reply::with(response, "etag", object.etag());
    let response = reply::with(response, "content-md5", object.md5());
    let response = reply::with(response, "accept-ranges", "bytes");
    reply::with(response, "last-modified", imf_fixdate(object.modified))
}

fn put(request: &Received<'_>) -> Result<Object, Refusal> {
    let object = Object {
        bytes: request.body.clone(),
        media_type: request
            .header("content-type")
            .unwrap_or("application/octet-stream")
            .to_owned(),
        modified: request.now,
    };
    match request.header("content-md5") {
        Some(md5) if md5 != object.md5() => Err(Refusal {
            status: StatusCode::BAD_REQUEST,
            code: "UnmatchedContentMD5",
            message: "The Content-MD5 is not that of the body".to_owned(),
        }),
        _ => Ok(object),
    }
}

fn preauthenticate(
    state: &State,
    bucket: &str,
    request: &Received<'_>,
) -> Result<Response<Bytes>, Refusal> {
    state.buckets.bucket(bucket)?;
    let body = request.json()?;
    let [name, access, expires] =
        ["name", "accessType", "timeExpires"].map(|field| text(&body, field));
    let (name, access, expires) = (name?, access?, time("timeExpires", expires?)?);
    if expires <= request.now {
        return Err(Refusal::invalid("timeExpires must be in the future"));
    }
    let id = crate::id::call_id();
    let namespace = &state.tenancy.namespace;
    let object = field(&body, "objectName").as_str().unwrap_or_default();
    Ok(reply::ok(&json!({
        "id": id,
        "name": name,
        "accessUri": format!("/p/{id}/n/{namespace}/b/{bucket}/o/{object}"),
        "fullPath": format!(
            "https://objectstorage.{}.oraclecloud.com/p/{id}/n/{namespace}/b/{bucket}/o/{object}",
            state.tenancy.region
        ),
        "objectName": field(&body, "objectName"),
        "bucketListingAction": field(&body, "bucketListingAction"),
        "accessType": access,
        "timeCreated": request.now,
        "timeExpires": expires,
    })))
}

fn no_bucket(name: &str) -> Refusal {
    let message = format!(
        "Either the bucket named '{name}' does not exist or you are not authorized to access it"
    );
    Refusal::missing("BucketNotFound", message)
}

const SUMMARY: &[&str] = &[
    "compartmentId",
    "createdBy",
    "definedTags",
    "etag",
    "freeformTags",
    "name",
    "namespace",
    "timeCreated",
];
/// 2026-05-04T08:00:00Z, when the tenancy's objects were put.
const FIRST: i64 = 1_777_881_600;
