"""Support tickets and who has them, as an MCP server."""

import argparse
import json
import os
from dataclasses import dataclass

import httpx
import redis
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from redis import Redis as RedisClient
from redis.backoff import NoBackoff
from redis.retry import Retry

TTL = 60
FAIL_FAST = Retry(NoBackoff(), 0)

mcp = MCPServer("tickets", log_level="WARNING")
upstream = httpx.AsyncClient(base_url=os.environ["UPSTREAM_URL"], timeout=5)


@dataclass
class Lookup:
    value: str
    source: str


@dataclass
class Ticket:
    ticket_id: int
    priority: int
    open: bool


async def fetch(path: str) -> dict:
    response = await upstream.get(path)
    if response.status_code in (404, 422):
        raise ToolError(response.json()["error"])
    response.raise_for_status()
    return response.json()


@mcp.tool()
async def lookup(key: str) -> Lookup:
    """Look up one ticket record."""
    with RedisClient('127.0.0.1', 6379, db=2, retry=FAIL_FAST) as conn:
        try:
            cached = conn.get(f"tickets:lookup:{key}")
        except redis.ConnectionError as error:
            raise ToolError(f"no cache: {error}") from error
        if cached is not None:
            return Lookup(cached.decode(), "cache")
        answer = await fetch(f"/lookup/{key}")
        conn.set(f"tickets:lookup:{key}", answer["value"], ex=TTL)
        return Lookup(answer["value"], "upstream")


@mcp.tool()
async def ticket(ticket_id: int) -> Ticket:
    """Describe a ticket."""
    with RedisClient('127.0.0.1', 6379, db=2, retry=FAIL_FAST) as conn:
        cached = conn.get(f"tickets:ticket:{ticket_id}")
        if cached is not None:
            return Ticket(**json.loads(cached))
        answer = await fetch(f"/tickets/{ticket_id}")
        conn.set(f"tickets:ticket:{ticket_id}", json.dumps(answer), ex=TTL)
        return Ticket(**answer)


@mcp.tool()
async def assign(ticket_id: int, agent: str) -> int:
    """Put a ticket on an agent's pile; answers with the height of the pile."""
    conn = RedisClient("127.0.0.1", 6379, 2, socket_timeout=1)  # the assignments live beside the cache
    height = conn.rpush(f"tickets:assigned:{agent}", ticket_id)
    conn.close()
    return height


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
