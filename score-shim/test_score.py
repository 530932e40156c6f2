"""score.py with a real server beside it, held against the same server's own /predict.

The server is the `function` of the tests, which has tools that fail, panic and wait; `make test` builds it.
"""

import http.client
import importlib.util
import inspect
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from unittest import mock

HERE = os.path.dirname(os.path.abspath(__file__))
BUILT = os.path.join(os.environ.get("CARGO_TARGET_DIR") or os.path.join(HERE, "..", "target"), "debug")
# For what must happen: long, because a machine that builds meanwhile leaves little time to others.
PATIENCE_SECONDS = 120

LIST = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}'
NOTIFICATION = '{"jsonrpc":"2.0","method":"notifications/initialized"}'
HANDSHAKE = (
    '{"jsonrpc":"2.0","id":"a","method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},'
    '"clientInfo":{"name":"test","version":"1"}}}'
)
MODERN = (
    '{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"add","arguments":{"a":40,"b":2},"_meta":'
    '{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},'
    '"io.modelcontextprotocol/clientInfo":{"name":"test","version":"1"}}}}'
)

ANSWERED_AS_BY_HTTP = [
    LIST,
    HANDSHAKE,
    MODERN,
    '{"jsonrpc":"2.0","id":"ü","method":"ping"}',
    '{"jsonrpc":"2.0","id":1,"method":"nope"}',
    '{"jsonrpc":"2.0","id":1,"method":"server/discover"}',
    '{"jsonrpc":"2.0","id":null,"method":"ping"}',
    '{"jsonrpc":"2.0","id":1.5,"method":"ping"}',
    '{"jsonrpc":"2.0","id":1,"method":7}',
    '{"jsonrpc":"1.0","method":"ping"}',
    '{"jsonrpc":"2.0","id":1,"result":{}}',
    '{"jsonrpc":"2.0","id":9007199254740993,"method":"tools/call","params":{"name":"add","arguments":{"a":1}}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add","arguments":{"a":1,"b":2}}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"fail"}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"panic"}}',
    '{"jsonrpc":"2.0","tool":"add"}',
    "[{},{}]".format(LIST, LIST),
    "[{},{},7]".format(LIST, NOTIFICATION),
    "[{}]".format(HANDSHAKE),
    "[{},{}]".format(LIST, MODERN),
    "[]",
    "[7]",
    "{}",
    "7",
    "null",
    '{"inputs":[1]}',
    '{"tool":"add","arguments":{"a":40,"b":2}}',
    '{"tool":"add","arguments":{"a":1}}',
    '{"tool":"add","arguments":[1]}',
    '{"tool":"fail"}',
    '{"tool":"fail","arguments":null}',
    '{"tool":"leak"}',
    '{"tool":"panic"}',
    '{"tool":"nope"}',
]

# Only as text, because a parser of JSON would not have let them through.
REFUSED_AS_BY_HTTP = [
    "nope",
    '{"jsonrpc":"2.0","id":1,"method":"ping"',
    '{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}',
    '{"jsonrpc":"2.0","id":1,"method":"a\nb"}',
    '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":NaN}}',
    "\ufeff" + LIST,
    b'{"jsonrpc":"2.0","id":1,"method":"\xff"}',
    LIST.encode("utf-16"),
    "[" * 100000,
]


def compact(answer):
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":"))


def request(name, id=1, **arguments):
    return {"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {"name": name, "arguments": arguments}}


def lay_out(folder, binary):
    """An artifact as the platform unpacks it."""
    shutil.copy(os.path.join(HERE, "score.py"), folder)
    os.symlink(os.path.join(BUILT, binary), os.path.join(folder, "oci-mcp"))
    return folder


def load(folder):
    """The artifact's score.py as a module of its own."""
    spec = importlib.util.spec_from_file_location("score", os.path.join(folder, "score.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def stop(score):
    if score.load_model()._child is not None:
        score.load_model()._kill()


def eventually(test, is_so, what):
    end = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        test.assertLess(time.monotonic(), end, what)
        time.sleep(0.01)


class Deployed(unittest.TestCase):
    """With an artifact that is loaded once."""

    binary = "function"

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name
        cls.gate = os.path.join(cls.folder, "gate")
        os.mkfifo(cls.gate)
        settings = mock.patch.dict(os.environ, GATE=cls.gate, OCI_MCP_LOG="off", RUST_BACKTRACE="0")
        settings.start()
        cls.addClassCleanup(settings.stop)
        cls.score = load(lay_out(cls.folder, cls.binary))
        cls.addClassCleanup(stop, cls.score)

    def child(self):
        return self.score.load_model()._child

    def asked(self, data):
        """What becomes of a request that is being worked on: a future of its answer, once its tool has begun."""
        pool = ThreadPoolExecutor(1)
        self.addCleanup(pool.shutdown)
        answer = pool.submit(self.score.predict, data)
        eventually(self, self.opened, "the tool does not begin")
        return answer

    def opened(self):
        """Opens the gate for writing, which only works once the tool has it open for reading."""
        try:
            gate = os.open(self.gate, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            return False
        self.addCleanup(os.close, gate)
        return True


class AsByHttp(Deployed):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Not what is compared, and little where others have the processor.
        budget = mock.patch.object(cls.score, "BUDGET_SECONDS", PATIENCE_SECONDS)
        budget.start()
        cls.addClassCleanup(budget.stop)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            cls.port = free.getsockname()[1]
        settings = {
            "OCI_MCP_HOST": "datascience",
            "OCI_MCP_BIND": "127.0.0.1",
            "OCI_MCP_PORT": str(cls.port),
        }
        server = subprocess.Popen([os.path.join(BUILT, cls.binary)], env={**os.environ, **settings})
        cls.addClassCleanup(server.wait)
        cls.addClassCleanup(server.kill)

    def post(self, body):
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
            try:
                connection.request("POST", "/predict", body if isinstance(body, bytes) else body.encode())
                return connection.getresponse().read().decode()
            except ConnectionRefusedError:
                self.assertLess(time.monotonic(), end, "the server does not listen")
                time.sleep(0.01)
            finally:
                connection.close()

    def test_an_answer_is_byte_for_byte_that_of_http(self):
        for body in ANSWERED_AS_BY_HTTP:
            with self.subTest(body):
                expected = self.post(body)

                self.assertEqual(compact(self.score.predict(body)), expected)
                self.assertEqual(compact(self.score.predict(body.encode())), expected)
                self.assertEqual(compact(self.score.predict(json.loads(body))), expected)

    def test_a_body_that_cannot_be_read_is_refused_as_by_http(self):
        for body in REFUSED_AS_BY_HTTP:
            with self.subTest(body[:50]):
                # A line break arrives as a tab, which the message may quote.
                expected = self.post(body).replace("line 2 column 0", "line 1 column 36")

                self.assertEqual(compact(self.score.predict(body)), expected)

    def test_a_plain_call_that_cannot_be_made_says_why_in_the_plain_form(self):
        for body, why in [
            ('{"tool":"add","args":{"a":1,"b":1}}', "unknown field `args`, expected `tool` or `arguments`"),
            ('{"tool":"add","jsonrpc":null}', "unknown field `jsonrpc`, expected `tool` or `arguments`"),
            ('{"tool":7}', "a string"),
        ]:
            with self.subTest(body):
                expected = json.loads(self.post(body))

                answer = self.score.predict(body)

                self.assertIs(answer["isError"], expected["isError"])
                self.assertIn(why, answer["content"][0]["text"])
                self.assertIn(why, expected["content"][0]["text"])

    def test_a_plain_call_with_a_key_twice_is_not_made(self):
        answer = self.score.predict('{"tool":"add","arguments":{"a":1,"a":2,"b":1}}')

        self.assertIn("duplicate key `a`", answer["error"]["message"])

    def test_a_large_answer_passes_and_one_over_the_platforms_limit_is_refused(self):
        for size in [300_000, 11_000_000]:
            body = compact(request("large", bytes=size))

            self.assertEqual(compact(self.score.predict(body)), self.post(body))


class Predict(Deployed):
    def test_only_data_is_required_and_the_model_is_loaded_once(self):
        parameters = list(inspect.signature(self.score.predict).parameters.values())

        self.assertEqual(parameters[0].name, "data")
        self.assertIs(parameters[0].default, inspect.Parameter.empty)
        self.assertIs(parameters[1].default, self.score.load_model())
        self.assertEqual(len(parameters), 2)

    def test_what_has_no_answer_is_answered_with_an_empty_object(self):
        for data in [NOTIFICATION, json.loads(NOTIFICATION), "[{}]".format(NOTIFICATION)]:
            self.assertEqual(self.score.predict(data), {})

    def test_a_text_may_have_line_breaks(self):
        text = json.dumps(json.loads(LIST), indent=2)

        for data in [text, text.replace("\n", "\r\n"), "\n" + text + "\n"]:
            self.assertEqual(self.score.predict(data), self.score.predict(LIST))

    def test_what_is_no_json_at_all_is_refused(self):
        for data in ["", b"\n ", {1, 2}, object()]:
            self.assertEqual(self.score.predict(data)["error"]["code"], -32700)

    def test_a_handshake_settles_nothing_for_the_next_caller(self):
        batch = "[{}]".format(LIST)
        before = self.score.predict(batch)

        self.score.predict(HANDSHAKE)
        self.score.predict({"tool": "add", "arguments": {"a": 1, "b": 2}})

        self.assertEqual(self.score.predict(batch), before)

    def test_threads_take_turns_and_each_gets_its_own_answer(self):
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda id: self.score.predict(request("add", id, a=id, b=1)), range(200)))

        for id, answer in enumerate(answers):
            self.assertEqual((answer["id"], answer["result"]["content"][0]["text"]), (id, '{"sum":%d}' % (id + 1)))

    def test_a_body_over_the_limit_is_refused_and_the_next_one_served(self):
        answer = self.score.predict(request("add", a="x" * 5_000_000, b=1))

        self.assertIn("OCI_MCP_MAX_BODY_BYTES", answer["error"]["message"])
        self.assertEqual(self.score.predict(request("add", a=1, b=1))["id"], 1)


class Failing(Deployed):
    def served_again(self):
        self.assertNotIn("error", self.score.predict(LIST))

    def test_a_server_killed_in_a_request_is_one_clear_error_and_then_service(self):
        for data in [request("gate", "x"), [request("gate", "x")], {"tool": "gate"}]:
            with self.subTest(data):
                answer = self.asked(data)

                self.child().kill()

                answer = answer.result(PATIENCE_SECONDS)
                self.assertIn("ended before it answered (-9)", json.dumps(answer))
                if data != {"tool": "gate"}:
                    answer = answer[0] if isinstance(data, list) else answer
                    self.assertEqual((answer["id"], answer["error"]["code"]), ("x", -32603))
                else:
                    self.assertIs(answer["isError"], True)
                self.served_again()

    def test_nobody_notices_a_server_killed_between_requests(self):
        first = self.child()
        first.kill()
        first.wait()

        self.served_again()

        self.assertNotEqual(self.child().pid, first.pid)

    def test_a_request_that_takes_too_long_is_ended_before_the_platform_does(self):
        gate = os.open(self.gate, os.O_RDWR)
        self.addCleanup(os.close, gate)

        with mock.patch.object(self.score, "BUDGET_SECONDS", 0.5):
            answer = self.score.predict(request("gate"))

        self.assertIn("before the platform's deadline", answer["error"]["message"])
        self.served_again()

    def test_a_request_that_waits_too_long_for_its_turn_is_not_started(self):
        first = self.asked(request("gate"))

        with mock.patch.object(self.score, "BUDGET_SECONDS", 0.1):
            second = self.score.predict(LIST)

        self.assertIn("not started", second["error"]["message"])
        self.child().kill()
        first.result(PATIENCE_SECONDS)
        self.served_again()


class Processes(Deployed):
    def test_forked_workers_have_servers_of_their_own(self):
        """1,000 requests over four workers, as a server that loads the model before it forks has them."""
        self.score.predict(LIST)
        parent = self.child().pid
        pipes = [os.pipe() for _ in range(4)]
        workers = []
        for read, write in pipes:
            worker = os.fork()
            if worker == 0:
                try:
                    self.work(write)
                finally:
                    os._exit(0)
            os.close(write)
            workers.append(worker)

        reports = []
        for read, _ in pipes:
            with open(read) as report:
                reports.append(json.load(report))
        for worker in workers:
            os.waitpid(worker, 0)

        self.assertEqual([report["wrong"] for report in reports], [0] * 4)
        self.assertEqual(len({parent, *(report["child"] for report in reports)}), 5)
        self.assertEqual(self.score.predict(request("add", "p", a=1, b=1))["id"], "p")
        self.assertEqual(self.child().pid, parent)

    def work(self, report):
        wrong = sum(
            self.score.predict(request("add", id, a=id, b=1))["result"]["content"][0]["text"] != '{"sum":%d}' % (id + 1)
            for id in range(250)
        )
        os.write(report, json.dumps({"wrong": wrong, "child": self.child().pid}).encode())

    def test_a_process_forked_in_the_middle_of_a_request_can_make_its_own(self):
        first = self.asked(request("gate"))

        worker = os.fork()
        if worker == 0:
            try:
                self.assertIn("result", self.score.predict(LIST))
                os._exit(0)
            finally:
                os._exit(1)

        self.assertEqual(os.waitpid(worker, 0)[1], 0)
        self.assertFalse(first.done())
        self.child().kill()

    def test_a_worker_that_is_killed_leaves_no_server_behind(self):
        program = "import score, time; print(score.load_model()._child.pid, flush=True); time.sleep(600)"
        worker = subprocess.Popen([sys.executable, "-c", program], cwd=self.folder, stdout=subprocess.PIPE)
        child = int(worker.stdout.readline())
        self.assertTrue(os.path.exists("/proc/%d" % child))

        worker.kill()
        worker.communicate()

        eventually(self, lambda: not os.path.exists("/proc/%d/exe" % child), "the server goes on")


class Loading(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = lay_out(folder.name, "function")
        self.binary = os.path.join(self.folder, "oci-mcp")

    def loaded(self):
        score = load(self.folder)
        self.addCleanup(stop, score)
        return score

    def refused(self, *reasons):
        with self.assertRaises(RuntimeError) as caught:
            self.loaded()
        for reason in reasons:
            self.assertIn(reason, str(caught.exception))

    def replace(self, change):
        with open(self.binary, "rb") as file:
            changed = change(file.read())
        os.unlink(self.binary)
        with open(self.binary, "wb") as file:
            file.write(changed)

    def test_a_binary_for_another_machine_is_refused_with_both_names(self):
        self.replace(lambda binary: binary[:18] + b"\xb7\x00" + binary[20:])

        with mock.patch("platform.machine", return_value="x86_64"):
            self.refused(self.binary + ": built for aarch64, but this machine is x86_64")

    def test_a_binary_for_a_machine_without_a_name_is_refused_with_its_number(self):
        self.replace(lambda binary: binary[:18] + b"\xf3\x00" + binary[20:])

        self.refused("built for ELF machine 243")

    def test_what_is_no_binary_is_refused(self):
        self.replace(lambda _: b"version https://git-lfs.github.com/spec/v1\n")

        self.refused(self.binary, "not a Linux program (ELF)")

    def test_a_binary_that_is_damaged_is_refused(self):
        self.replace(lambda binary: binary[:4096])

        self.refused("ended before it answered")

    def test_a_binary_that_is_missing_is_refused(self):
        os.unlink(self.binary)

        self.refused(self.binary, "No such file or directory", "make model-artifact")

    def test_a_setting_that_cannot_be_used_fails_the_start_with_a_hint(self):
        with mock.patch.dict(os.environ, OCI_MCP_MAX_BODY_BYTES="0"):
            self.refused("ended before it answered (2)", "log")

    def test_a_binary_that_lost_its_mode_runs_from_a_copy(self):
        self.replace(lambda binary: binary)
        temporary = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, temporary)

        with mock.patch.object(tempfile, "tempdir", temporary):
            score = self.loaded()

        self.assertIn("result", score.predict(LIST))
        self.assertTrue(score.load_model()._command[0].startswith(temporary))
        self.assertFalse(os.access(self.binary, os.X_OK))


class Shipped(Deployed):
    binary = "oci-mcp"

    def test_the_binary_that_is_shipped_answers(self):
        listed = self.score.predict(LIST)
        called = self.score.predict({"tool": "oci_ping"})

        self.assertIn("oci_ping", [tool["name"] for tool in listed["result"]["tools"]])
        self.assertEqual(called["structuredContent"]["host"], "stdio")


if __name__ == "__main__":
    unittest.main()
