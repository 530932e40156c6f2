//! Requests within requests, where a host reads HTTP from a socket that others reach. A function's socket
//! has but one peer, the agent: what may come on it is in `hostile`.

use oci_mcp_tests::Forger;

use crate::doors::with_tokens;
use crate::good;

const CALL: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;

/// What is sent on one connection, and the status of each answer. `{token}` is alice's, `{call}` asks
/// for the tools.
const ATTEMPTS: [(&str, &str, &[u16]); 13] = [
    (
        "two lengths",
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nContent-Length: 46\r\n\r\n{call}",
        &[400],
    ),
    (
        "two lengths in one header",
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4, 46\r\n\r\n{call}",
        &[400],
    ),
    (
        "a length with a sign",
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: +46\r\n\r\n{call}",
        &[400],
    ),
    (
        "a coding that is not chunked",
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: identity\r\n\r\n{call}",
        &[400],
    ),
    (
        "chunked, and not last",
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        &[400],
    ),
    (
        "a space before the colon",
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding : chunked\r\nContent-Length: 46\r\n\r\n{call}",
        &[400],
    ),
    (
        "a folded header",
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer\r\n {token}\r\nContent-Length: 46\r\n\r\n{call}",
        &[400],
    ),
    (
        "a token behind a bare carriage return",
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nX: x\rAuthorization: Bearer {token}\r\nContent-Length: 46\r\n\r\n{call}",
        &[400],
    ),
    (
        "a header with a NUL",
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \0{token}\r\nContent-Length: 46\r\n\r\n{call}",
        &[400],
    ),
    (
        "a chunk's size that is none",
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nTransfer-Encoding: chunked\r\n\r\n0x2e\r\n{call}\r\n0\r\n\r\n",
        &[400],
    ),
    // RFC 9112, section 6.1: the chunks count, and the connection ends.
    (
        "a length beside chunks, and a request behind",
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n2e\r\n{call}\r\n0\r\n\r\nGET /health HTTP/1.1\r\nHost: localhost\r\n\r\n",
        &[200],
    ),
    (
        "chunks beside a length, and a request behind",
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n2e\r\n{call}\r\n0\r\n\r\nGET /health HTTP/1.1\r\nHost: localhost\r\n\r\n",
        &[200],
    ),
    (
        "a known caller's connection",
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: 46\r\n\r\n{call}POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: 46\r\n\r\n{call}",
        &[200, 401],
    ),
];

#[tokio::test]
async fn no_request_hides_in_another_and_no_connection_knows_its_caller() {
    let issuer = Forger::issuer();
    let token = good(&issuer);
    assert_eq!(CALL.len(), 46);
    let (doors, _keys) = with_tokens(&issuer).await;
    for door in doors {
        for (what, bytes, expected) in ATTEMPTS {
            let Some(mut connection) = door.connect().await else {
                break;
            };
            let bytes = bytes.replace("{token}", &token).replace("{call}", CALL);
            connection.send(bytes.as_bytes()).await;

            let answer = connection.answer().await;

            let starts = answer.split("HTTP/1.1 ").skip(1);
            let statuses: Vec<u16> = starts.map(|rest| rest[..3].parse().unwrap()).collect();
            assert_eq!(statuses, expected, "{what} on {door:?}: {answer}");
        }
    }
}
