//! A signer of its own, so that tests can sign wrongly.

use bytes::Bytes;
use data_encoding::BASE64;
use http::Request;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use oci_emulator::{ApiKey, Session};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};

pub(crate) struct Signer {
    key_id: String,
    key: RsaKeyPair,
}

impl Signer {
    pub(crate) fn of_user(key: &ApiKey) -> Self {
        let key_id = format!("{}/{}/{}", key.tenancy, key.user, key.fingerprint);
        Self::new(key_id, &key.private_key)
    }

    pub(crate) fn of_session(session: &Session) -> Self {
        Self::new(format!("ST${}", session.token), &session.private_key)
    }

    pub(crate) fn new(key_id: String, pem: &str) -> Self {
        let lines = pem.lines().filter(|line| !line.starts_with("-----"));
        let der = BASE64.decode(lines.collect::<String>().as_bytes()).unwrap();
        let key = RsaKeyPair::from_pkcs8(&der).unwrap();
        Self { key_id, key }
    }

    /// A request that OCI takes.
    pub(crate) fn request(
        &self,
        method: &str,
        target: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Request<Bytes> {
        let mut names = vec!["date", "(request-target)", "host"];
        if ["POST", "PUT", "PATCH"].contains(&method) {
            names.extend(["content-length", "content-type", "x-content-sha256"]);
        }
        self.sign(unsigned(method, target, body, now), &names)
    }

    /// Signs these headers of `request` as they are.
    pub(crate) fn sign(&self, mut request: Request<Bytes>, names: &[&str]) -> Request<Bytes> {
        let lines = names.iter().map(|name| {
            if *name == "(request-target)" {
                let method = request.method().as_str().to_lowercase();
                format!("{name}: {method} {}", request.uri())
            } else {
                format!("{name}: {}", request.headers()[*name].to_str().unwrap())
            }
        });
        let text = lines.collect::<Vec<_>>().join("\n");
        let mut signature = vec![0; self.key.public().modulus_len()];
        let random = SystemRandom::new();
        self.key
            .sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature)
            .unwrap();
        let value = format!(
            "Signature version=\"1\",keyId=\"{}\",algorithm=\"rsa-sha256\",headers=\"{}\",signature=\"{}\"",
            self.key_id,
            names.join(" "),
            BASE64.encode(&signature)
        );
        request
            .headers_mut()
            .insert("authorization", value.parse().unwrap());
        request
    }
}

/// A request with all the headers that are signed, but the signature.
pub(crate) fn unsigned(method: &str, target: &str, body: &[u8], now: Timestamp) -> Request<Bytes> {
    let date = DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&now)
        .unwrap();
    Request::builder()
        .method(method)
        .uri(target)
        .header("date", date)
        .header("host", "iaas.us-phoenix-1.oraclecloud.com")
        .header("content-length", body.len())
        .header("content-type", "application/json")
        .header(
            "x-content-sha256",
            BASE64.encode(digest(&SHA256, body).as_ref()),
        )
        .body(Bytes::copy_from_slice(body))
        .unwrap()
}
