"""The Python SDK 2.3.0 as a client: `python_mcp_2.py URL|COMMAND modern|pinned|legacy` prints one line of JSON."""

import asyncio
import json
import shlex
import sys

from mcp import Client, StdioServerParameters
from mcp.shared.exceptions import MCPError
from mcp_types import PromptReference

# "auto" asks for server/discover and falls back to initialize; `revision` says which it became.
MODES = {"modern": "auto", "pinned": "2026-07-28", "legacy": "legacy"}


def server(where):
    if where.startswith("http"):
        return where
    command, *args = shlex.split(where)
    return StdioServerParameters(command=command, args=args)


async def main(where, mode):
    progress, logs = [], []

    async def on_progress(done, total, message):
        progress.append([done, total, message])

    async def on_log(params):
        logs.append([params.level, params.data])

    async with Client(server(where), mode=MODES[mode], logging_callback=on_log, log_level="info") as client:
        tools = await client.list_tools()
        added = await client.call_tool("add", {"a": 2, "b": 40})
        counted = await client.call_tool("count", {}, progress_callback=on_progress)
        resources = await client.list_resources()
        poem = await client.read_resource("test://poem")
        prompts = await client.list_prompts()
        review = await client.get_prompt("review", {"place": "paris"})
        prompt = PromptReference(type="ref/prompt", name="review")
        completed = await client.complete(prompt, {"name": "place", "value": "p"})
        return {
            "client": "python-mcp-2",
            "revision": client.protocol_version,
            "tools": [tool.name for tool in tools.tools],
            "call": added.content[0].text,
            "structured": added.structured_content,
            "unknown_tool": await refusal(client, "nope", {}),
            "bad_arguments": await refusal(client, "add", {"a": "x"}),
            "resources": [resource.name for resource in resources.resources],
            "resource": poem.contents[0].text,
            "prompts": [prompt.name for prompt in prompts.prompts],
            "prompt": [message.content.text for message in review.messages],
            "completion": completed.completion.values,
            "counted": counted.content[0].text,
            "progress": progress,
            "logs": logs,
        }


async def refusal(client, name, arguments):
    """The text of a result that is an error, or the code of a JSON-RPC error."""
    try:
        result = await client.call_tool(name, arguments)
    except MCPError as error:
        return f"MCPError {error.code}: {error.message}"
    assert result.is_error, f"{name} {arguments} was accepted"
    return result.content[0].text


try:
    print(json.dumps(asyncio.run(main(*sys.argv[1:]))))
except Exception as error:
    while nested := getattr(error, "exceptions", None):  # an ExceptionGroup says nothing itself
        error = nested[0]
    sys.exit(f"{type(error).__name__}: {error}")
