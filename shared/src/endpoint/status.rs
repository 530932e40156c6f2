//! Which HTTP status a JSON-RPC error has. The only place that decides it.

use http::StatusCode;

use crate::mcp::Revision;
use crate::rpc::ErrorKind;

/// The status of an answer with an error of `kind`, to a request that was served as `revision`
/// (2026-07-28, "Streamable HTTP", "Error Codes").
///
/// Faults of the message itself are 400. What a method reports travels in a 200, as every
/// revision's clients expect; only 2026-07-28 marks an unknown method at the HTTP level.
pub(super) fn status_of(kind: ErrorKind, revision: Option<Revision>) -> StatusCode {
    match kind {
        ErrorKind::Parse
        | ErrorKind::InvalidRequest
        | ErrorKind::InvalidEnvelope
        | ErrorKind::HeaderMismatch
        | ErrorKind::MissingCapability
        | ErrorKind::UnsupportedProtocolVersion => StatusCode::BAD_REQUEST,
        ErrorKind::MethodNotFound if revision.is_some_and(Revision::is_modern) => {
            StatusCode::NOT_FOUND
        }
        ErrorKind::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Application(_)
        | ErrorKind::MethodNotFound
        | ErrorKind::InvalidParams
        | ErrorKind::ResourceNotFound
        | ErrorKind::Internal => StatusCode::OK,
    }
}
