"""Figures of the shop and counters of its events, as an MCP server."""

import argparse
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mooring import create_async_redis_from_config
from redis.exceptions import RedisError

TTL = 60
EVENTS = "analytics:events"

# REDIS_URL names the server and its password.
cache = create_async_redis_from_config(decode_responses=True, socket_timeout=2, socket_connect_timeout=2)
upstream = httpx.AsyncClient(base_url=os.environ["UPSTREAM_URL"], timeout=5)


@asynccontextmanager
async def lifespan(_: MCPServer) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await upstream.aclose()
        await cache.aclose()


mcp = MCPServer("analytics", log_level="WARNING", lifespan=lifespan)


@dataclass
class Lookup:
    value: str
    source: str


@dataclass
class Metric:
    name: str
    today: int
    events: int


async def read(path: str) -> tuple[dict, str]:
    try:
        cached = await cache.get(f"analytics:{path}")
    except RedisError as error:
        raise ToolError(f"no cache: {error}") from error
    if cached is not None:
        return json.loads(cached), "cache"
    response = await upstream.get(path)
    if response.status_code in (404, 422):
        raise ToolError(response.json()["error"])
    response.raise_for_status()
    await cache.set(f"analytics:{path}", response.text, ex=TTL)
    return response.json(), "upstream"


@mcp.tool()
async def lookup(key: str) -> Lookup:
    """Look up one figure."""
    answer, source = await read(f"/lookup/{key}")
    return Lookup(answer["value"], source)


@mcp.tool()
async def metric(name: str) -> Metric:
    """Say what a metric is today, and how many events of that name were counted."""
    answer, _ = await read(f"/metrics/{name}")
    events = await cache.hget(EVENTS, name)
    return Metric(events=int(events or 0), **answer)


@mcp.tool()
async def count_event(name: str) -> int:
    """Count an event; answers with the count."""
    return await cache.hincrby(EVENTS, name, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--transport", choices=("stdio", "http"), default="stdio")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    args = parser.parse_args()
    if args.transport == "http":
        mcp.run("streamable-http", host=args.host, port=args.port, stateless_http=True, json_response=True)
    else:
        mcp.run()


if __name__ == "__main__":
    main()
