"""Prices, quotes and markdowns, as an MCP server."""

import argparse
import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from cache import cache, pool
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from redis.exceptions import RedisError

TTL = 120
MARKDOWNS = "pricing:markdowns"

upstream = httpx.AsyncClient(base_url=os.environ["UPSTREAM_URL"], timeout=5)


@asynccontextmanager
async def lifespan(_: MCPServer) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await upstream.aclose()
        await pool.aclose()


mcp = MCPServer("pricing", log_level="WARNING", lifespan=lifespan)


@dataclass
class Lookup:
    value: str
    source: str


@dataclass
class Quote:
    skus: list[str]
    total_cents: int


async def read(path: str) -> tuple[dict, str]:
    try:
        cached = await cache.get(f"pricing:{path}")
    except RedisError as error:
        raise ToolError(f"no cache: {error}") from error
    if cached is not None:
        return json.loads(cached), "cache"
    response = await upstream.get(path)
    if response.status_code in (404, 422):
        raise ToolError(response.json()["error"])
    response.raise_for_status()
    await cache.set(f"pricing:{path}", response.content, ex=TTL)
    return response.json(), "upstream"


async def price(sku: str) -> int:
    """Price an article in cents, its markdown taken off."""
    (answer, _), percent = await asyncio.gather(read(f"/prices/{sku}"), cache.hget(MARKDOWNS, sku))
    return answer["cents"] * (100 - int(percent or 0)) // 100


@mcp.tool()
async def lookup(key: str) -> Lookup:
    """Look up one price record."""
    answer, source = await read(f"/lookup/{key}")
    return Lookup(answer["value"], source)


@mcp.tool()
async def quote(skus: list[str]) -> Quote:
    """Add up the prices of some articles."""
    return Quote(skus, sum(await asyncio.gather(*(price(sku) for sku in skus))))


@mcp.tool()
async def mark_down(sku: str, percent: int) -> int:
    """Take a further percentage off an article, never more than half in all; answers with what is off now."""
    async with cache.lock(f"pricing:lock:{sku}", timeout=5, blocking_timeout=2):
        off = min(50, int(await cache.hget(MARKDOWNS, sku) or 0) + percent)
        await cache.hset(MARKDOWNS, sku, off)
    return off


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
