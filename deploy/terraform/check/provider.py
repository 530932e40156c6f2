"""Runs a command for which Terraform finds a provider that has provider-schema.json and nothing else: provider.py COMMAND...

So `terraform validate`, and `terraform test` with a mocked provider, hold configurations to the schema where the real
provider cannot be had. It plans and applies nothing: whatever asks it to gets an error.
https://developer.hashicorp.com/terraform/plugin/terraform-plugin-protocol, version 5, written by hand.
"""

import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import grpc

ADDRESS = "registry.terraform.io/oracle/oci"
NESTING = {"single": 1, "list": 2, "set": 3, "map": 4}


def main(command):
    schema = json.loads(pathlib.Path(__file__).with_name("provider-schema.json").read_text())
    with tempfile.TemporaryDirectory() as folder:
        socket = os.path.join(folder, "provider.sock")
        server = grpc.server(concurrent.futures.ThreadPoolExecutor(4))
        server.add_generic_rpc_handlers([Provider(schema)])
        server.add_insecure_port("unix:" + socket)
        server.start()
        address = {"Network": "unix", "String": socket}
        plugin = {"Protocol": "grpc", "ProtocolVersion": 5, "Pid": os.getpid(), "Test": True, "Addr": address}
        environment = {**os.environ, "TF_REATTACH_PROVIDERS": json.dumps({ADDRESS: plugin})}
        status = subprocess.run(command, env=environment, check=False).returncode
        server.stop(None)
    return status


class Provider(grpc.GenericRpcHandler):
    def __init__(self, schema):
        answer = field(1, whole(schema["provider"]))
        for number, kind in ((2, "resource"), (3, "data")):
            for name, block in schema[kind].items():
                answer += field(number, field(1, name) + field(2, whole(block)))
        self.answers = {
            "GetSchema": lambda _: answer,
            # What is asked to be prepared is the first field of question and answer.
            "PrepareProviderConfig": lambda request: request,
            "ValidateResourceTypeConfig": lambda _: b"",
            "ValidateDataSourceConfig": lambda _: b"",
            "Configure": lambda _: b"",
            "Stop": lambda _: b"",
        }

    def service(self, handler_call_details):
        answer = self.answers.get(handler_call_details.method.rpartition("/")[2])
        # None makes it UNIMPLEMENTED.
        return answer and grpc.unary_unary_rpc_method_handler(lambda request, _: answer(request))


def whole(block):
    """A `Schema`."""
    return field(2, of_block(block))


def of_block(block):
    attributes, nested = b"", b""
    for name, item in block.items():
        if isinstance(item, dict):
            nesting, least, most = item[""]
            inner = {name: item for name, item in item.items() if name}
            bounds = field(3, NESTING[nesting]) + field(4, least) + field(5, most)
            nested += field(3, field(1, name) + field(2, of_block(inner)) + bounds)
        else:
            kind, use = item
            flags = ("required", "optional", "computed", "sensitive")
            flags = b"".join(field(4 + index, flag in use.split()) for index, flag in enumerate(flags))
            attributes += field(2, field(1, name) + field(2, json.dumps(kind)) + flags)
    return attributes + nested


def field(number, value):
    """A field of a protobuf message: a whole number, or bytes of whatever they are."""
    if isinstance(value, int):
        return varint(number << 3) + varint(int(value)) if value else b""
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def varint(value):
    parts = []
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    return bytes([*parts, value])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
