"""Small MCP servers, each with one way to behave towards its Redis."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from mooring.embedded import EmbeddedRedis
from mooring.prove.environment import inherited
from mooring.prove.scenarios import Launch, Side

_HEAD = """\
import os, sys
import redis.asyncio as redis
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel
from redis.backoff import NoBackoff
from redis.retry import Retry

mcp = MCPServer("test", log_level="ERROR")


class Answer(BaseModel):
    value: str
    source: str


"""

_LOOKUP = """\
async def read(client, key):
    if await client.get(key) is not None:
        return Answer(value=key, source="cache")
    await client.set(key, "x", ex=60)
    return Answer(value=key, source="upstream")


@mcp.tool()
async def lookup(key: str) -> Answer:
    return await read(client, key)


"""

_TAIL = """\
if __name__ == "__main__":
    mcp.run()
"""

GOOD = _HEAD + 'client = redis.from_url(os.environ["REDIS_URL"], decode_responses=True)\n\n\n' + _LOOKUP + _TAIL
"""Reads its settings."""

FAULTY = (
    _HEAD
    + "client = redis.Redis(host='localhost', port=PORT, decode_responses=True, retry=Retry(NoBackoff(), 0))\n\n\n"
    + _LOOKUP
    + _TAIL
)
"""Ignores them, and looks at a port where nothing is (PORT, to be filled in)."""

GREEDY = (
    _HEAD
    + "client = None\n\n\n"
    + _LOOKUP.replace(
        "    return await read(client, key)\n",
        '    async with redis.from_url(os.environ["REDIS_URL"]) as own:\n        return await read(own, key)\n',
    )
    + _TAIL
)
"""Opens a client for each call."""

DEAD = "raise RuntimeError('no such luck')\n"
"""Ends before it has begun."""

SILENT = "import sys, time\nprint('waiting for a friend', file=sys.stderr, flush=True)\ntime.sleep(600)\n"
"""Lives, and never says a word of MCP."""

CHATTY = GOOD.replace("mcp = MCP", "print('hello, this is no JSON-RPC', flush=True)\nmcp = MCP")
"""Prints to the stream that the protocol uses."""


def _answering(body: str) -> str:
    return f"{_HEAD}seen = set()\n\n\n@mcp.tool()\nasync def lookup(key: str) -> Answer:\n{body}\n\n{_TAIL}"


HANGING = _answering("    import asyncio\n    await asyncio.sleep(600)\n")
"""Takes a call and never answers."""

CRASHING = _answering("    print('KeyError: the roof is on fire', file=sys.stderr, flush=True)\n    os._exit(3)\n")
"""Ends at the first call."""

STRAY = _answering('    return Answer(value=key, source="upstream")\n')
"""Answers, and keeps nothing."""

ELSEWHERE = _answering(
    '    source = "cache" if key in seen else "upstream"\n    seen.add(key)\n'
    "    return Answer(value=key, source=source)\n"
)
"""Has a cache of its own."""

REFUSING = _answering("    raise ToolError('no cache: ' + os.environ['REDIS_URL'])\n")
"""Tells its whole URL in its error."""

MUTE = f"{_HEAD}@mcp.tool()\nasync def search(query: str) -> str:\n    return query\n\n\n{_TAIL}"
"""Offers another tool."""


def write_server(folder: Path, name: str, source: str) -> Path:
    """Write a server where a fleet has it, and return its folder."""
    home = folder / "servers" / name
    home.mkdir(parents=True)
    (home / "server.py").write_text(source)
    return home


def launch(home: Path, redis: EmbeddedRedis, side: Side = Side.AFTER) -> Launch:
    """How to start the server in `home` with the settings of a Redis."""
    env = {**inherited(os.environ), "REDIS_URL": redis.url, "COLUMNS": "200"}
    return Launch(home.name, side, home, (sys.executable, "server.py"), env, redis.url)
