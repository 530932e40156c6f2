//! What OCI demands of a signed request, checked against the request as received.
//!
//! Source: "Request Signatures" in OCI's documentation, which profiles
//! draft-cavage-http-signatures-08.

use data_encoding::BASE64;
use http::{HeaderMap, Method};
use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};
use ring::digest;

use super::key::PublicKey;
use super::received::Received;
use super::refusal::Refusal;

/// The parameters of an `Authorization` header.
#[derive(Debug)]
pub(crate) struct Signature<'a> {
    /// Names the key.
    pub(crate) key_id: &'a str,
    headers: Vec<&'a str>,
    bytes: Vec<u8>,
}

impl<'a> Signature<'a> {
    /// Reads the signature of a request.
    ///
    /// # Errors
    ///
    /// Refuses a request that has none, and one whose parameters OCI does not take.
    pub(crate) fn read(headers: &'a HeaderMap) -> Result<Self, Refusal> {
        let value = single(headers, "authorization")?;
        let text = value
            .to_str()
            .ok()
            .and_then(|text| text.strip_prefix("Signature "));
        let text = text.ok_or_else(|| refused("`Authorization` must begin with `Signature `"))?;
        let parameters = parameters(text)?;
        let parameter = |name: &str| {
            let mut named = parameters.iter().filter(|(found, _)| *found == name);
            match (named.next(), named.next()) {
                (Some((_, value)), None) => Ok(*value),
                _ => Err(refused(format!("`Authorization` must have `{name}` once"))),
            }
        };
        if parameter("version")? != "1" || parameter("algorithm")? != "rsa-sha256" {
            return Err(refused(
                "the signature must be of version 1 and algorithm rsa-sha256",
            ));
        }
        let signature = BASE64.decode(parameter("signature")?.as_bytes());
        Ok(Self {
            key_id: parameter("keyId")?,
            headers: parameter("headers")?.split(' ').collect(),
            bytes: signature.map_err(|_not_base64| refused("`signature` must be base64"))?,
        })
    }

    /// Checks all but the key: what is signed, when, and that it is what was received.
    ///
    /// # Errors
    ///
    /// Says what OCI refuses.
    pub(crate) fn check(&self, request: &Received<'_>) -> Result<(), Refusal> {
        self.check_list(request)?;
        for name in ["date", "x-date"] {
            if self.signs(name) {
                check_date(single(request.headers, name)?.as_bytes(), request.now)?;
            }
        }
        if self.signs("content-length") {
            let length = request.body.len().to_string();
            if single(request.headers, "content-length")? != length.as_str() {
                return Err(refused("`content-length` is not the length of the body"));
            }
        }
        if self.signs("x-content-sha256") {
            let hash = BASE64.encode(digest::digest(&digest::SHA256, request.body).as_ref());
            if single(request.headers, "x-content-sha256")? != hash.as_str() {
                return Err(refused("`x-content-sha256` is not the hash of the body"));
            }
        }
        Ok(())
    }

    /// Checks that `key` signed the request as received.
    ///
    /// # Errors
    ///
    /// Refuses it if it is not so.
    pub(crate) fn verify(&self, key: &PublicKey, request: &Received<'_>) -> Result<(), Refusal> {
        let mut text = Vec::with_capacity(512);
        for name in &self.headers {
            if !text.is_empty() {
                text.push(b'\n');
            }
            text.extend(format!("{name}: ").as_bytes());
            if *name == REQUEST_TARGET {
                let method = request.method.as_str().to_ascii_lowercase();
                let target = request
                    .uri
                    .path_and_query()
                    .map_or("/", |target| target.as_str());
                text.extend(format!("{method} {target}").as_bytes());
            } else {
                text.extend(single(request.headers, name)?.as_bytes());
            }
        }
        if key.verifies(&text, &self.bytes) {
            Ok(())
        } else {
            Err(refused("Failed to verify the HTTP(S) Signature"))
        }
    }

    fn signs(&self, name: &str) -> bool {
        self.headers.contains(&name)
    }

    fn check_list(&self, request: &Received<'_>) -> Result<(), Refusal> {
        if self
            .headers
            .iter()
            .any(|name| name.bytes().any(|byte| byte.is_ascii_uppercase()))
        {
            return Err(refused("the list of signed headers must be in lower case"));
        }
        let mut seen = self.headers.clone();
        seen.sort_unstable();
        seen.dedup();
        if seen.len() != self.headers.len() {
            return Err(refused("the list of signed headers names one twice"));
        }
        if !self.signs("date") && !self.signs("x-date") {
            return Err(refused("`date` or `x-date` must be signed"));
        }
        let mut required = vec![REQUEST_TARGET];
        if !is_federation(request) {
            required.push("host");
        }
        if request.headers.contains_key(OBO_TOKEN) {
            required.push(OBO_TOKEN);
        }
        let has_body = [Method::POST, Method::PUT, Method::PATCH].contains(request.method);
        if has_body && !may_leave_body_unsigned(request) {
            required.extend(["content-length", "content-type", "x-content-sha256"]);
        }
        match required.into_iter().find(|name| !self.signs(name)) {
            Some(name) => Err(refused(format!("`{name}` must be signed"))),
            None => Ok(()),
        }
    }
}

/// The header with the token of whom the caller acts for.
pub(crate) const OBO_TOKEN: &str = "opc-obo-token";

/// The services that give out tokens do not demand that the host be signed.
fn is_federation(request: &Received<'_>) -> bool {
    request.path.first().is_some_and(|first| first == "v1")
}

/// The 19 operations of OCI's whose bodies are streams.
fn may_leave_body_unsigned(request: &Received<'_>) -> bool {
    let path: Vec<_> = request.path.iter().map(String::as_str).collect();
    match request.method.as_str() {
        "PUT" => matches!(
            path.as_slice(),
            ["n", _, "b", _, "o" | "u", _, ..]
                | [
                    "20160918",
                    "generic",
                    "repositories",
                    _,
                    "artifactPaths",
                    _,
                    "versions",
                    _,
                    "content"
                ]
                | [
                    "20190101",
                    "models",
                    _,
                    "customMetadata" | "definedMetadata",
                    _,
                    "artifact"
                ]
                | ["20200630", "awrHubObjects", "awrHubSources", _, "o", _, ..]
                | ["20210201", "dataFiles", _]
        ),
        "POST" => matches!(
            path.as_slice(),
            ["20180418", "streams", _, "messages"]
                | ["20190101", "jobs" | "models" | "modelGroups", _, "artifact"]
                | [
                    "20190101",
                    "models",
                    _,
                    "customMetadata" | "definedMetadata",
                    _,
                    "artifact"
                ]
                | ["20190101", "pipelines", _, "steps", _, "artifact"]
                | ["20200601", "namespaces", _, "actions", "otlp", "v1", "logs"]
                | [
                    "20200601",
                    "namespaces",
                    _,
                    "actions",
                    "uploadDiscoveryData" | "uploadLogEventsFile" | "uploadLogFile"
                ]
        ),
        _ => false,
    }
}

/// An IMF-fixdate (RFC 9110, 5.6.7) within 5 minutes of `now`.
fn check_date(value: &[u8], now: Timestamp) -> Result<(), Refusal> {
    let date = std::str::from_utf8(value).ok().and_then(|text| {
        let date = rfc2822::parse(text).ok()?.timestamp();
        // The reader takes more than HTTP does.
        (imf_fixdate(date) == text).then_some(date)
    });
    let date =
        date.ok_or_else(|| refused("the date must be like `Thu, 20 Nov 2025 12:00:00 GMT`"))?;
    if now.duration_since(date).abs() > SKEW {
        let date = imf_fixdate(date);
        let now = imf_fixdate(now);
        return Err(refused(format!(
            "Date '{date}' is not within allowed clock skew. Current '{now}'"
        )));
    }
    Ok(())
}

/// A time as HTTP writes it.
pub(crate) fn imf_fixdate(time: Timestamp) -> String {
    let printer = rfc2822::DateTimePrinter::new();
    printer
        .timestamp_to_rfc9110_string(&time)
        .unwrap_or_default()
}

/// Splits `name="value",...`.
fn parameters(text: &str) -> Result<Vec<(&str, &str)>, Refusal> {
    let mut found = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let parameter = rest.split_once("=\"").and_then(|(name, rest)| {
            let (value, rest) = rest.split_once('"')?;
            Some((name.trim(), value, rest))
        });
        let (name, value, after) =
            parameter.ok_or_else(|| refused("`Authorization` must be a list of name=\"value\""))?;
        found.push((name, value));
        rest = after.trim_start();
        if !rest.is_empty() {
            let after = rest.strip_prefix(',');
            rest = after.ok_or_else(|| refused("`Authorization` must separate with commas"))?;
        }
    }
    Ok(found)
}

/// The header `name`, which must be there once.
fn single<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a http::HeaderValue, Refusal> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => Ok(value),
        (None, _) => Err(refused(format!("the header `{name}` is missing"))),
        _ => Err(refused(format!(
            "the header `{name}` is there more than once"
        ))),
    }
}

fn refused(message: impl Into<String>) -> Refusal {
    Refusal::not_authenticated(message)
}

const REQUEST_TARGET: &str = "(request-target)";
const SKEW: SignedDuration = SignedDuration::from_mins(5);

#[cfg(test)]
mod tests {
    use std::fs;

    use bytes::Bytes;
    use http::Request;
    use ring::signature::{KeyPair as _, RsaKeyPair};
    use serde_json::Value;

    use super::*;

    /// What the official Python SDK sends; `oci/tests/golden/make.py` made it.
    fn golden() -> (Value, PublicKey) {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../oci/tests/golden");
        let cases = fs::read(format!("{folder}/cases.json")).unwrap();
        let pem = fs::read_to_string(format!("{folder}/key.pem")).unwrap();
        let lines = pem.lines().filter(|line| !line.starts_with("-----"));
        let der = BASE64.decode(lines.collect::<String>().as_bytes()).unwrap();
        let key = RsaKeyPair::from_pkcs8(&der).unwrap();
        let public = PublicKey::from_pkcs1(key.public_key().as_ref()).unwrap();
        (serde_json::from_slice(&cases).unwrap(), public)
    }

    fn request(case: &Value) -> Request<Bytes> {
        let text = |name: &str| case[name].as_str().unwrap_or_default();
        let mut request = Request::builder()
            .method(text("method"))
            .uri(text("path_and_query"));
        for (name, value) in case["headers"].as_object().unwrap() {
            request = request.header(name, value.as_str().unwrap());
        }
        let body = BASE64.decode(text("body").as_bytes()).unwrap();
        request.body(body.into()).unwrap()
    }

    fn judged(request: Request<Bytes>, now: Timestamp, key: &PublicKey) -> Result<(), Refusal> {
        let (parts, body) = request.into_parts();
        let received = Received::new(&parts, &body, now);
        let signature = Signature::read(&parts.headers)?;
        signature.check(&received)?;
        signature.verify(key, &received)
    }

    #[test]
    fn what_the_official_sdk_signs_is_taken_and_nothing_else() {
        let (golden, key) = golden();
        let now = Timestamp::from_second(golden["now"].as_i64().unwrap()).unwrap();
        let cases = golden["cases"].as_array().unwrap();

        assert_eq!(cases.len(), 17);
        for case in cases {
            let name = &case["name"];
            judged(request(case), now, &key)
                .unwrap_or_else(|refusal| panic!("{name}: {refusal:?}"));
            for header in case["headers"].as_object().unwrap().keys() {
                let mut changed = request(case);
                let value = changed.headers()[header].to_str().unwrap().to_owned();
                changed.headers_mut().insert(
                    http::HeaderName::from_bytes(header.as_bytes()).unwrap(),
                    format!("{value}0").parse().unwrap(),
                );
                assert!(judged(changed, now, &key).is_err(), "{name}: {header}");
            }
        }
    }
}
