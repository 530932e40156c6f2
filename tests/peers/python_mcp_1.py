"""The Python SDK 1.30.0 as a client: `python_mcp_1.py URL|COMMAND legacy` prints one line of JSON."""

import asyncio
import json
import shlex
import sys

from mcp import ClientSession, McpError, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import PromptReference


def transport(where):
    if where.startswith("http"):
        return streamable_http_client(where)
    command, *args = shlex.split(where)
    return stdio_client(StdioServerParameters(command=command, args=args))


async def main(where, mode):
    assert mode == "legacy", f"{mode}: this SDK knows only legacy"
    progress, logs = [], []

    async def on_progress(done, total, message):
        progress.append([done, total, message])

    async def on_log(params):
        logs.append([params.level, params.data])

    async with (
        transport(where) as streams,
        ClientSession(*streams[:2], logging_callback=on_log) as session,
    ):
        server = await session.initialize()
        tools = await session.list_tools()
        added = await session.call_tool("add", {"a": 2, "b": 40})
        counted = await session.call_tool("count", {}, progress_callback=on_progress)
        resources = await session.list_resources()
        poem = await session.read_resource("test://poem")
        prompts = await session.list_prompts()
        review = await session.get_prompt("review", {"place": "paris"})
        prompt = PromptReference(type="ref/prompt", name="review")
        completed = await session.complete(prompt, {"name": "place", "value": "p"})
        return {
            "client": "python-mcp-1",
            "revision": server.protocolVersion,
            "tools": [tool.name for tool in tools.tools],
            "call": added.content[0].text,
            "structured": added.structuredContent,
            "unknown_tool": await refusal(session, "nope", {}),
            "bad_arguments": await refusal(session, "add", {"a": "x"}),
            "resources": [resource.name for resource in resources.resources],
            "resource": poem.contents[0].text,
            "prompts": [prompt.name for prompt in prompts.prompts],
            "prompt": [message.content.text for message in review.messages],
            "completion": completed.completion.values,
            "counted": counted.content[0].text,
            "progress": progress,
            "logs": logs,
        }


async def refusal(session, name, arguments):
    """The text of a result that is an error, or the code of a JSON-RPC error."""
    try:
        result = await session.call_tool(name, arguments)
    except McpError as error:
        return f"McpError {error.error.code}: {error.error.message}"
    assert result.isError, f"{name} {arguments} was accepted"
    return result.content[0].text


try:
    print(json.dumps(asyncio.run(main(*sys.argv[1:]))))
except Exception as error:
    while nested := getattr(error, "exceptions", None):  # an ExceptionGroup says nothing itself
        error = nested[0]
    sys.exit(f"{type(error).__name__}: {error}")
