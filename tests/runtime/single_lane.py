"""A client with a single lane, so that everything has to share it, and what the server sees of it."""

from __future__ import annotations

import asyncio
from typing import Any

from mooring.embedded import EmbeddedRedis
from mooring.runtime.lanes.client import AsyncRedis

_NAME = "lanes"


def single_lane(server: EmbeddedRedis, **options: Any) -> AsyncRedis:
    return AsyncRedis(host=server.host, port=server.port, client_name=_NAME, lanes=1, **options)


def open_connections(server: EmbeddedRedis) -> int:
    """Count the connections of such clients, pooled ones among them."""
    with server.client() as observer:
        return len([known for known in observer.client_list() if known["name"] == _NAME])


async def all_gone(server: EmbeddedRedis) -> bool:
    """Tell whether the server has seen them all close; it may take a moment to look."""
    for _ in range(2000):
        if not open_connections(server):
            return True
        await asyncio.sleep(0.001)
    return False
