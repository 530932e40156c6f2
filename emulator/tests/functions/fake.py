"""A function for the emulator's tests, on bare sockets: no FDK of ours has a part in it.

python3 fake.py [how it starts]; what it does with a call, the call's Fn-Http-Request-Url says.
"""

import json
import os
import signal
import socket
import subprocess
import sys

LISTENER = os.environ["FN_LISTENER"].removeprefix("unix:")


def listen(target=None):
    folder, name = os.path.split(LISTENER)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(os.path.join(folder, "phony" + name))
    listener.listen()
    os.chmod(os.path.join(folder, "phony" + name), 0o666)
    os.symlink(target or "phony" + name, LISTENER)
    return listener


def read_request(stream):
    line = stream.readline().decode().strip()
    if not line:
        return None
    headers, body = [], b""
    while field := stream.readline().decode("latin-1").strip():
        headers.append(field.split(": ", 1) if ": " in field else [field.rstrip(":"), ""])
    # The agent sends chunks and nothing else.
    while size := int(stream.readline(), 16):
        body += stream.read(size)
        stream.readline()
    stream.readline()
    return {"line": line, "headers": headers, "body": body.decode("latin-1")}


def answer(connection, body, status=200, headers=(), length=None):
    head = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body) if length is None else length}"]
    head += ["Content-Type: application/json", "Fn-Fdk-Version: fake/1", *headers, "", ""]
    connection.sendall("\r\n".join(head).encode() + body)


def serve(connection, number, stream):
    """Returns the port at which to tell that the connection is closed, if any."""
    after = None
    while request := read_request(stream):
        url = dict(request["headers"]).get("Fn-Http-Request-Url", "/")
        action, argument = (url.split("/") + ["", ""])[1:3]
        seen = {**request, "pid": os.getpid(), "connection": number, "env": dict(os.environ)}
        if action == "hang":
            signal.pause()
        if action == "midway":
            answer(connection, b"{", length=100)
            return None
        if action == "hangup":
            return None
        if action == "wait":
            # Until the test closes its end.
            socket.create_connection(("127.0.0.1", int(argument))).recv(1)
        if action == "child":
            seen["child"] = subprocess.Popen(["sleep", "1000"]).pid
        if action == "tell":
            after = int(argument)
        body = b"x" * int(argument) if action == "big" else json.dumps(seen).encode()
        status = int(argument) if action == "status" else 200
        headers = ["Fn-Http-Status: " + argument] if action == "http" else []
        if action == "headers":
            headers = ["Fn-Http-Status: 201", "Fn-Http-H-X-Two: 2", "Fn-Http-H-Content-Length: 1"]
        if action == "flood":
            headers = [f"X-{number}: 1" for number in range(200)]
        answer(connection, body, status, headers)
        if action == "close":
            return int(argument)
        if action == "exit":
            sys.exit()
    return after


def main(start):
    if start == "exit":
        sys.exit(1)
    if start == "file":
        with open(LISTENER, "w"):
            pass
    if start in ("file", "silent"):
        signal.pause()
    folder, name = os.path.split(LISTENER)
    listener = listen(os.path.join(folder, "phony" + name) if start == "absolute" else None)
    number = 0
    while True:
        connection, _ = listener.accept()
        number += 1
        with connection, connection.makefile("rb") as stream:
            try:
                after = serve(connection, number, stream)
            except (BrokenPipeError, ConnectionResetError):
                after = None
        if after:
            socket.create_connection(("127.0.0.1", after)).close()


main(sys.argv[1] if len(sys.argv) > 1 else "good")
