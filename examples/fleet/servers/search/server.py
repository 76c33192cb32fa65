"""Product search and what is searched for most, as an MCP server."""

import argparse
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import redis.asyncio as redis
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from redis.backoff import EqualJitterBackoff
from redis.retry import Retry

TTL = 300
TRENDING = "search:trending"


@dataclass
class Services:
    cache: redis.Redis
    upstream: httpx.AsyncClient


@asynccontextmanager
async def lifespan(_: MCPServer) -> AsyncIterator[Services]:
    """Hold one pool and one HTTP client for as long as the server runs."""
    pool = redis.BlockingConnectionPool.from_url(
        os.environ["REDIS_URL"],
        max_connections=50,
        timeout=5,
        decode_responses=True,
        socket_timeout=2,
        socket_connect_timeout=2,
        health_check_interval=30,
        retry=Retry(EqualJitterBackoff(cap=0.5, base=0.05), 3),
    )
    try:
        async with httpx.AsyncClient(base_url=os.environ["UPSTREAM_URL"], timeout=5) as upstream:
            yield Services(redis.Redis(connection_pool=pool), upstream)
    finally:
        await pool.aclose()


mcp = MCPServer("search", log_level="WARNING", lifespan=lifespan)


@dataclass
class Lookup:
    value: str
    source: str


@dataclass
class Hits:
    query: str
    hits: list[str]


async def read(services: Services, path: str, **params: str) -> tuple[dict, str]:
    key = f"search:{path}:{json.dumps(params, sort_keys=True)}"
    try:
        cached = await services.cache.get(key)
    except redis.RedisError as error:
        raise ToolError(f"no cache: {error}") from error
    if cached is not None:
        return json.loads(cached), "cache"
    response = await services.upstream.get(path, params=params)
    if response.status_code in (404, 422):
        raise ToolError(response.json()["error"])
    response.raise_for_status()
    await services.cache.set(key, response.text, ex=TTL)
    return response.json(), "upstream"


@mcp.tool()
async def lookup(key: str, ctx: Context[Services]) -> Lookup:
    """Look up one record of the index."""
    answer, source = await read(ctx.request_context.lifespan_context, f"/lookup/{key}")
    return Lookup(answer["value"], source)


@mcp.tool()
async def search(query: str, ctx: Context[Services]) -> Hits:
    """Find articles, and count the question."""
    services = ctx.request_context.lifespan_context
    answer, _ = await read(services, "/search", q=query)
    await services.cache.zincrby(TRENDING, 1, query)
    return Hits(**answer)


@mcp.tool()
async def trending(ctx: Context[Services], limit: int = 5) -> list[str]:
    """List what is searched for most, most frequent first."""
    return await ctx.request_context.lifespan_context.cache.zrevrange(TRENDING, 0, limit - 1)


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
