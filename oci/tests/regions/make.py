"""Takes over the regions of a new release of the official Python SDK, and what it makes of them.

    pip install oci==2.189.0
    python3 make.py

writes `src/region/table.rs`, the regions and realms (facts, nothing else of the SDK), and beside itself
`cases.json`, the address that the SDK computes for each region and each kind of template.
"""

import json
import os
import pathlib

import oci
from oci import regions, regions_definitions

HERE = pathlib.Path(__file__).parent
TABLE = HERE.parent.parent / "src" / "region" / "table.rs"

HEAD = """//! The regions that OCI had in November 2026: facts of the Python package `oci` {version}.
//!
//! Newer ones need no release of this crate: `OCI_REGION_METADATA` tells of them. Written by
//! `tests/regions/make.py`.

"""

COMPUTE = "https://iaas.{region}.{dualStack?ds.oci.:}{secondLevelDomain}"
TEMPLATES = [
    COMPUTE,
    "https://functions.{region}.oci.{secondLevelDomain}",
    "https://dns.{region}.{dualStack?ds.:}oci.{secondLevelDomain}",
    "https://{dualStack?download.javamanagement:javamanagementservice-download}.{region}.{dualStack?ds.:}oci."
    "{secondLevelDomain}",
]


class Client(oci.base_client.BaseClient):
    """The part of a client that makes addresses."""

    def __init__(self, template, region, dual_stack):
        self.service = "test"
        self._base_path = "/"
        self.client_level_dualstack_endpoints_enabled = dual_stack
        self.service_uses_dualstack_endpoints_by_default = False
        self.endpoint = regions.endpoint_for("test", region, service_endpoint_template=template)


def address(template, region, dual_stack=False):
    return Client(template, region, dual_stack).update_endpoint_template_for_options()


def rows(values):
    return "".join(f"    ({', '.join(json.dumps(value) for value in row)}),\n" for row in values)


def table():
    short = {region: key for key, region in regions_definitions.REGIONS_SHORT_NAMES.items()}
    realms = sorted(regions_definitions.REALMS.items(), key=lambda realm: int(realm[0][2:]))
    all_regions = [(name, short[name], regions_definitions.REGION_REALMS[name]) for name in sorted(short)]
    return (
        HEAD.format(version=oci.__version__)
        + "/// Realm and the domain of its services.\n"
        + f"pub(super) const REALMS: [(&str, &str); {len(realms)}] = [\n{rows(realms)}];\n\n"
        + "/// Identifier, key (mostly an airport's code), realm.\n"
        + f"pub(super) const REGIONS: [(&str, &str, &str); {len(all_regions)}] = [\n{rows(all_regions)}];\n"
    )


def main():
    for name in [name for name in os.environ if name.startswith("OCI_")]:
        del os.environ[name]
    TABLE.write_text(table())
    names = sorted(regions_definitions.REGIONS)
    cases = [
        {"region": name, "template": COMPUTE, "dual_stack": dual_stack, "address": address(COMPUTE, name, dual_stack)}
        for name in names
        for dual_stack in (False, True)
    ]
    cases += [
        {"region": name, "template": template, "dual_stack": dual_stack, "address": address(template, name, dual_stack)}
        for name in ("phx", "PHX", "eu-jovanovac-1", "xx-nowhere-1", "region.private.example")
        for template in TEMPLATES
        for dual_stack in (False, True)
        # The SDK raises a KeyError for this one.
        if not ("." in name and "download" in template)
    ]
    (HERE / "cases.json").write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
    print(f"{len(names)} regions, {len(cases)} addresses")


if __name__ == "__main__":
    main()
