"""A function on Oracle's own FDK that answers MCP by hand, as guides for MCP on OCI Functions have it."""

import json

from fdk import response

INTEGER = {"type": "integer"}
ADD = {
    "name": "add",
    "description": "Adds two integers.",
    "inputSchema": {
        "type": "object",
        "properties": {
            "a": {**INTEGER, "description": "The first summand."},
            "b": {**INTEGER, "description": "The second summand."},
        },
        "required": ["a", "b"],
    },
}


def answer(method, params):
    if method == "tools/list":
        return {"tools": [ADD]}
    if method == "tools/call" and params.get("name") == "add":
        arguments = params.get("arguments", {})
        text = str(arguments["a"] + arguments["b"])
        return {"content": [{"type": "text", "text": text}]}
    return {"error": f"unknown method: {method}"}


def handler(ctx, data=None):
    message = json.loads(data.getvalue())
    result = answer(message.get("method"), message.get("params", {}))
    return response.Response(
        ctx,
        response_data=json.dumps({"jsonrpc": "2.0", "id": message.get("id"), "result": result}),
        headers={"Content-Type": "application/json"},
    )
