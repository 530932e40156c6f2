"""Our catalogue, judged by the official SDK: python catalogue.py CATALOGUE, the example of `oci-rest`.

Every operation of the SDK is called, with a value for each of its parameters and each field of its body, and
what it would send is captured. The example makes a request of the same values, and both must be the same:
method, host, path, query, headers, body, and whether the body is signed. Nothing goes over the network.

What the parameters and fields are is asked of the SDK as it runs; nothing here reads the catalogue.
"""

import datetime
import importlib
import inspect
import json
import pkgutil
import re
import subprocess
import sys
import tempfile
from urllib.parse import urlsplit

import oci
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from dummies import Dummies

REGION = "us-phoenix-1"
TOLD = "https://told.example"

ARGUMENT = re.compile(
    r"^ *:param (?P<type>.+?) (?P<name>\w+): \((?:required|optional)\)(?P<text>(?:(?!^ *:).*\n?)*)", re.MULTILINE
)

# What the SDK takes for itself.
OF_THE_SDK = {"allow_control_chars", "enable_strict_url_encoding", "retry_strategy", "buffer_limit"}
# What our client sets and nobody else may: the signature, the length, the name of the request. It never asks
# whether it may continue.
OF_THE_CLIENT = {"authorization", "content_length", "expect", "opc_request_id"}
# How it is sent, which is not the operation's.
OF_THE_TRANSPORT = {
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "date",
    "expect",
    "host",
    "opc-client-info",
    "opc-request-id",
    "user-agent",
    "x-content-sha256",
}

# Why the SDK cannot say what it would send.
RAISES = {"database_management.get_awr_db_report": "it joins a list of integers with commas"}


class Captured(BaseException):
    """Instead of an answer: the request. Nothing in the SDK catches it."""


class Capture(oci._vendor.requests.adapters.BaseAdapter):
    def send(self, request, **_):
        raise Captured(request)

    def close(self):
        pass


def config():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return {
        "tenancy": "ocid1.tenancy.oc1..a",
        "user": "ocid1.user.oc1..b",
        "fingerprint": ":".join(["aa"] * 16),
        "key_content": pem.decode(),
        "region": REGION,
    }


def clients():
    """Each client with its package; those whose address another operation tells get one."""
    configuration = config()
    arguments = {
        "signer": oci.Signer.from_config(configuration | {"key_file": None}),
        "retry_strategy": oci.retry.NoneRetryStrategy(),
        "circuit_breaker_strategy": oci.circuit_breaker.NoCircuitBreakerStrategy(),
        "enable_strict_url_encoding": True,
    }
    modules = (each.name for each in pkgutil.iter_modules(oci.__path__) if each.ispkg)
    # An add-on that needs what the SDK does not install.
    for module in sorted(set(modules) - {"addons"}):
        package = importlib.import_module(f"oci.{module}")
        for name, kind in sorted(vars(package).items()):
            if re.fullmatch(r"(?!Async)\w+Client", name) and kind.__module__.startswith(f"oci.{module}."):
                address = [TOLD] if "service_endpoint" in inspect.signature(kind).parameters else []
                client = kind(configuration, *address, **arguments)
                client.base_client.session.mount("https://", Capture())
                yield module, package, client


def operations(client):
    for name, method in inspect.getmembers(type(client), inspect.isfunction):
        if not name.startswith("_"):
            yield name, method


def call(dummies, client, method):
    """What the SDK sends, and the same values as ours gets them."""
    arguments, parameters = {}, {}
    source = inspect.getsource(method)
    body = re.search(r"\bbody=(?:kwargs\.get\('(\w+)'|(\w+))", source)
    body = body and (body[1] or body[2])
    for found in ARGUMENT.finditer(inspect.getdoc(method)):
        name = found["name"]
        if name in OF_THE_SDK | OF_THE_CLIENT:
            continue
        # First as in the source, because the documentation has values that the SDK then refuses.
        allowed = re.search(rf"\b{name}_allowed_values = \[(.*)\]", source)
        allowed = allowed or re.search("Allowed values are: (.*)", found["text"])
        allowed = re.findall('"([^"]*)"', allowed[1]) if allowed else []
        value = dummies.argument(found["type"], name, allowed, source)
        if name == body and found["type"] == "str":
            # The SDK sends a text as it is, and ours takes JSON.
            value = json.dumps(dummies.value("object", 0))
            parameters["body"] = json.loads(value)
        elif hasattr(value, "read"):
            parameters["body"] = value.getvalue().decode()
        else:
            parameters["body" if name == body else name] = client.base_client.sanitize_for_serialization(value)
        arguments[name] = value
    try:
        method(client, **arguments)
    except Captured as captured:
        return captured.args[0], parameters
    raise RuntimeError("nothing was sent")


def of_the_sdk(request):
    url = urlsplit(request.url)
    body = request.body
    if hasattr(body, "read"):
        body.seek(0)
        body = body.read()
    if isinstance(body, bytes):
        body = body.decode()
    return {
        "method": request.method,
        "host": url.netloc,
        "path": url.path,
        "query": url.query,
        "headers": {name.lower(): text(value) for name, value in request.headers.items()},
        "body": body or "",
    }


def text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def signs_body(request):
    return "x-content-sha256" in re.search(r'headers="([^"]*)"', request["headers"]["authorization"])[1].split()


def content(body):
    try:
        return json.loads(body)
    except ValueError:
        return body


def differences(theirs, ours):
    for part in ("method", "host", "path"):
        if theirs[part] != ours[part]:
            yield f"{part}: {theirs[part]} and {ours[part]}"
    # In a list the SDK writes these as Python does, and alone as all other SDKs do.
    theirs["query"] = re.sub("=(True|False)\\b", lambda found: found[0].lower(), theirs["query"])
    if theirs["query"] != (ours["query"] or ""):
        yield f"query: {theirs['query']} and {ours['query']}"
    if signs_body(theirs) != signs_body(ours):
        yield f"the body is signed: {signs_body(theirs)} and {signs_body(ours)}"
    their_accept = [each.strip().split(";")[0] for each in theirs["headers"].get("accept", "").split(",")]
    our_accept = [each.strip().split(";")[0] for each in ours["headers"]["accept"].split(",")]
    if not set(our_accept) <= set(their_accept):
        yield f"accept: {their_accept} and {our_accept}"
    has_body = bool(theirs["body"]) or theirs["method"] in ("POST", "PUT", "PATCH")
    ignored = OF_THE_TRANSPORT | {"accept"} | (set() if has_body else {"content-type"})
    their_headers, our_headers = (
        {name: value.lower() for name, value in each["headers"].items() if name not in ignored} for each in (theirs, ours)
    )
    if their_headers != our_headers:
        yield f"headers: {their_headers} and {our_headers}"
    if content(theirs["body"]) != content(ours["body"]):
        yield f"body: {theirs['body'][:500]} and {ours['body'][:500]}"


def main(binary):
    started = datetime.datetime.now()
    names, requests, raised = [], [], {}
    with tempfile.TemporaryFile("w+") as lines:
        for module, package, client in clients():
            dummies = Dummies(package.models)
            for name, method in operations(client):
                try:
                    request, parameters = call(dummies, client, method)
                except Exception as error:
                    raised[f"{module}.{name}"] = f"{type(error).__name__}: {error}"
                    continue
                names.append(f"{module}.{name}")
                requests.append(of_the_sdk(request))
                lines.write(json.dumps({"operation": names[-1], "parameters": parameters}) + "\n")
        lines.seek(0)
        done = subprocess.run([binary], stdin=lines, capture_output=True, text=True, timeout=1800)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(names), f"{len(answers)} answers to {len(names)} lines\n{done.stderr}"

    wrong = 0
    for name, theirs, ours in zip(names, requests, answers):
        found = [ours["error"]] if "error" in ours else list(differences(theirs, ours))
        wrong += bool(found)
        for each in found:
            print(f"FAILED  {name}: {each}")
    for name, error in raised.items():
        print(f"{'left out' if name in RAISES else 'FAILED'}  {name}: {RAISES.get(name) or ' '.join(error.split())[:500]}")
    same, all_ = len(names) - wrong, len(names) + len(raised)
    seconds = (datetime.datetime.now() - started).seconds
    print(f"\n{same} of {all_} operations send what the official SDK sends, in {seconds} s")
    return 1 if wrong or raised.keys() != RAISES.keys() or all_ < 8381 else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
