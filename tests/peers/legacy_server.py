"""The Python SDK 1.30.0 as a server, with sessions and without 2026-07-28: `legacy_server.py PORT` prints its URL.

It ends when its stdin does.
"""

import socket
import sys
import threading

import uvicorn
from mcp.server.fastmcp import Context, FastMCP
from mcp.types import Completion

server = FastMCP("legacy", log_level="ERROR")


@server.tool()
def add(a: int, b: int) -> dict[str, int]:
    return {"sum": a + b}


@server.tool()
async def count(context: Context) -> str:
    await context.report_progress(1, 2, "one")
    await context.info("halfway")
    await context.report_progress(2, 2, "two")
    return "counted"


@server.resource("test://poem", name="poem")
def poem() -> str:
    return "so much depends"


@server.prompt()
def review(place: str) -> list[str]:
    return [f"look at all in {place}", "as you like"]


@server.completion()
async def places(reference, argument, context):
    return Completion(values=[place for place in ("paris", "phoenix") if place.startswith(argument.value)])


def end_with_stdin():
    sys.stdin.read()
    web.should_exit = True
    web.force_exit = True


listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
web = uvicorn.Server(uvicorn.Config(server.streamable_http_app(), log_level="error"))
threading.Thread(target=end_with_stdin, daemon=True).start()
# Who connects from now on waits until it is served.
print(f"http://127.0.0.1:{sys.argv[1]}/mcp", flush=True)
web.run(sockets=[listener])
