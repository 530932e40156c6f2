"""MCP from the conda runtime of an OCI Data Science model deployment.

The platform's server calls `predict` with what was posted to /predict. It is passed on to `oci-mcp stdio`, the binary
beside this file, and the answer is the one that /predict of a deployment with the container gives.

Each worker process has a binary of its own, started when it is first needed and again when it has ended. Standard
library only, Python 3.8 to 3.12.
"""

import json
import os
import platform
import selectors
import shutil
import subprocess
import tempfile
import threading
import time

BINARY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "oci-mcp")

# The platform ends a request after 60 seconds; what is left is for the answer's way back.
BUDGET_SECONDS = 59.0

# The largest answer that the platform passes on.
MAX_BYTES = 10 * 1024 * 1024

# What counts where no revision is stated, and the newest whose results carry nothing but the result.
UNSTATED_REVISION = "2025-03-26"
PLAIN_REVISION = "2025-11-25"

# JSON-RPC 2.0, 5.1.
PARSE_ERROR = -32700
INTERNAL_ERROR = -32603

# `e_machine` of ELF, as platform.machine() calls it.
MACHINES = {0x3E: "x86_64", 0xB7: "aarch64"}


def answer(model, message, line, deadline):
    """The answer to JSON-RPC."""
    try:
        if expects_answer(message):
            return model.ask(line, UNSTATED_REVISION, deadline)
        return model.tell(line, deadline)
    except Failure as failure:
        if isinstance(message, list):
            ids = [element["id"] for element in message if is_request(element)]
            return [error_answer(id, INTERNAL_ERROR, str(failure)) for id in ids] or {}
        id = message.get("id") if isinstance(message, dict) else None
        return error_answer(id, INTERNAL_ERROR, str(failure))


def call(model, plain, deadline):
    """The result of a plain call, without JSON-RPC around it; an error is the result of a failed call."""
    params = {"name": plain["tool"]}
    if plain.get("arguments") is not None:
        params["arguments"] = plain["arguments"]
    request = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    try:
        reply = model.ask(line_of(request), PLAIN_REVISION, deadline)
    except Failure as failure:
        return failed(str(failure))
    return reply["result"] if "result" in reply else failed(reply["error"]["message"])


def line_of(data):
    """`data` as bytes of one line."""
    if isinstance(data, str):
        # A lone surrogate becomes what is no UTF-8, and is refused as such.
        data = data.encode("utf-8", "surrogatepass")
    elif not isinstance(data, (bytes, bytearray)):
        data = json.dumps(data).encode()
    # A tab is allowed and forbidden in JSON exactly where a line break is.
    return bytes(data).replace(b"\r", b"\t").replace(b"\n", b"\t")


def parsed(line):
    """The JSON in `line`, or None where the server has to say what is wrong with it."""
    try:
        return json.loads(line.decode("utf-8"), object_pairs_hook=unique)
    except (ValueError, RecursionError):
        return None


def unique(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key is there twice")
    return members


def is_plain(message):
    return isinstance(message, dict) and message.get("tool") is not None and message.get("jsonrpc") is None


def plain_fault(message):
    """Why a plain call cannot be made, or None."""
    unknown = [name for name in message if name not in ("tool", "arguments")]
    if unknown:
        why = "unknown field `{}`, expected `tool` or `arguments`".format(unknown[0][:100])
    elif not isinstance(message["tool"], str):
        why = "`tool` must be a string"
    else:
        return None
    return why + '; a call is {"tool": NAME, "arguments": {…}}'


def is_request(message):
    """Whether JSON-RPC has an answer for it, be it a refusal."""
    return isinstance(message, dict) and "id" in message and "method" in message


def expects_answer(message):
    return is_request(message) or (isinstance(message, list) and any(map(is_request, message)))


def error_answer(id, code, message):
    id = id if type(id) in (str, int) else None
    return {"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}}


def failed(why):
    return {"content": [{"text": why, "type": "text"}], "isError": True}


class Failure(Exception):
    """Why there is no answer, in words for the caller."""


class Late(Exception):
    """The budget is used up."""


class Server:
    """The binary, as this process has it running; one request at a time."""

    def __init__(self, path):
        self._command = [path, "stdio"]
        self._environment = {"OCI_MCP_MAX_RESPONSE_BYTES": str(MAX_BYTES), **os.environ}
        self._lock = threading.Lock()
        self._child = None
        # A fork would share pipes and lock with its parent, and both would read each other's answers.
        os.register_at_fork(after_in_child=self._forget)

    def start(self, deadline):
        """Starts the binary. Raises RuntimeError if it does not come up."""
        try:
            with self._lock:
                self._settle(UNSTATED_REVISION, deadline)
        except Failure as failure:
            raise RuntimeError("{}: {}; its own lines in the log say why".format(self._command[0], failure)) from None

    def ask(self, line, revision, deadline):
        """The answer to a line that has one. Raises Failure."""
        if not self._lock.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise Failure(
                "not started: earlier requests still ran after {:.0f} s; try again later".format(BUDGET_SECONDS)
            )
        try:
            # A connection remembers the last handshake, but these callers have nothing to do with each other.
            self._settle(revision, deadline)
            try:
                return self._exchange(line, deadline)
            except Failure as failure:
                raise Failure("{}; what it had begun may be done or not".format(failure)) from None
        finally:
            self._lock.release()

    def tell(self, line, deadline):
        """The answer to a line that has none or, if it is refused, one: only the end of a process tells."""
        try:
            done = subprocess.run(
                self._command,
                env=self._environment,
                input=line,
                stdout=subprocess.PIPE,
                timeout=max(0.0, deadline - time.monotonic()),
            )
        except subprocess.TimeoutExpired:
            raise Failure("no answer after {:.0f} s".format(BUDGET_SECONDS)) from None
        except OSError as error:
            raise Failure("cannot start: {}".format(error)) from None
        return json.loads(done.stdout.decode("utf-8")) if done.stdout.strip() else {}

    def _settle(self, revision, deadline):
        """Shakes hands. A binary that ended since the last request is replaced: nobody's request was lost."""
        handshake = line_of(
            {
                "jsonrpc": "2.0",
                "id": 0,
                "method": "initialize",
                "params": {
                    "protocolVersion": revision,
                    "capabilities": {},
                    "clientInfo": {"name": "score.py", "version": "1"},
                },
            }
        )
        if self._child is not None:
            try:
                self._exchange(handshake, deadline)
                return
            except Failure:
                pass
        self._spawn()
        self._exchange(handshake, deadline)

    def _spawn(self):
        try:
            # Its log goes where this process's goes.
            child = subprocess.Popen(
                self._command, env=self._environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
            )
        except OSError as error:
            raise Failure("cannot start: {}".format(error)) from None
        os.set_blocking(child.stdin.fileno(), False)
        os.set_blocking(child.stdout.fileno(), False)
        self._child = child

    def _exchange(self, line, deadline):
        """One line there and one back. A child that fails at that is not used again."""
        try:
            return json.loads(self._transfer(line + b"\n", deadline).decode("utf-8"))
        except (OSError, EOFError, ValueError):
            status = self._kill()
            raise Failure("the server ended before it answered ({})".format(status)) from None
        except Late:
            self._kill()
            raise Failure(
                "the server was stopped after {:.0f} s, before the platform's deadline".format(BUDGET_SECONDS)
            ) from None

    def _transfer(self, line, deadline):
        child, rest, received = self._child, memoryview(line), bytearray()
        with selectors.DefaultSelector() as selector:
            selector.register(child.stdin, selectors.EVENT_WRITE)
            selector.register(child.stdout, selectors.EVENT_READ)
            while rest or not received.endswith(b"\n"):
                left = deadline - time.monotonic()
                if left <= 0:
                    raise Late()
                for key, _ in selector.select(left):
                    if key.fileobj is child.stdin:
                        rest = rest[os.write(key.fd, rest[:65536]) :]
                        if not rest:
                            selector.unregister(child.stdin)
                    else:
                        chunk = os.read(key.fd, 65536)
                        if not chunk:
                            raise EOFError()
                        received += chunk
        return received

    def _kill(self):
        child, self._child = self._child, None
        child.kill()
        child.stdin.close()
        child.stdout.close()
        return child.wait()

    def _forget(self):
        """In a forked process: leaves the parent's binary to the parent."""
        child, self._child = self._child, None
        self._lock = threading.Lock()
        if child is not None:
            child.stdin.close()
            child.stdout.close()
            # It is not this process's to wait for.
            child.returncode = 0


def executable(path):
    """The path at which the binary can be run: beside this file, or a copy where that is not allowed to be run.

    Raises RuntimeError if it is none for this machine.
    """
    try:
        with open(path, "rb") as file:
            head = file.read(20)
    except OSError as error:
        raise RuntimeError("{}: {}; `make model-artifact` puts it there".format(path, error.strerror)) from None
    if len(head) < 20 or head[:4] != b"\x7fELF":
        raise RuntimeError("{}: not a Linux program (ELF); `make model-artifact` builds it".format(path))
    built_for = int.from_bytes(head[18:20], "little" if head[5] == 1 else "big")
    built_for = MACHINES.get(built_for, "ELF machine {}".format(built_for))
    if built_for != platform.machine():
        raise RuntimeError(
            "{}: built for {}, but this machine is {}; build the artifact on such a machine or choose another "
            "shape".format(path, built_for, platform.machine())
        )
    if os.access(path, os.X_OK):
        return path
    # The model catalog unpacks the archive without its modes, in a folder that cannot be written to.
    copy = os.path.join(tempfile.mkdtemp(prefix="oci-mcp-"), "oci-mcp")
    shutil.copyfile(path, copy)
    os.chmod(copy, 0o500)
    if not os.access(copy, os.X_OK):
        raise RuntimeError("{}: cannot be run, nor a copy in {}; set TMPDIR".format(path, os.path.dirname(copy)))
    return copy


_server = None
_server_lock = threading.Lock()


def load_model():
    """Starts the binary and shakes hands with it, so that a deployment that cannot work fails to start.

    Called once by `predict`'s default and again by the platform: it is the same server.
    """
    global _server
    with _server_lock:
        if _server is None:
            server = Server(executable(BINARY))
            server.start(time.monotonic() + BUDGET_SECONDS)
            _server = server
        return _server


def predict(data, model=load_model()):
    """Answers JSON-RPC, one message or a batch, or a plain call `{"tool": NAME, "arguments": {...}}`.

    `data` is parsed JSON, or its text as str or bytes. What has no answer, such as a notification, is answered `{}`,
    because the platform's server has to send something.
    """
    deadline = time.monotonic() + BUDGET_SECONDS
    try:
        line = line_of(data)
    except (TypeError, ValueError, RecursionError) as error:
        return error_answer(None, PARSE_ERROR, "the body is no JSON: {}".format(error))
    if not line.strip():
        return error_answer(None, PARSE_ERROR, "the body is empty")
    message = parsed(line)
    if not is_plain(message):
        return answer(model, message, line, deadline)
    why = plain_fault(message)
    return failed(why) if why else call(model, message, deadline)
