"""A read-only MCP server over a database that a sync filled, so that an assistant can answer questions from it."""

from tiktok_marketing.mcp_server.answers import Answers, Limits
from tiktok_marketing.mcp_server.server import serve

__all__ = ["Answers", "Limits", "serve"]
