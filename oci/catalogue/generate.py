"""Writes the catalogue of every operation of OCI, from a release of the official Python SDK.

    pip download --no-deps --dest target/catalogue oci==2.189.0
    python3 oci/catalogue/generate.py target/catalogue/oci-2.189.0-py3-none-any.whl

`make catalogue` does both. The same wheel and the same zlib give the same bytes; for a new release, VERSION and
SHA256 change first. What is written, in `data/`, is a text for each package and one with the names of all
operations, each compressed (RFC 1951), and `oci/src/catalogue/chunks.rs`, which includes them.

The text of a package has a line for each client, operation and model. Tabs separate what is in a line:

    C  name  template of the address  path before all paths  realm=template ...
    O  name  client  method  path  flags  media type  body  parameter ...
    M  name  discriminator  value=model|...  field ...

- a template is empty if another operation tells the address; a client is a number, in the order of the clients
- flags are `r`, tried again by the SDK unless told otherwise, and `u`, the body is not signed
- a media type is that of the answer, where it is not JSON
- a body is a type, with `!` before it if it must be there
- a parameter is `place name type value|...`, a field is `name type value|...`, with `!` after the name if it must be
  there; the values are those that are allowed
- a place is `p` path, `q` query, `h` header, `m` a header for each member
- a type is `s` string, `t` date and time, `i` integer, `n` number, `b` boolean, `a` anything, `y` bytes, or the name of
  a model; after `[` it is a list, after `,` a list in one value with commas, after `{` a map
"""

import hashlib
import pathlib
import re
import sys
import zlib

import sdk

VERSION = "2.189.0"
SHA256 = "134e7cc634d4963ffc0c5411e9c2b2d8695d2f154fd5f8b873dd9fa8a4cb36a6"

HERE = pathlib.Path(__file__).parent
DATA = HERE / "data"
TABLE = HERE.parent / "src" / "catalogue" / "chunks.rs"

# The client sets these itself: some sign the request, one names it, and it never waits for a "100 Continue".
SET_BY_THE_CLIENT = {"authorization", "content-length", "expect", "opc-request-id"}

# These are told by another operation, such as that which gets a vault or a stream pool.
WITHOUT_ADDRESS = {"IdentityDomainsClient", "KmsCryptoClient", "KmsManagementClient", "StreamClient"}

SIMPLE = {
    "str": "s",
    "datetime": "t",
    "int": "i",
    "float": "n",
    "bool": "b",
    "object": "a",
    "stream": "y",
}


def type_of(text, models):
    """The type `text` of the SDK, in short. A class that it names and does not have is an enumeration: a string."""
    if found := re.fullmatch(r"list\[(.*)\]", text):
        return "[" + type_of(found[1], models)
    if found := re.fullmatch(r"dict\(str, (.*)\)", text):
        return "{" + type_of(found[1], models)
    if text in models and models[text]["is_object"]:
        return text if models[text]["fields"] else "{a"
    return SIMPLE.get(text, "s")


def names(model):
    """The models that `model` needs."""
    for field in model["fields"].values():
        yield from re.findall(r"\b[A-Z]\w*", field["type"])
    yield from model["subtypes"].values()


def models_of_requests(package):
    models = package["models"]
    left = [name for each in package["operations"] if each["body"] for name in re.findall(r"\w+", each["body"]["type"])]
    found = set()
    while left:
        name = left.pop()
        if name in models and name not in found:
            found.add(name)
            left.extend(names(models[name]))
    return sorted(found)


def specification(name, required, type_, enum):
    if " " in name or any("|" in value for value in enum):
        raise ValueError(f"cannot be written: {name} {enum}")
    return joined(" ", name + "!" * required, type_, *(["|".join(enum)] if enum else []))


def joined(separator, *parts):
    if separator == "\t" and any(re.search(r"[\t\n]", part) for part in parts):
        raise ValueError(f"cannot be written: {parts}")
    return separator.join(parts)


def client_line(client):
    # Some have capitals in the name of the host; those in braces are the names of options.
    template = re.sub(r"[^{}]+(?![^{]*})", lambda found: found[0].lower(), client["template"])
    if client["dual_stack"]:
        template = re.sub(r"{dualStack\?(.*?):.*?}", r"\1", template)
    if client["name"] in WITHOUT_ADDRESS:
        template = ""
    own = [f"{realm}={each}" for realm, each in sorted(client["per_realm"].items())]
    return joined("\t", "C", client["name"], template, client["base_path"], *own)


def operation_line(operation, clients, models):
    flags = "r" * operation["retries"] + "u" * (bool(operation["body"]) and not operation["sign_body"])
    accept = "" if "application/json" in operation["accept"] else operation["accept"]
    body = operation["body"]
    # A text is sent as it is, under the media type of JSON: it is any JSON.
    text = bool(body) and body["type"] == "str"
    return joined(
        "\t",
        "O",
        operation["name"],
        str(clients[operation["client"]]),
        operation["method"],
        operation["path"],
        flags,
        accept,
        "!" * body["required"] + ("a" if text else type_of(body["type"], models)) if body else "",
        *[
            parameter_text(each, models)
            for each in operation["parameters"]
            if each["name"].lower() not in SET_BY_THE_CLIENT
        ],
    )


def parameter_text(parameter, models):
    place, name, type_ = parameter["in"][0], parameter["name"], type_of(parameter["type"], {})
    if parameter["style"] == "prefix":
        place, name, type_ = "m", name.rstrip("-"), type_.removeprefix("{")
    elif parameter["style"]:
        type_ = {"multi": "[", "csv": ","}[parameter["style"]] + type_.lstrip("[")
    name = name.lower() if parameter["in"] == "header" else name
    return place + " " + specification(name, parameter["required"], type_, parameter["enum"])


def model_line(name, model, models):
    subtypes = "|".join(f"{value}={each}" for value, each in sorted(model["subtypes"].items()))
    fields = [
        specification(field, each["required"], type_of(each["type"], models), each["enum"])
        for field, each in model["fields"].items()
    ]
    return joined("\t", "M", name, model["discriminator"] or "", subtypes, *fields)


def chunk(package):
    models = package["models"]
    used = sorted({each["client"] for each in package["operations"]})
    clients = {client: number for number, client in enumerate(used)}
    lines = [client_line(package["clients"][each]) for each in used]
    operations = sorted(package["operations"], key=lambda each: each["name"])
    lines += [operation_line(each, clients, models) for each in operations]
    lines += [model_line(name, models[name], models) for name in models_of_requests(package) if models[name]["fields"]]
    return "".join(line + "\n" for line in lines)


def index(packages):
    """`P` and a package, `C` and each of its clients, then its operations: their methods and names."""
    lines = []
    for name, package in packages.items():
        lines.append("P\t" + name)
        clients = package["clients"]
        for number in sorted({each["client"] for each in package["operations"]}):
            lines.append("C\t" + clients[number]["name"])
            lines += [
                f"{each['method']}\t{each['name']}"
                for each in sorted(package["operations"], key=lambda each: each["name"])
                if each["client"] == number
            ]
    return "".join(line + "\n" for line in lines)


def compressed(text):
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15, 9)
    return compressor.compress(text.encode()) + compressor.flush()


def table(names_):
    rows = "".join(f'    chunk!("{name}"),\n' for name in names_)
    return f"""//! The compressed texts, by package. Written by `catalogue/generate.py`.

/// The release of the official Python SDK that the facts are from.
pub(super) const VERSION: &str = "{VERSION}";

/// The names of all operations.
pub(super) const INDEX: &[u8] = include_bytes!("../../catalogue/data/index.z");

/// What is in each package.
pub(super) const CHUNKS: [(&str, &[u8]); {len(names_)}] = [
{rows}];

macro_rules! chunk {{
    ($package:literal) => {{
        (
            $package,
            include_bytes!(concat!("../../catalogue/data/", $package, ".z")),
        )
    }};
}}
use chunk;
"""


def main(wheel):
    found = hashlib.sha256(pathlib.Path(wheel).read_bytes()).hexdigest()
    if found != SHA256:
        sys.exit(f"{wheel} is not the wheel of oci {VERSION}: its SHA-256 is {found}")
    write(sdk.read(wheel))


def write(packages):
    DATA.mkdir(exist_ok=True)
    for old in DATA.glob("*.z"):
        old.unlink()
    texts = {name: chunk(package) for name, package in packages.items()} | {"index": index(packages)}
    size = 0
    for name, text in texts.items():
        size += (DATA / f"{name}.z").write_bytes(compressed(text))
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(table(sorted(packages)))
    operations = sum(len(package["operations"]) for package in packages.values())
    print(f"{operations} operations in {len(packages)} packages: {size} bytes")
    return texts


if __name__ == "__main__":
    main(*sys.argv[1:])
