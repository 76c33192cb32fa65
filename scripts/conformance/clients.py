"""The official Python client: both protocols, over HTTP and standard streams; the second read must come from Redis."""

from __future__ import annotations

import os
import sys
from typing import Literal

from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp_types import CallToolResult
from scripts.conformance.reading import READS, VERSIONS, Read

from mooring.servers.freshness import META_KEY

__all__ = ["faults"]

_MODES: dict[str, Literal["legacy", "auto"]] = {"legacy": "legacy", "modern": "auto"}


async def faults(name: str, version: str, url: str | None, command: list[str], redis_url: str) -> list[str]:
    """Return what is wrong with a server for this client; at `url`, or started by it if there is none."""
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", *command],
        env={**os.environ, "REDIS_URL": redis_url, "MOORING_LOG_LEVEL": "error"},
    )
    async with Client(url or server, mode=_MODES[VERSIONS[version]]) as client:
        if client.protocol_version != version:
            return [f"the protocol is {client.protocol_version}, not {version}"]
        read = READS[name]
        names = {tool.name for tool in (await client.list_tools()).tools}
        if read.tool not in names:
            return [f"{read.tool} is not among the tools: {', '.join(sorted(names))}"]
        return [fault for expected in ("miss", "hit") for fault in await _called(client, read, expected)]


async def _called(client: Client, read: Read, expected: str) -> list[str]:
    result = await client.call_tool(read.tool, read.arguments)
    if not isinstance(result, CallToolResult) or result.is_error:
        return [f"{read.tool} failed: {result}"]
    state = (result.meta or {}).get(META_KEY, {}).get("state")
    return [] if state == expected else [f"{read.tool} was a {state}, not a {expected}"]
