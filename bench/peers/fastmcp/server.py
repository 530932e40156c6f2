"""One tool on FastMCP, without sessions and with plain JSON answers. Listens on PORT of this machine."""

import os
from typing import Annotated

import uvicorn
from fastmcp import FastMCP
from pydantic import Field

mcp = FastMCP("bench")


# Without the structured copy of the result, which the others do not send either.
@mcp.tool(output_schema=None)
def add(
    a: Annotated[int, Field(description="The first summand.")],
    b: Annotated[int, Field(description="The second summand.")],
) -> int:
    """Adds two integers."""
    return a + b


app = mcp.http_app(path="/mcp", stateless_http=True, json_response=True)
uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), log_level="warning")
