"""The raw requests that guides for MCP on OCI print: `guides.py URL` prints one line of JSON.

Neither sends an MCP header, nor an Accept that names text/event-stream, and both expect plain JSON.
"""

import json
import subprocess
import sys
import urllib.error
import urllib.request


def curl(url):
    """The guides' check that a deployment answers, word for word but for `-sS`."""
    command = [
        "curl", "-sS", "-H", "Authorization: Bearer <your-token>", "-H", "Content-Type: application/json",
        "-d", '{"jsonrpc":"2.0","method":"tools/list","id":1}', url,
    ]
    return subprocess.check_output(command, text=True)


def post(url):
    """The guides' `httpx.post(url, json=…)`, with the headers that httpx sends by itself."""
    call = {
        "jsonrpc": "2.0",
        "method": "tools/call",
        "params": {"name": "add", "arguments": {"a": 2, "b": 40}},
        "id": 1,
    }
    headers = {
        "Accept": "*/*",
        "Authorization": "Bearer <token>",
        "Content-Type": "application/json",
        "User-Agent": "python-httpx/0.28.1",
    }
    request = urllib.request.Request(url, json.dumps(call).encode(), headers)
    try:
        response = urllib.request.urlopen(request)
    except urllib.error.HTTPError as refused:  # httpx would not raise
        response = refused
    return response.read().decode()


def result(answer):
    try:
        return json.loads(answer)["result"]
    except (KeyError, ValueError):
        sys.exit(f"not a JSON-RPC result: {answer}")


[_, url] = sys.argv
print(json.dumps({"list": result(curl(url)), "call": result(post(url))}))
