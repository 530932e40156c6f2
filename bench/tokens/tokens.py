"""What answers cost a model, ours and those of Oracle's servers: python tokens.py OCI_MCP SIMULATED_OCI VENV.

Both are asked over stdio, of one simulated OCI. The table goes to the standard output.
"""

import contextlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from questions import QUESTIONS

HERE = pathlib.Path(__file__).parent
# Of the simulated tenancy: what lets into an instance, and what is run there.
SECRETS = re.compile(r"ssh-(?:rsa|ed25519) [A-Za-z0-9+/]{8,}|user_data\"?:\s*\"[A-Za-z0-9+/=]{8,}")


class Server:
    """One that speaks MCP over stdio."""

    def __init__(self, process):
        self.process = process
        self.id = 0
        client = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "tokens", "version": "1"}}
        self.ask("initialize", client)
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def send(self, message):
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def ask(self, method, params):
        self.id += 1
        self.send({"jsonrpc": "2.0", "id": self.id, "method": method, "params": params})
        for line in self.process.stdout:
            answer = json.loads(line)
            if answer.get("id") == self.id:
                return answer["result"]
        raise EOFError(f"{self.process.args} said no more")

    def call(self, tool, arguments):
        result = self.ask("tools/call", {"name": tool, "arguments": arguments})
        if result.get("isError"):
            raise ValueError(f"{tool}: {result['content']}")
        return result


@contextlib.contextmanager
def server(command, environment):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **environment}
    with subprocess.Popen(command, env=environment, text=True, **pipes) as process:
        try:
            yield Server(process)
        finally:
            process.stdin.close()
            process.terminate()


@contextlib.contextmanager
def simulated(binary):
    with tempfile.TemporaryDirectory() as folder:
        with subprocess.Popen([binary, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            try:
                yield folder, json.loads(process.stdout.readline())
            finally:
                process.stdin.close()


def text(result):
    """What a model reads: most clients give it the text, and those that give it the value give it as much."""
    return "\n".join(part.get("text", "") for part in result["content"])


def size(value):
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())


def names(ours, tenancy):
    """The identifiers that questions name."""
    def find(tool, arguments, name):
        found = json.loads(text(ours.call(tool, arguments)))["items"]
        return next(item["id"] for item in found if item["name"] == name)

    known = {"tenancy": tenancy}
    for name in ("production", "network"):
        known[name] = find("oci_identity_list_compartments", {"subtree": True}, name)
    known["web-01"] = find("oci_compute_list_instances", {"compartment_id": known["production"]}, "web-01")
    known["main"] = find("oci_network_list_vcns", {"compartment_id": known["network"]}, "main")
    return known


def filled(value, known):
    if isinstance(value, str) and value.startswith("{"):
        return known[value.strip("{}")]
    return value


def asked(server, tool, arguments, known):
    """The bytes of text and of the whole result, and how many secrets there are in it."""
    result = server.call(tool, {name: filled(value, known) for name, value in arguments.items()})
    return len(text(result).encode()), size(result), len(SECRETS.findall(text(result)))


def rows(ours, peers, known):
    for question in QUESTIONS:
        own = asked(ours, question.tool, question.arguments, known)
        theirs = asked(peers[question.server], question.their_tool, question.their_arguments, known)
        yield question, own, theirs


def report(ours, peers, known):
    say = print
    say("| question | ours | Oracle's | ratio | secrets, ours | Oracle's | Oracle's server |")
    say("| --- | ---: | ---: | ---: | ---: | ---: | --- |")
    sums = [0, 0, 0, 0, 0, 0]
    for question, own, theirs in rows(ours, peers, known):
        sums = [one + more for one, more in zip(sums, own + theirs)]
        say(f"| {question.text} | {own[0]:,} | {theirs[0]:,} | {theirs[0] / own[0]:.1f} | {own[2]} | {theirs[2]} "
            f"| {question.server.replace('_', '-')} |")
    say(f"| **all ten** | **{sums[0]:,}** | **{sums[3]:,}** | **{sums[3] / sums[0]:.1f}** | **{sums[2]}** | **{sums[5]}** | |")
    say()
    say(f"With `structuredContent`, the same once more, which some clients hand on, too: {sums[1]:,} and {sums[4]:,} bytes.")
    say()
    say("| tools/list | tools | bytes |")
    say("| --- | ---: | ---: |")
    tools = ours.ask("tools/list", {})["tools"]
    say(f"| ours, all that answer these and more | {len(tools)} | {size(tools):,} |")
    total = [0, 0]
    for name, peer in peers.items():
        tools = peer.ask("tools/list", {})["tools"]
        total = [total[0] + len(tools), total[1] + size(tools)]
        say(f"| oracle.oci-{name.replace('_', '-')}-mcp-server | {len(tools)} | {size(tools):,} |")
    say(f"| **Oracle's together** | **{total[0]}** | **{total[1]:,}** |")


def main(binary, simulator, venv):
    with contextlib.ExitStack() as stack:
        folder, ready = stack.enter_context(simulated(simulator))
        profile = {"OCI_CONFIG_FILE": f"{folder}/config", "OCI_CONFIG_PROFILE": "SESSION"}
        own = {**profile, "OCI_CLI_AUTH": "security_token", "OCI_ENDPOINT_OVERRIDE": ready["endpoint"]}
        ours = stack.enter_context(server([binary, "stdio"], own))
        theirs = {**profile, "OCI_SIMULATED": ready["endpoint"], "FASTMCP_CHECK_FOR_UPDATES": "off"}
        peers = {}
        for name in sorted({question.server for question in QUESTIONS}):
            command = [f"{venv}/bin/python", str(HERE / "launch.py"), f"oracle.oci_{name}_mcp_server"]
            peers[name] = stack.enter_context(server(command, theirs))
        print((HERE / "head.md").read_text())
        report(ours, peers, names(ours, ready["tenancy"]))


if __name__ == "__main__":
    main(*sys.argv[1:])
