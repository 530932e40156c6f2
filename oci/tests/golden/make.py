"""Makes the golden signatures: what the official Python SDK sends, byte for byte.

    pip install oci==2.189.0
    python3 make.py

writes beside itself `cases.json`, the headers that the SDK's own signers produce, and `key.pem`, the
throw-away key they were produced with, unless there is one already. RSASSA-PKCS1-v1_5 draws no
randomness and the date is fixed, so the same key always gives the same file.

A case says what is signed (`method`, `path_and_query` as sent, `host`, `body` in base64), with what
(`key_id`, `delegation_token`), and what came out (`headers`: those that the signature covers, and
`authorization`). `host` is null where the signer leaves it out, `payload` is `unsigned` where the
operation excludes its body.
"""

import base64
import email.utils
import hashlib
import json
import pathlib

import oci
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from oci._vendor import requests
from oci.auth.federation_client import AuthTokenRequestSigner
from oci.signer import AbstractBaseSigner

HERE = pathlib.Path(__file__).parent
NOW = 1_763_640_000  # 2025-11-20T12:00:00Z

TENANCY = "ocid1.tenancy.oc1..aaaaexample"
USER = "ocid1.user.oc1..aaaaexample"
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzb21lb25lIn0.c2lnbmF0dXJl"
HOST = "iaas.us-phoenix-1.oraclecloud.com"
STORAGE = "objectstorage.us-phoenix-1.oraclecloud.com"


class Token(AbstractBaseSigner):
    """What the SDK's token signers do, with any key id."""

    def __init__(self, key_id, key, generic=("date", "(request-target)", "host")):
        self.create_signers(key_id, key, list(generic), ["content-length", "content-type", "x-content-sha256"])


class Retriever:
    """Stands for the certificate retriever that the federation signer takes its key from."""

    def __init__(self, key):
        self.key = key

    def get_private_key(self):
        return self.key


def private_key():
    path = HERE / "key.pem"
    if not path.exists():
        pem = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        path.write_bytes(pem)
    return path, serialization.load_pem_private_key(path.read_bytes(), None)


def fingerprint(key):
    spki = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return ":".join(f"{byte:02x}" for byte in hashlib.md5(spki).digest())


def case(name, signer, key_id, method, url, body=None, media_type=None, **also):
    """Signs one request as the SDK does and notes what the signature covers."""
    request = requests.Request(method, url, data=body).prepare()
    request.headers["date"] = email.utils.formatdate(NOW, usegmt=True)
    if media_type:
        request.headers["content-type"] = media_type
    if also.get("delegation_token"):
        request.headers["opc-obo-token"] = also["delegation_token"]
    signed = signer(request, enforce_content_headers=also.get("payload") != "unsigned")
    authorization = signed.headers["authorization"]
    covered = authorization.split('headers="')[1].split('"')[0].split()
    headers = {name: str(signed.headers[name]) for name in covered if name != "(request-target)"}
    headers["authorization"] = authorization
    return {
        "name": name,
        "key_id": key_id,
        "method": method,
        "path_and_query": request.path_url,
        "host": headers.get("host"),
        "body": None if body is None else base64.b64encode(body).decode(),
        "media_type": media_type,
        "payload": also.get("payload", "signed"),
        "delegation_token": also.get("delegation_token"),
        "headers": headers,
    }


def main():
    path, key = private_key()
    user_fingerprint = fingerprint(key)
    api_id = f"{TENANCY}/{USER}/{user_fingerprint}"
    api = oci.signer.Signer(TENANCY, USER, user_fingerprint, str(path))
    token_id = f"ST${TOKEN}"
    token = Token(token_id, key)
    delegating = Token(token_id, key, ("date", "(request-target)", "host", "opc-obo-token"))
    sha1 = "12:34:56:78:9A:BC:DE:F0:12:34:56:78:9A:BC:DE:F0:12:34:56:78"
    federation = AuthTokenRequestSigner(TENANCY, sha1, Retriever(key))

    core = f"https://{HOST}/20160918"
    put = f"https://{STORAGE}/n/ns/b/bucket/o/object"
    launch = b'{"displayName":"one"}'
    query = "q=a+b&name=%C3%A9&odd=~%27()*!&empty=&tag=1&tag=2"
    cases = [
        case("get", api, api_id, "GET", f"{core}/instances"),
        case("get with a query", api, api_id, "GET", f"{core}/instances?{query}"),
        case("get with an escaped path", api, api_id, "GET", f"https://{STORAGE}/n/ns/b/x%2Fy/o/a%20b%2Bc"),
        case("get with a port", api, api_id, "GET", "https://localhost:8443/20160918/instances"),
        case("delete", api, api_id, "DELETE", f"{core}/instances/ocid1.instance.oc1..x"),
        case("head", api, api_id, "HEAD", put),
        case("post", api, api_id, "POST", f"{core}/instances", launch),
        case("post without a body", api, api_id, "POST", f"{core}/instances/x?action=STOP"),
        case("post with utf-8", api, api_id, "POST", f"{core}/instances", '{"displayName":"Zürich €"}'.encode()),
        case("put", api, api_id, "PUT", f"{core}/instances/x", launch),
        case("patch with bytes", api, api_id, "PATCH", f"{core}/x", bytes(range(256)), "application/octet-stream"),
        case("put object", api, api_id, "PUT", put, b"content", payload="unsigned"),
        case("get with a token", token, token_id, "GET", f"{core}/instances"),
        case("post with a token", token, token_id, "POST", f"{core}/instances", launch),
        case("get on behalf", delegating, token_id, "GET", f"{core}/instances", delegation_token="obo." + TOKEN),
        case("post on behalf", delegating, token_id, "POST", f"{core}/x", launch, delegation_token="obo." + TOKEN),
        case(
            "federation",
            federation,
            f"{TENANCY}/fed-x509/{sha1}",
            "POST",
            "https://auth.us-phoenix-1.oraclecloud.com/v1/x509",
            b'{"certificate":"MIIB"}',
        ),
    ]
    golden = {"sdk": f"oci {oci.__version__}", "now": NOW, "fingerprint": user_fingerprint, "cases": cases}
    (HERE / "cases.json").write_text(json.dumps(golden, indent=2, ensure_ascii=False) + "\n")
    print(f"{len(cases)} cases")


if __name__ == "__main__":
    main()
