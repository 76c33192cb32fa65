"""The product catalogue, as an MCP server."""

import argparse
import json
import logging
import os
from dataclasses import dataclass

import httpx
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from redis import asyncio as aioredis
from redis.exceptions import RedisError

TTL = 600

logger = logging.getLogger("catalog")
mcp = MCPServer("catalog", log_level="WARNING")
upstream = httpx.AsyncClient(base_url=os.environ["UPSTREAM_URL"], timeout=5)


@dataclass
class Lookup:
    value: str
    source: str


@dataclass
class Product:
    sku: str
    name: str
    weight_grams: int


async def recall(path: str) -> dict | None:
    """Read the cache; without one the catalogue still works, only slower."""
    try:
        async with aioredis.from_url("redis://localhost:6379/0", encoding="utf-8", decode_responses=True) as cache:
            cached = await cache.get(f"catalog:{path}")
    except RedisError as error:
        logger.warning("no cache: %s", error)
        return None
    return None if cached is None else json.loads(cached)


async def remember(path: str, answer: dict) -> None:
    try:
        async with aioredis.from_url("redis://localhost:6379/0", encoding="utf-8", decode_responses=True) as cache:
            await cache.set(f"catalog:{path}", json.dumps(answer), ex=TTL)
    except RedisError as error:
        logger.warning("not cached: %s", error)


async def read(path: str) -> tuple[dict, str]:
    cached = await recall(path)
    if cached is not None:
        return cached, "cache"
    response = await upstream.get(path)
    if response.status_code in (404, 422):
        raise ToolError(response.json()["error"])
    response.raise_for_status()
    await remember(path, response.json())
    return response.json(), "upstream"


@mcp.tool()
async def lookup(key: str) -> Lookup:
    """Look up one catalogue record."""
    answer, source = await read(f"/lookup/{key}")
    return Lookup(answer["value"], source)


@mcp.tool()
async def product(sku: str) -> Product:
    """Describe an article, and count that somebody looked at it."""
    answer, _ = await read(f"/products/{sku}")
    views = aioredis.from_url(
        "redis://localhost:6379/0",
        decode_responses=True,
        # counting must never hold up the answer
        socket_timeout=0.5,
    )
    try:
        await views.zincrby("catalog:views", 1, sku)
    except RedisError as error:
        logger.warning("not counted: %s", error)
    finally:
        await views.aclose()
    return Product(**answer)


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
