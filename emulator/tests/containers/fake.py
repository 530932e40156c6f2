"""A container for the emulator's tests, on bare sockets: no host of ours has a part in it.

python3 fake.py [how it starts]; what it does with a request, the request's X-Do says.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading


def read_request(stream):
    line = stream.readline().decode().strip()
    if not line:
        return None
    headers = []
    while field := stream.readline().decode("latin-1").strip():
        headers.append(field.split(": ", 1) if ": " in field else [field.rstrip(":"), ""])
    length = int(dict(headers).get("Content-Length", 0))
    return {"line": line, "headers": headers, "body": stream.read(length).decode("latin-1")}


def send_head(connection, status, *headers):
    connection.sendall("\r\n".join([f"HTTP/1.1 {status} Whatever", *headers, "", ""]).encode())


def answer(connection, body, status=200, *headers):
    kind = "Content-Type: application/json"
    send_head(connection, status, f"Content-Length: {len(body)}", kind, *headers)
    connection.sendall(body)


def send_events(connection, wait):
    """Two events, the second when `wait` returns."""
    # No chunks, so that the media type alone tells that it is a stream.
    send_head(connection, 200, "Content-Type: text/event-stream; charset=utf-8", "Connection: close")
    connection.sendall(b"data: 1\n\n")
    wait()
    connection.sendall(b"data: 2\n\n")


def serve(connection, stream):
    while request := read_request(stream):
        if request["line"].startswith("GET /health "):
            answer(connection, b"{}", health())
            continue
        action, argument = (dict(request["headers"]).get("X-Do", "").split("/") + ["", ""])[:2]
        # Until the test closes its end.
        wait = lambda: socket.create_connection(("127.0.0.1", int(argument))).recv(1)
        seen = {**request, "pid": os.getpid(), "env": dict(os.environ)}
        if action == "hang":
            threading.Event().wait()
        if action == "hangup":
            return
        if action == "exit":
            os._exit(int(argument))
        if action == "events":
            return send_events(connection, wait)
        if action == "old":
            return connection.sendall(b"HTTP/1.0 200 Fine\r\n\r\nold")
        if action == "break":
            kind = "Content-Type: text/event-stream"
            send_head(connection, 200, kind, "Transfer-Encoding: chunked")
            connection.sendall(b"9\r\ndata: 1\n\n\r\n")
            os._exit(1)
        if action == "child":
            seen["child"] = subprocess.Popen(["sleep", "1000"]).pid
        body = b"x" * int(argument) if action == "big" else json.dumps(seen).encode()
        if action == "chunks":
            send_head(connection, 200, "Content-Type: application/json", "Transfer-Encoding: chunked")
            connection.sendall(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
        elif action == "empty":
            answer(connection, b"", int(argument))
        elif action == "headers":
            hop = ["Connection: x-hop", "X-Hop: 1", "Keep-Alive: timeout=5", "Opc-Request-Id: its"]
            answer(connection, body, 201, "X-Two: a", "X-Two: b", *hop)
        elif action == "status":
            send_head(connection, int(argument))
        else:
            answer(connection, body)


def health():
    global asked
    asked += 1
    return 503 if START == "sick" or START == "slow" and asked < 3 else 200


def main():
    if START == "exit":
        sys.exit(3)
    if START == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((os.environ["OCI_MCP_BIND"], int(os.environ["OCI_MCP_PORT"])))
    listener.listen()
    while True:
        threading.Thread(target=converse, args=(listener.accept()[0],), daemon=True).start()


def converse(connection):
    with connection, connection.makefile("rb") as stream:
        try:
            serve(connection, stream)
        except (BrokenPipeError, ConnectionResetError):
            pass


START = sys.argv[1] if len(sys.argv) > 1 else "good"
asked = 0
main()
