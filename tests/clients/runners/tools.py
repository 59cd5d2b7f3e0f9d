"""Calls the tools of a server of the Model Context Protocol: `{"command": …, "calls": [[tool, arguments], …]}`.

The request is standard input. It prints for each call what the tool answers, decoded where it is JSON or Python.
"""

import ast
import asyncio
import json
import os
import sys
from typing import Any

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client


async def answers(command: str, calls: list[tuple[str, dict[str, Any]]]) -> list[Any]:
    """Start the server, and call its tools one after another."""
    parameters = StdioServerParameters(command=command, args=[], env=dict(os.environ))
    async with stdio_client(parameters) as (reader, writer), ClientSession(reader, writer) as session:
        await session.initialize()
        return [_content(await session.call_tool(tool, arguments)) for tool, arguments in calls]


def _content(result: Any) -> Any:
    text = "\n".join(part.text for part in result.content)
    for decode in (json.loads, ast.literal_eval):
        try:
            return decode(text)
        except (ValueError, SyntaxError):
            continue
    return text


request = json.load(sys.stdin)
print(json.dumps(asyncio.run(answers(request["command"], request["calls"]))))
