"""Orders and the queue of those to pick, as an MCP server."""

import argparse
import json
import os
from dataclasses import dataclass

import httpx
import redis
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from redis.backoff import NoBackoff
from redis.retry import Retry

CACHE_SECONDS = 120
PICK_QUEUE = "orders:to-pick"

mcp = MCPServer("orders", log_level="WARNING")
upstream = httpx.AsyncClient(base_url=os.environ["UPSTREAM_URL"], timeout=5)
# The warehouse would rather see an error than wait.
cache = redis.Redis(decode_responses=True, retry=Retry(NoBackoff(), 1))


@dataclass
class Lookup:
	value: str
	source: str


@dataclass
class Order:
	order_id: int
	status: str
	total_cents: int


async def read_through(path):
	try:
		cached = cache.get(f"orders:{path}")
	except redis.RedisError as error:
		raise ToolError(f"no cache: {error}") from error
	if cached:
		return json.loads(cached), "cache"
	response = await upstream.get(path)
	if response.status_code in (404, 422):
		raise ToolError(response.json()["error"])
	response.raise_for_status()
	cache.set(f"orders:{path}", response.text, ex=CACHE_SECONDS)
	return response.json(), "upstream"


@mcp.tool()
async def lookup(key: str) -> Lookup:
	"""Look up one order record."""
	answer, source = await read_through(f"/lookup/{key}")
	return Lookup(answer["value"], source)


@mcp.tool()
async def order_status(order_id: int) -> Order:
	"""Say where an order is, and what it costs."""
	answer, _ = await read_through(f"/orders/{order_id}")
	return Order(**answer)


@mcp.tool()
async def queue_pick(order_id: int) -> int:
	"""Queue an order for picking; answers with the length of the queue."""
	await read_through(f"/orders/{order_id}")
	return cache.rpush(PICK_QUEUE, order_id)


@mcp.tool()
async def next_pick() -> int | None:
	"""Take the next order to pick off the queue."""
	order_id = cache.lpop(PICK_QUEUE)
	return None if order_id is None else int(order_id)


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
