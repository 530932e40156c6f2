"""Writes what is used of the provider's schema to provider-schema.json: extract.py SCHEMA.json[.gz] VERSION

SCHEMA is what `terraform providers schema -json` prints where the provider is installed. An attribute is `[type, use]`, a
nested block a mapping whose key `` is `[nesting, least, most]`. Descriptions are left out.
"""

import gzip
import json
import pathlib
import sys

import hcl

HERE = pathlib.Path(__file__).resolve().parent
PROVIDER = "registry.terraform.io/oracle/oci"
KINDS = {"resource": "resource_schemas", "data": "data_source_schemas"}


def main(path, version):
    with (gzip.open if path.endswith(".gz") else open)(path, "rt") as file:
        provider = json.load(file)["provider_schemas"][PROVIDER]
    schema = {"version": version, "provider": compact(provider["provider"]["block"])}
    for kind, table in KINDS.items():
        schema[kind] = {name: compact(provider[table][name]["block"]) for name in sorted(used(kind))}
    text = json.dumps(schema, indent=1, sort_keys=True)
    (HERE / "provider-schema.json").write_text(joined(text) + "\n")


def used(kind):
    for path in HERE.parent.glob("*/*.tf"):
        for block in hcl.parse(path.read_text()).blocks(kind):
            if block.labels[0].startswith("oci_"):
                yield block.labels[0]


def compact(block):
    whole = {name: [attribute["type"], use(attribute)] for name, attribute in block.get("attributes", {}).items()}
    for name, nested in block.get("block_types", {}).items():
        bounds = [nested["nesting_mode"], nested.get("min_items", 0), nested.get("max_items", 0)]
        whole[name] = {"": bounds, **compact(nested["block"])}
    return whole


def use(attribute):
    flags = ("required", "optional", "computed", "sensitive")
    return " ".join(flag for flag in flags if attribute.get(flag))


def joined(text):
    """An attribute on one line."""
    lines, depth = [], 0
    for line in text.split("\n"):
        inside = depth > 0
        depth += line.count("[") + (line.count("{") if inside else 0)
        depth -= line.count("]") + (line.count("}") if inside else 0)
        if inside:
            lines[-1] += line.strip() + (" " if line.endswith(",") and depth else "")
        else:
            lines.append(line)
    return "\n".join(lines)


if __name__ == "__main__":
    main(*sys.argv[1:])
