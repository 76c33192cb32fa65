"""Messages to customers, as an MCP server."""

import argparse
import json
import os
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aioredis
import httpx
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError

TEMPLATE_TTL = 300
DAILY_LIMIT = 50


@asynccontextmanager
async def lifespan(_):
    client = await aioredis.from_url("redis://localhost", encoding="utf-8", decode_responses=True)
    async with httpx.AsyncClient(base_url=os.environ["UPSTREAM_URL"], timeout=5) as upstream:
        try:
            yield {"redis": client, "upstream": upstream}
        finally:
            await client.close()


mcp = MCPServer("notifications", log_level="WARNING", lifespan=lifespan)


@dataclass
class Lookup:
    value: str
    source: str


@dataclass
class Receipt:
    message_id: str
    sent_today: int


@mcp.tool()
async def lookup(key: str, ctx: Context) -> Lookup:
    """Look up one message template."""
    state = ctx.request_context.lifespan_context
    try:
        cached = await state["redis"].get(f"notifications:template:{key}")
    except aioredis.RedisError as error:
        raise ToolError(f"no cache: {error}") from error
    if cached is not None:
        return Lookup(json.loads(cached)["value"], "cache")
    response = await state["upstream"].get(f"/lookup/{key}")
    if response.status_code in (404, 422):
        raise ToolError(response.json()["error"])
    response.raise_for_status()
    await state["redis"].set(f"notifications:template:{key}", response.text, ex=TEMPLATE_TTL)
    return Lookup(response.json()["value"], "upstream")


@mcp.tool()
async def send(recipient: str, text: str, ctx: Context) -> Receipt:
    """Send a message, unless the recipient has had enough for today."""
    state = ctx.request_context.lifespan_context
    counter = f"notifications:sent:{recipient}"
    try:
        async with state["redis"].pipeline(transaction=True) as pipe:
            pipe.incr(counter)
            pipe.expire(counter, 86_400)
            sent, _ = await pipe.execute()
    except aioredis.RedisError as error:
        raise ToolError("messages cannot be counted at the moment, so none is sent") from error
    if sent > DAILY_LIMIT:
        raise ToolError(f"{recipient} has had {DAILY_LIMIT} messages today")
    response = await state["upstream"].post("/messages", json={"recipient": recipient, "text": text})
    if response.status_code == 422:
        raise ToolError(response.json()["error"])
    response.raise_for_status()
    return Receipt(response.json()["message_id"], sent)


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
