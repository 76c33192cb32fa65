"""Stock levels of the three warehouses, as an MCP server."""

import argparse
import json
import os
from dataclasses import dataclass

import httpx
import redis.asyncio as redis
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

TTL_SECONDS = 300


@dataclass
class Lookup:
    value: str
    source: str


@dataclass
class Stock:
    sku: str
    warehouse: str
    on_hand: int
    reserved: int


class StockCache:
    """What the warehouses answered lately, and what is reserved."""

    def __init__(self):
        self.redis = redis.Redis(
            host='localhost',  # same box as the warehouse sync
            port=6379,
            decode_responses=True,
            socket_timeout=2,
        )

    async def recall(self, key):
        cached = await self.redis.get(f'inventory:{key}')
        return None if cached is None else json.loads(cached)

    async def remember(self, key, answer):
        await self.redis.set(f'inventory:{key}', json.dumps(answer), ex=TTL_SECONDS)

    async def reserve(self, sku, quantity):
        return await self.redis.hincrby('inventory:reserved', sku, quantity)

    async def reserved(self, sku):
        return int(await self.redis.hget('inventory:reserved', sku) or 0)


mcp = MCPServer('inventory', log_level='WARNING')
upstream = httpx.AsyncClient(base_url=os.environ['UPSTREAM_URL'], timeout=5)
cache = StockCache()


async def fetch(path):
    response = await upstream.get(path)
    if response.status_code in (404, 422):
        raise ToolError(response.json()['error'])
    response.raise_for_status()
    return response.json()


async def read(path):
    """Answer from the cache, else from upstream."""
    try:
        answer = await cache.recall(path)
    except redis.RedisError as error:
        raise ToolError(f'no cache: {error}') from error
    if answer is not None:
        return answer, 'cache'
    answer = await fetch(path)
    await cache.remember(path, answer)
    return answer, 'upstream'


@mcp.tool()
async def lookup(key: str) -> Lookup:
    """Look up one warehouse record."""
    answer, source = await read(f'/lookup/{key}')
    return Lookup(answer['value'], source)


@mcp.tool()
async def stock(sku: str) -> Stock:
    """Say how many of an article are on hand, and how many of those are reserved."""
    answer, _ = await read(f'/stock/{sku}')
    return Stock(reserved=await cache.reserved(sku), **answer)


@mcp.tool()
async def reserve(sku: str, quantity: int) -> int:
    """Reserve some of an article; answers with all that is reserved of it."""
    await read(f'/stock/{sku}')
    return await cache.reserve(sku, quantity)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--transport', choices=('stdio', 'http'), default='stdio')
    parser.add_argument('--host', default='127.0.0.1')
    parser.add_argument('--port', type=int, default=8000)
    args = parser.parse_args()
    if args.transport == 'http':
        mcp.run('streamable-http', host=args.host, port=args.port, stateless_http=True, json_response=True)
    else:
        mcp.run()


if __name__ == '__main__':
    main()
