"""Judges a client of OCI's with the official SDK's own canonicalisation: python verify_server.py SETTINGS.

SETTINGS is a JSON file:

    {"keys": {"<keyId>": "<PEM file of the private or public key>", ...}}

where the key of a session token's `keyId`, `ST$...`, may be left out: then it is the `jwk` claim's.

It listens on 127.0.0.1, prints the port, and answers each request with 200 and what it verified, or 401
and what was wrong. What must be signed is what the SDK's signers sign: `date (request-target) host`, with
`opc-obo-token` if it is there, and for POST, PUT and PATCH `content-length content-type x-content-sha256`;
a PUT of an object may leave those out, and a federation request (`/v1/x509`) leaves out the host.

    python verify_server.py --self-check

has the SDK's own signers send what it must accept, and the same with one thing changed.
"""

import base64
import email.utils
import hashlib
import http.client
import http.server
import json
import pathlib
import re
import sys
import tempfile
import threading
import time

import oci
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from oci._vendor import requests
from oci._vendor.httpsig_cffi import utils

GENERIC = ["date", "(request-target)", "host"]
BODY = ["content-length", "content-type", "x-content-sha256"]
SKEW = 300


class Refused(Exception):
    pass


def verify(method, target, headers, body, keys):
    """Checks one request as received; what it verified."""
    authorization = headers.get("authorization") or ""
    if not authorization.startswith("Signature "):
        raise Refused("there is no signature")
    fields = dict(re.findall(r'(\w+)="([^"]*)"', authorization))
    if (fields.get("version"), fields.get("algorithm")) != ("1", "rsa-sha256"):
        raise Refused("the version or the algorithm is wrong")
    signed = fields["headers"].split(" ")
    missing = [name for name in required(method, target, headers) if name not in signed]
    if missing:
        raise Refused(f"not signed: {' '.join(missing)}")
    if abs(email.utils.parsedate_to_datetime(headers["date"]).timestamp() - time.time()) > SKEW:
        raise Refused("the date is off")
    if "x-content-sha256" in signed:
        if headers["x-content-sha256"] != base64.b64encode(hashlib.sha256(body).digest()).decode():
            raise Refused("the hash is not that of the body")
        if headers["content-length"] != str(len(body)):
            raise Refused("the length is not that of the body")
    # The SDK's own text to sign, from the request as received.
    text = utils.generate_message(signed, utils.CaseInsensitiveDict(headers), headers.get("host"), method, target)
    key = public_key(fields["keyId"], keys)
    try:
        key.verify(base64.b64decode(fields["signature"]), text, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        raise Refused(f"the signature is not one of:\n{text.decode()}") from None
    return {"keyId": fields["keyId"], "headers": signed}


def required(method, target, headers):
    names = list(GENERIC)
    if target.startswith("/v1/x509"):
        names.remove("host")
    if "opc-obo-token" in headers:
        names.append("opc-obo-token")
    is_object = method == "PUT" and re.match(r"/n/[^/]+/b/[^/]+/o/", target)
    if method in ("POST", "PUT", "PATCH") and not is_object:
        names += BODY
    return names


def public_key(key_id, keys):
    if key_id in keys:
        pem = pathlib.Path(keys[key_id]).read_bytes()
        if b"PRIVATE" in pem:
            return serialization.load_pem_private_key(pem, None).public_key()
        return serialization.load_pem_public_key(pem)
    if not key_id.startswith("ST$"):
        raise Refused(f"the keyId {key_id} is not known")
    claims = json.loads(decoded(key_id.split(".")[1]))
    jwk = claims["jwk"]
    jwk = json.loads(jwk) if isinstance(jwk, str) else jwk
    modulus, exponent = (int.from_bytes(decoded(jwk[name]), "big") for name in ("n", "e"))
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def handler(keys):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Otherwise each answer waits 40 ms, because its head and its body are sent apart.
        disable_nagle_algorithm = True

        def judge(self):
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            try:
                # Not `self.path`, from which Python takes leading slashes.
                target = self.requestline.split(" ")[1]
                if headers.get("host") != f"127.0.0.1:{self.server.server_port}":
                    raise Refused("the host is not the one that was asked, with its port")
                status, answer = 200, verify(self.command, target, headers, body, keys)
            except Exception as error:
                message = f"{type(error).__name__}: {error}"
                status, answer = 401, {"code": "NotAuthenticated", "message": message}
            answer = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer)))
            self.send_header("opc-request-id", headers.get("opc-request-id", "judge"))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer)

        do_DELETE = do_GET = do_HEAD = do_PATCH = do_POST = do_PUT = judge

        def log_message(self, *_):
            pass

    return Handler


def server(keys):
    return http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler(keys))


def self_check():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "key.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        key_id = "tenancy/user/fingerprint"
        judge = server({key_id: str(path), "ST$session": str(path)})
        threading.Thread(target=judge.serve_forever, daemon=True).start()
        address = f"127.0.0.1:{judge.server_port}"
        api = oci.signer.Signer("tenancy", "user", "fingerprint", str(path))
        session = oci.auth.signers.SecurityTokenSigner("session", key)
        checked = 0
        for signer in (api, session):
            for method, target, body, more in (
                ("GET", "/20160918/instances?a=b+c&d=%C3%A9&e=~%27()*!&f=&g=1&g=2", None, {}),
                ("GET", "/n/ns/b/x%2Fy/o/a%20b%2Bc//d/%2E%2E", None, {}),
                ("HEAD", "/n/ns/b/bucket", None, {}),
                ("DELETE", "/20160918/instances/one", None, {}),
                ("POST", "/20160918/instances/one?action=STOP", None, {}),
                ("POST", "/20160918/instances", '{"displayName":"Zürich €"}'.encode(), {}),
                ("PUT", "/20160918/instances/one", b"{}", {}),
                ("PATCH", "/20160918/one", bytes(range(256)), {}),
                ("PUT", "/n/ns/b/bucket/o/object", b"content", {"enforce_content_headers": False}),
            ):
                request = requests.Request(method, f"http://{address}{target}", data=body).prepare()
                # As sent: requests writes some escapes otherwise.
                target = request.path_url
                signed = signer(request, **more)
                good = send(address, method, target, signed.headers, body)
                bad = send(address, method, target + "x", signed.headers, body)
                assert good == 200, f"{method} {target} was refused"
                assert bad == 401, f"{method} {target} was accepted although changed"
                checked += 1
        judge.shutdown()
    print(f"ok      the server accepts what the SDK signs, and nothing else ({checked} requests)")


def send(address, method, target, headers, body):
    connection = http.client.HTTPConnection(address)
    connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders(body)
    response = connection.getresponse()
    response.read()
    status = response.status
    connection.close()
    return status


def main(argument):
    if argument == "--self-check":
        return self_check()
    settings = json.loads(pathlib.Path(argument).read_text())
    judge = server(settings["keys"])
    print(judge.server_port, flush=True)
    judge.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])
