"""Customers and the notes that agents keep about them, as an MCP server.

Every tool is a plain function: the SDK runs it on a worker thread.
"""

import argparse
import json
import os
from dataclasses import dataclass

import httpx
import redis
from constants import CACHE_SECONDS, NOTE_LIMIT, REDIS_DB, REDIS_HOST, REDIS_PORT
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

mcp = MCPServer("customers", log_level="WARNING")
upstream = httpx.Client(base_url=os.environ["UPSTREAM_URL"], timeout=5)


@dataclass
class Lookup:
    value: str
    source: str


@dataclass
class Customer:
    customer_id: int
    tier: str
    city: str
    notes: list[str]


def get_redis():
    return redis.Redis(host=REDIS_HOST, port=REDIS_PORT, db=REDIS_DB)


def read(path: str) -> tuple[dict, str]:
    try:
        cached = get_redis().get(f"customers:{path}")
    except redis.exceptions.ConnectionError as error:
        raise ToolError(f"no cache: {error}") from error
    if cached is not None:
        return json.loads(cached), "cache"
    response = upstream.get(path)
    if response.status_code in (404, 422):
        raise ToolError(response.json()["error"])
    response.raise_for_status()
    get_redis().set(f"customers:{path}", response.content, ex=CACHE_SECONDS)
    return response.json(), "upstream"


@mcp.tool()
def lookup(key: str) -> Lookup:
    """Look up one customer record."""
    answer, source = read(f"/lookup/{key}")
    return Lookup(answer["value"], source)


@mcp.tool()
def customer(customer_id: int) -> Customer:
    """Describe a customer, with the latest notes."""
    answer, _ = read(f"/customers/{customer_id}")
    notes = get_redis().lrange(f"customers:notes:{customer_id}", 0, NOTE_LIMIT - 1)
    return Customer(notes=[note.decode() for note in notes], **answer)


@mcp.tool()
def add_note(customer_id: int, text: str) -> int:
    """Keep a note about a customer; answers with the number of notes kept."""
    read(f"/customers/{customer_id}")
    connection = get_redis()
    with connection.pipeline() as pipe:
        pipe.lpush(f"customers:notes:{customer_id}", text)
        pipe.ltrim(f"customers:notes:{customer_id}", 0, NOTE_LIMIT - 1)
        length, _ = pipe.execute()
    return min(length, NOTE_LIMIT)


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
