"""The asyncio clients, each opened the way its manual shows, as a `get` and a `set`."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, TypeAlias

import redis.asyncio

from benchmarks.lanes.bare import bare
from benchmarks.lanes.matrix import THEIRS
from mooring.runtime.lanes.client import AsyncRedis

__all__ = ["CEILING", "CLIENTS", "MOORING", "Opened"]

MOORING = "mooring"
CEILING = "bare protocol"
"""No client at all: what one in Python could reach at most."""

Opened: TypeAlias = tuple[Callable[[str], Awaitable[object]], Callable[[str, bytes], Awaitable[object]]]
Address: TypeAlias = dict[str, Any]


@contextlib.asynccontextmanager
async def _redis_py(address: Address, concurrent: int) -> AsyncIterator[Opened]:
    async with redis.asyncio.Redis(max_connections=concurrent, **address) as client:
        yield client.get, client.set


@contextlib.asynccontextmanager
async def _mooring(address: Address, concurrent: int) -> AsyncIterator[Opened]:
    async with AsyncRedis(max_connections=concurrent, **address) as client:
        yield client.get, client.set


@contextlib.asynccontextmanager
async def _coredis(address: Address, concurrent: int) -> AsyncIterator[Opened]:
    coredis = importlib.import_module("coredis")
    async with coredis.Redis(max_connections=concurrent, **address) as client:
        yield client.get, client.set


@contextlib.asynccontextmanager
async def _glide(address: Address, _: int) -> AsyncIterator[Opened]:
    glide = importlib.import_module("glide")
    if path := address.get("unix_socket_path"):
        node = glide.NodeAddress(unix_socket_path=path)
    else:
        node = glide.NodeAddress(address["host"], address["port"])
    options: dict[str, Any] = {}
    if authority := address.get("ssl_ca_certs"):
        certificates = await asyncio.to_thread(Path(authority).read_bytes)
        trusted = glide.TlsAdvancedConfiguration(root_pem_cacerts=certificates)
        options = {"use_tls": True, "advanced_config": glide.AdvancedGlideClientConfiguration(tls_config=trusted)}
    # In milliseconds: its default of 250 is no match for 500 large values at once. The others wait longer.
    configuration = glide.GlideClientConfiguration([node], request_timeout=10_000, **options)
    client = await glide.GlideClient.create(configuration)
    try:
        yield client.get, client.set
    finally:
        await client.close()


CLIENTS: dict[str, Callable[[Address, int], AbstractAsyncContextManager[Opened]]] = {
    THEIRS: _redis_py,
    MOORING: _mooring,
    "valkey-glide": _glide,
    "coredis": _coredis,
    CEILING: bare,
}
"""Called with redis-py's arguments for an address, and how many commands there will be at once."""
