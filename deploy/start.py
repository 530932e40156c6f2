"""Writes start.order and start.ld, which lay side by side what a start, a list and a call pass through.

    CARGO_PROFILE_RELEASE_STRIP=none bench/build.sh
    python3 deploy/start.py target/bench/function

The kernel maps 64 KB around whatever is used, so that what is used together should lie together: it takes 28 % off the
memory of the function that is traced, and 17 % off another (`oci-mcp` built for Functions). The linker takes names from start.order, but most of Rust's end in a hash that any change changes:
start.ld has patterns for these. A name that is no longer there is passed over, so that the lists may age; `make bench-check`
says when that costs too much. Needs valgrind, on x86_64.
"""

import bisect
import http.client
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).parent
MODERN = "2026-07-28"
META = "io.modelcontextprotocol/"
ORDER = """# Made by start.py: functions of the C library in the order in which a start comes to them.
"""
SCRIPT = """/* Made by start.py: functions in Rust in the order in which a start, a list and a call come to them. */
OVERWRITE_SECTIONS {{
  .text : {{
{}
  }}
}}
"""


class Connection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.host)


def messages():
    """The requests of a client of the oldest and of the newest revision."""
    for revision, introduction in [("2024-11-05", "initialize"), (MODERN, "server/discover")]:
        about = {"protocolVersion": revision, "capabilities": {}, "clientInfo": {"name": "start", "version": "1.0"}}
        meta = {META + "protocolVersion": revision, META + "clientCapabilities": {}, META + "clientInfo": about["clientInfo"]}
        for method, params in [
            (introduction, about if introduction == "initialize" else {}),
            ("tools/list", {}),
            ("tools/call", {"name": "add", "arguments": {"a": 40, "b": 2}}),
        ]:
            headers = {"Accept": "application/json, text/event-stream", "User-Agent": "start/1.0"}
            if revision == MODERN:
                params = {**params, "_meta": meta}
                headers |= {"Mcp-Protocol-Version": revision, "Mcp-Method": method}
                headers |= {"Mcp-Name": params["name"]} if "name" in params else {}
            yield {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}, headers


def ask(path, message, headers, by_gateway):
    """One request as the agent of Fn passes it on, from a gateway or from an invocation."""
    agent = {
        "Content-Type": "application/json",
        "Fn-Call-Id": "01KAJ6Q8M2NG8G00GZJ0000001",
        "Fn-Deadline": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 300)),
        "Opc-Request-Id": "/0123456789ABCDEF/0123456789ABCDEF",
        "Transfer-Encoding": "chunked",
    }
    if by_gateway:
        headers = {"Content-Type": "application/json", "Host": "mcp.example.com", **headers}
        agent |= {"Fn-Intent": "httprequest", "Fn-Http-Method": "POST", "Fn-Http-Request-Url": "/v1/mcp"}
        agent |= {f"Fn-Http-H-{name}": value for name, value in headers.items()}
    else:
        agent |= headers
    connection = Connection(str(path))
    connection.request("POST", "/call", iter([json.dumps(message).encode()]), agent, encode_chunked=True)
    answer = connection.getresponse().read()
    if b'"result"' not in answer:
        sys.exit(f"{message}: {answer}")


def addresses(binary):
    """The addresses that `binary` executes, in their order, and where it was loaded."""
    seen = {}
    with tempfile.TemporaryDirectory() as folder:
        log, path = f"{folder}/log", pathlib.Path(folder, "fn.sock")
        os.mkfifo(log)
        environment = {**os.environ, "FN_FORMAT": "http-stream", "FN_LISTENER": f"unix:{path}"}
        command = ["valgrind", "--tool=lackey", "--trace-mem=yes", f"--log-file={log}", binary]
        server = subprocess.Popen(command, env=environment)

        def read():
            with open(log, errors="replace") as lines:
                for line in lines:
                    if line.startswith("I"):
                        seen.setdefault(int(line[3:].split(",")[0], 16))

        reader = threading.Thread(target=read)
        reader.start()
        while not path.exists():
            time.sleep(0.1)
        for by_gateway in [True, False]:
            for message, headers in messages():
                ask(path, message, headers, by_gateway)
        maps = pathlib.Path(f"/proc/{server.pid}/maps").read_text().splitlines()
        server.kill()
        reader.join()
    base = next(int(line.split("-")[0], 16) for line in maps if line.endswith(os.path.basename(binary)))
    return list(seen), base


def names(binary):
    """The names of the functions that `binary` executes, in their order."""
    symbols = {}
    for line in subprocess.check_output(["nm", "--defined-only", binary], text=True).splitlines():
        if found := re.fullmatch(r"([0-9a-f]+) [tTwWi] (\S+)", line):
            symbols.setdefault(int(found[1], 16), []).append(found[2])
    starts = sorted(symbols)
    executed, base = addresses(binary)
    found = {}
    for address in executed:
        if (index := bisect.bisect(starts, address - base)) and address - base < starts[-1] + 0x10000:
            found.update(dict.fromkeys(symbols[starts[index - 1]]))
    return list(found)


def main(binary):
    in_rust, in_c = {}, []
    for name in names(binary):
        if name.startswith(("_ZN", "_R")):
            # What follows the hash, or is the number of one of several copies, may change with it.
            in_rust[re.sub(r"17h[0-9a-f]{16}E.*|\.\d+$", lambda end: "17h*" if end[0][0] == "1" else "*", name)] = None
        else:
            in_c.append(name)
    (HERE / "start.order").write_text(ORDER + "".join(f"{name}\n" for name in in_c))
    # Those that hardly ever run are in sections that start with `.text.unlikely`.
    (HERE / "start.ld").write_text(SCRIPT.format("\n".join(f'    *(".text*.{name}")' for name in in_rust)))


main(*sys.argv[1:])
