"""Two copies of a fleet, one of them fixed: how far is for the user to say."""

from __future__ import annotations

from pathlib import Path

import pytest

from mooring.cli.prove.fleet import prepare
from mooring.prove import Side

from . import servers

# Its client blocks the event loop: an unsafe fix makes an asyncio one of it.
BLOCKING = """\
import redis
from mcp.server.mcpserver import MCPServer

mcp = MCPServer("blocking")
client = redis.Redis()


@mcp.tool()
async def lookup(key: str) -> str:
    return str(client.get(key))
"""


@pytest.mark.parametrize("unsafe", [False, True])
def test_unsafe_fixes_are_made_on_request_and_said(tmp_path: Path, unsafe: bool) -> None:
    servers.write_server(tmp_path / "shop", "blocking", BLOCKING)
    fleet = prepare(tmp_path / "shop", tmp_path / "copies", (), unsafe=unsafe)
    (candidate,) = fleet.candidates
    before, after = ((fleet.copies[side] / candidate.entry).read_text() for side in Side)
    assert before == BLOCKING
    assert ("await client.get(key)" in after) is unsafe
    assert "create_async_redis_from_config()" in after if unsafe else "create_redis_from_config()" in after
    assert any("Unsafe fixes were made too" in caveat for caveat in fleet.caveats) is unsafe
