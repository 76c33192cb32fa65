"""Staff accounts and their sessions, as an MCP server."""

import argparse
import functools
import json
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from redis.asyncio import BlockingConnectionPool, Redis
from redis.backoff import EqualJitterBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

TTL = 600
SESSION_SECONDS = 1800

upstream = httpx.AsyncClient(base_url=os.environ["UPSTREAM_URL"], timeout=5)


@functools.cache
def get_redis() -> Redis:
    """Connect once; every caller has the same client."""
    return Redis(
        connection_pool=BlockingConnectionPool.from_url(
            os.environ["REDIS_URL"],
            max_connections=50,
            timeout=5,
            decode_responses=True,
            socket_timeout=2,
            socket_connect_timeout=2,
            health_check_interval=30,
            retry=Retry(EqualJitterBackoff(cap=0.5, base=0.05), 3),
        )
    )


@asynccontextmanager
async def lifespan(_: MCPServer) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await upstream.aclose()
        await get_redis().connection_pool.aclose()


mcp = MCPServer("identity", log_level="WARNING", lifespan=lifespan)


@dataclass
class Lookup:
    value: str
    source: str


@dataclass
class User:
    user_id: str
    name: str
    admin: bool


async def read(path: str) -> tuple[dict, str]:
    try:
        cached = await get_redis().get(f"identity:{path}")
    except RedisError as error:
        raise ToolError(f"no cache: {error}") from error
    if cached is not None:
        return json.loads(cached), "cache"
    response = await upstream.get(path)
    if response.status_code in (404, 422):
        raise ToolError(response.json()["error"])
    response.raise_for_status()
    await get_redis().set(f"identity:{path}", response.text, ex=TTL)
    return response.json(), "upstream"


@mcp.tool()
async def lookup(key: str) -> Lookup:
    """Look up one directory record."""
    answer, source = await read(f"/lookup/{key}")
    return Lookup(answer["value"], source)


@mcp.tool()
async def open_session(user_id: str) -> str:
    """Open a session for a user; answers with its token, good for half an hour."""
    answer, _ = await read(f"/users/{user_id}")
    token = secrets.token_urlsafe(24)
    async with get_redis().pipeline(transaction=True) as pipe:
        pipe.hset(f"identity:session:{token}", mapping={"user_id": answer["user_id"]})
        pipe.expire(f"identity:session:{token}", SESSION_SECONDS)
        await pipe.execute()
    return token


@mcp.tool()
async def whoami(token: str) -> User:
    """Say whose session a token opens."""
    user_id = await get_redis().hget(f"identity:session:{token}", "user_id")
    if user_id is None:
        raise ToolError("the session is unknown or over; open a new one")
    answer, _ = await read(f"/users/{user_id}")
    return User(**answer)


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
