"""Our client with every principal, judged by the official SDK: python principals.py SIMULATOR CLIENT.

SIMULATOR is the example `simulated_oci`, which gives the principals; CLIENT is the example `judge`, which
sends each kind of request. They go to `verify_server.py`, which must accept all, and to the simulator, which
must accept all signatures and refuse a key that is not registered. A table tells the status of each answer.
"""

import pathlib
import subprocess
import sys
import threading

import oci
from cryptography.hazmat.primitives import serialization

import verify_server
from simulator import simulator

REFUSED = 401
STRANGER = "a key that is not registered"

# What the client puts; `one` and `empty` are there so that the plain case is held, too.
OBJECTS = {"one", "empty", "a/b", "a%2Fb", "a b", "a+b", "Zürich €, 東京", "..", "~'()*!;:@&=$,?#[]"}


def principals(oci_):
    """The environment of each: OCI_MCP_AUTH_TYPE is left out where the host tells by itself."""
    profile = {"OCI_CONFIG_FILE": str(oci_.folder / "config")}
    endpoints = {
        "OCI_RESOURCE_PRINCIPAL_RPT_ENDPOINT": oci_.endpoint,
        "OCI_RESOURCE_PRINCIPAL_RPST_ENDPOINT": oci_.endpoint,
    }
    resource = endpoints | {
        "OCI_RESOURCE_PRINCIPAL_RESOURCE_ID": oci_.function,
        "OCI_RESOURCE_PRINCIPAL_TENANCY_ID": oci_.tenancy,
        "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM": str(oci_.folder / "resource.pem"),
        "OCI_RESOURCE_PRINCIPAL_REGION": oci_.region,
    }
    instance = {
        "OCI_METADATA_BASE_URL": f"{oci_.endpoint}/opc/v2",
        "OCI_CLI_FEDERATION_ENDPOINT": oci_.endpoint,
    }
    token = oci_.folder / "delegation"
    token.write_text(oci_.delegation_token)

    yield "API key", profile
    yield "security token", profile | {"OCI_CONFIG_PROFILE": "SESSION"}
    yield "RP 2.2, files", oci_.environment
    yield "RP 2.2, literals", literals(oci_.environment)
    for version in ("2.1", "2.1.1", "2.1.2"):
        yield f"RP {version}", resource | {"OCI_RESOURCE_PRINCIPAL_VERSION": version}
    yield "RP 1.1", instance | endpoints | {"OCI_RESOURCE_PRINCIPAL_VERSION": "1.1"}
    yield "RP 3.0 of 2.2", nested(oci_)
    yield "instance principal", instance | {"OCI_MCP_AUTH_TYPE": "instance_principal"}
    yield "instance, delegated", instance | {
        "OCI_MCP_AUTH_TYPE": "instance_principal_delegation",
        "OCI_MCP_DELEGATION_TOKEN_FILE": str(token),
    }
    if oci_.proxymux:
        yield "OKE workload", {
            "KUBERNETES_SERVICE_HOST": "127.0.0.1",
            "OCI_RESOURCE_PRINCIPAL_VERSION": "2.2",
            "OCI_RESOURCE_PRINCIPAL_REGION": oci_.region,
            "OCI_KUBERNETES_SERVICE_ACCOUNT_CERT_PATH": str(oci_.folder / "pod" / "ca.crt"),
            "OCI_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH": str(oci_.folder / "pod" / "token"),
        }
    yield STRANGER, profile | {"OCI_CONFIG_PROFILE": "STRANGER"}


def literals(files):
    """What the files hold. They rotate, so the key may have been read after a rotation, and the token before."""
    while True:
        values = dict(files)
        for name in ("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM", "OCI_RESOURCE_PRINCIPAL_RPST"):
            values[name] = pathlib.Path(files[name]).read_text()
        key = values["OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM"].encode()
        key = serialization.load_pem_private_key(key, None).public_key()
        if key == verify_server.public_key("ST$" + values["OCI_RESOURCE_PRINCIPAL_RPST"], {}):
            return values


def nested(oci_):
    """The function in its application, which the simulator knows as its parent."""
    values = {"OCI_RESOURCE_PRINCIPAL_VERSION": "3.0"}
    for name, value in oci_.environment.items():
        values[f"{name}_FOR_LEAF_RESOURCE"] = value
    url = f"{oci_.endpoint}/20180711/resourcePrincipalTokenV2/{oci_.function}"
    values["OCI_RESOURCE_PRINCIPAL_RPT_URL_FOR_PARENT_RESOURCE"] = url
    values["OCI_RESOURCE_PRINCIPAL_RPST_ENDPOINT_FOR_PARENT_RESOURCE"] = oci_.endpoint
    return values


def answers(client, environment, endpoint):
    """The status of each answer, by request; and the exit status and the errors of the client."""
    environment = environment | {"OCI_ENDPOINT_OVERRIDE": endpoint}
    done = subprocess.run([client], env=environment, capture_output=True, text=True, timeout=60)
    lines = (line.split(" ", 1) for line in done.stdout.splitlines())
    return {name: int(status) for status, name in lines}, done.returncode, done.stderr.strip()


def judge(client, environment, endpoint, accepted):
    """The statuses; all are `accepted`, and the exit status of the client tells of refusals."""
    statuses, exit_status, errors = answers(client, environment, endpoint)
    wrong = {name: status for name, status in statuses.items() if not accepted(status)}
    assert statuses and not wrong, f"{wrong or 'no answer'}\n{errors}"
    refused = [name for name, status in statuses.items() if status == REFUSED]
    assert (exit_status != 0) == bool(refused), f"exit status {exit_status}\n{errors}"
    return statuses


def check_objects(oci_):
    """The odd names that the client put must have arrived as they are."""
    storage = oci_.client(oci.object_storage.ObjectStorageClient)
    namespace = storage.get_namespace().data
    listed = oci.pagination.list_call_get_all_results(storage.list_objects, namespace, "reports")
    missing = OBJECTS - {found.name for found in listed.data.objects}
    assert not missing, f"objects are missing: {missing}"


def table(title, columns):
    print(f"\n{title}")
    for number, who in enumerate(columns):
        print(f"  {'  │ ' * number}  ┌ {who}")
    for name in next(iter(columns.values()), {}):
        print("  " + " ".join(f"{statuses[name]:3}" for statuses in columns.values()) + f"  {name}")


def main(binary, client):
    failed = 0
    with simulator(binary) as oci_:
        config = oci_.config()
        key_id = "/".join(config[name] for name in ("tenancy", "user", "fingerprint"))
        server = verify_server.server({key_id: config["key_file"]})
        threading.Thread(target=server.serve_forever, daemon=True).start()
        # Whatever else the simulator says of a request, it says it after it has taken the signature.
        judges = (
            ("the official SDK", f"http://127.0.0.1:{server.server_port}", lambda status: status == 200),
            ("the simulated OCI", oci_.endpoint, lambda status: status not in (REFUSED, 500)),
        )
        tables = {judged_by: {} for judged_by, _, _ in judges}
        for who, environment in principals(oci_):
            for judged_by, endpoint, accepted in judges:
                # Otherwise nothing would show that anybody looks.
                accepted = (lambda status: status == REFUSED) if who == STRANGER else accepted
                try:
                    tables[judged_by][who] = judge(client, environment, endpoint, accepted)
                except Exception as error:
                    failed += 1
                    print(f"FAILED  {who}, judged by {judged_by}: {error}")
        try:
            check_objects(oci_)
        except Exception as error:
            failed += 1
            print(f"FAILED  {error}")
        server.shutdown()
        for judged_by, columns in tables.items():
            table(f"What {judged_by} answers:", columns)
        note = "" if oci_.proxymux else "; OKE was left out, because port 12250 is taken"
    passed = sum(map(len, tables.values()))
    print(f"\n{passed} of {passed + failed} passed{note}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
