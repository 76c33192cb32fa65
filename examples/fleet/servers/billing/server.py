"""Invoices and receipts, as an MCP server."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass

import httpx
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from redis.asyncio import Redis
from redis.exceptions import RedisError
from settings import settings

mcp = MCPServer("billing", log_level="WARNING")
upstream = httpx.AsyncClient(base_url=settings.upstream_url, timeout=5)


@dataclass
class Lookup:
    value: str
    source: str


@dataclass
class Invoice:
    invoice_id: str
    cents: int
    paid: bool


def redis_client() -> Redis:
    """Connect to the cache."""
    return Redis.from_url(settings.redis_url, decode_responses=True, socket_timeout=3.0)  # strings, please


async def read(path: str) -> tuple[dict, str]:
    client = redis_client()
    try:
        cached = await client.get(f"billing:{path}")
        if cached is not None:
            return json.loads(cached), "cache"
        response = await upstream.get(path)
        if response.status_code in (404, 422):
            raise ToolError(response.json()["error"])
        response.raise_for_status()
        await client.set(f"billing:{path}", response.text, ex=settings.cache_seconds)
        return response.json(), "upstream"
    except RedisError as error:
        raise ToolError(f"no cache: {error}") from error
    finally:
        await client.aclose()


@mcp.tool()
async def lookup(key: str) -> Lookup:
    """Look up one billing record."""
    answer, source = await read(f"/lookup/{key}")
    return Lookup(answer["value"], source)


@mcp.tool()
async def invoice(invoice_id: str) -> Invoice:
    """Say what an invoice comes to, and whether it is paid."""
    answer, _ = await read(f"/invoices/{invoice_id}")
    return Invoice(**answer)


@mcp.tool()
async def issue_receipt(invoice_id: str) -> str:
    """Give an invoice the next receipt number of the year."""
    await read(f"/invoices/{invoice_id}")
    async with redis_client() as client:
        number = await client.incr("billing:receipts")
        await client.hset("billing:receipt-of", invoice_id, number)
    return f"R-{number:06d}"


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
