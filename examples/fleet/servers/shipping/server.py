"""Carrier rates and shipping labels, as an MCP server."""

import argparse
import json
import os
from dataclasses import dataclass

import httpx
import redis
import redis.asyncio as aioredis
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from redis.backoff import NoBackoff
from redis.retry import Retry

REDIS_OPTIONS = {
    "host": "localhost",
    "port": 6379,
    "db": 1,
    "decode_responses": True,
}
RATE_TTL = 3600
LABEL_LOCK_SECONDS = 30


@dataclass
class Lookup:
    value: str
    source: str


@dataclass
class Rate:
    country: str
    days: int
    cents: int


class RateCache:
    """Asynchronous cache of what the carriers answered."""

    def __init__(self):
        # the label printer gives up after a second, so do not try again
        self.client = redis.Redis(**REDIS_OPTIONS, retry=Retry(NoBackoff(), 0))

    async def recall(self, path):
        cached = self.client.get(f"shipping:{path}")
        return json.loads(cached) if cached else None

    async def remember(self, path, answer):
        self.client.set(f"shipping:{path}", json.dumps(answer), ex=RATE_TTL)

    async def claim(self, order_id):
        """Let one printer have the label of an order."""
        claimed = self.client.set(f"shipping:label:{order_id}", "printing", nx=True, ex=LABEL_LOCK_SECONDS)
        return bool(claimed)


mcp = MCPServer("shipping", log_level="WARNING")
upstream = httpx.AsyncClient(base_url=os.environ["UPSTREAM_URL"], timeout=5)
rates = RateCache()


async def read(path):
    try:
        answer = await rates.recall(path)
    except redis.RedisError as error:
        raise ToolError(f"no cache: {error}") from error
    if answer is not None:
        return answer, "cache"
    response = await upstream.get(path)
    if response.status_code in (404, 422):
        raise ToolError(response.json()["error"])
    response.raise_for_status()
    await rates.remember(path, response.json())
    return response.json(), "upstream"


@mcp.tool()
async def lookup(key: str) -> Lookup:
    """Look up one carrier record."""
    answer, source = await read(f"/lookup/{key}")
    return Lookup(answer["value"], source)


@mcp.tool()
async def rate(country: str) -> Rate:
    """Say what it costs to ship to a country, and how many days it takes."""
    answer, _ = await read(f"/rates/{country}")
    return Rate(**answer)


@mcp.tool()
async def claim_label(order_id: int) -> bool:
    """Claim the label of an order for printing; false when another printer has it."""
    return await rates.claim(order_id)


def main():
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
