//! `resources/read`: find, read until the deadline, and survive what the resource does.

use std::error::Error as _;

use serde_json::json;

use super::call::{in_time, invalid};
use super::input::Purpose;
use super::{Call, Dispatcher};
use crate::context::Context;
use crate::input::is_input_required;
use crate::mcp::Revision;
use crate::resource::{Contents, Found, Reason, ResourceError};
use crate::rpc::{Error, ErrorKind, Text, quoted};

/// How long a client may keep what it has read: not at all, and not for others.
const CACHE: &str = r#","ttlMs":0,"cacheScope":"private""#;

impl Dispatcher {
    pub(super) async fn read_resource(&self, call: &Call<'_>) -> Result<Vec<u8>, Error> {
        let (Text(uri), found) = self.known_resource(call)?;
        let purpose = Purpose {
            target: &uri,
            arguments: "{}",
        };
        self.open_input(call, purpose)?;
        let mime_type = found.mime_type();
        let cx = call.cx;
        let contents = match read(found, cx, &uri).await? {
            Ok(contents) => contents,
            Err(Reason::NotFound) => return Err(not_found(&uri, call.revision)),
            Err(Reason::Failed(fault)) => {
                if let Some(source) = fault.source() {
                    if is_input_required(source) {
                        return self.ask(call, purpose);
                    }
                    let request_id = cx.request_id();
                    tracing::error!(resource = &*uri, request_id, error = source, "failed");
                }
                return Err(Error::new(ErrorKind::Internal, fault.into_message()));
            }
        };
        let tail = self.lists.result_tail(call.revision);
        let mut out = Vec::with_capacity(contents.size_hint() + uri.len() + tail.len() + 64);
        out.extend_from_slice(br#"{"contents":["#);
        contents.append(&mut out, &uri, mime_type);
        out.push(b']');
        if call.revision.is_modern() {
            out.extend_from_slice(CACHE.as_bytes());
        }
        out.extend_from_slice(tail.as_bytes());
        out.push(b'}');
        Ok(out)
    }

    /// The resource that `call` names.
    pub(super) fn known_resource<'a>(
        &'a self,
        call: &Call<'a>,
    ) -> Result<(Text<'a>, Found<'a>), Error> {
        let Some(uri) = call.request.params.uri() else {
            return Err(invalid("`uri` is required and must be a string"));
        };
        let Some(found) = self.resources.find(&uri.0) else {
            return Err(not_found(&uri.0, call.revision));
        };
        Ok((uri, found))
    }
}

async fn read(
    found: Found<'_>,
    cx: &Context,
    uri: &str,
) -> Result<Result<Contents, Reason>, Error> {
    cx.start();
    let outcome = in_time(cx, found.read(cx)).await.map_err(|why| {
        let request_id = cx.request_id();
        tracing::warn!(resource = uri, request_id, why = &*why, "stopped");
        Error::new(ErrorKind::Internal, format!("{} {why}", quoted(uri)))
    })?;
    Ok(outcome.map_err(ResourceError::into_reason))
}

/// 2026-07-28 has no code of its own for it any more ("Resources", "Error Handling").
fn not_found(uri: &str, revision: Revision) -> Error {
    let kind = if revision.is_modern() {
        ErrorKind::InvalidParams
    } else {
        ErrorKind::ResourceNotFound
    };
    let message = format!("there is no resource {}; see resources/list", quoted(uri));
    Error::new(kind, message).with_data(&json!({ "uri": uri }))
}
