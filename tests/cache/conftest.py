"""Replicas of a service: caches with a client each, on one real Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack

import pytest
import redis
import redis.asyncio

from mooring.cache import Budget, Governor, Policy, ResponseCache, SyncResponseCache, Tally, Window
from mooring.cache.events import install, uninstall
from mooring.embedded import EmbeddedRedis

Replicas = Callable[..., list[ResponseCache]]
Governors = Callable[..., list[Governor]]


@pytest.fixture
def tally() -> Iterator[Tally]:
    """Count what the caches tell."""
    counting = Tally()
    install(counting)
    yield counting
    uninstall(counting)


@pytest.fixture
async def replicas(redis_server: EmbeddedRedis) -> AsyncIterator[Replicas]:
    """Make as many replicas as are asked for, and close them in the end."""
    async with AsyncExitStack() as stack:

        def make(count: int, url: str = redis_server.url, timeout: float = 5.0) -> list[ResponseCache]:
            caches = []
            for _ in range(count):
                client = redis.asyncio.Redis.from_url(url)
                stack.push_async_callback(client.aclose)
                caches.append(ResponseCache(client, "github", policy=Policy(jitter=0), timeout=timeout))
                stack.push_async_callback(caches[-1].aclose)
            return caches

        yield make


@pytest.fixture
async def cache(replicas: Replicas) -> ResponseCache:
    """One replica."""
    return replicas(1)[0]


@pytest.fixture
def sync_cache(redis_server: EmbeddedRedis) -> Iterator[SyncResponseCache]:
    """One replica made of threads."""
    with redis.Redis.from_url(redis_server.url) as client, SyncResponseCache(client, "github") as cache:
        yield cache


async def becomes(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds, and fail when it never does."""
    for _ in range(10_000):
        if condition():
            return
        await asyncio.sleep(0.002)
    raise AssertionError("the condition never held")


@pytest.fixture
async def governors(redis_server: EmbeddedRedis) -> AsyncIterator[Governors]:
    """Make the governors of as many replicas as are asked for."""
    async with AsyncExitStack() as stack:

        def make(
            count: int, *windows: Window, url: str = redis_server.url, timeout: float = 5.0, **options: float
        ) -> list[Governor]:
            made = []
            for _ in range(count):
                client = redis.asyncio.Redis.from_url(url)
                stack.push_async_callback(client.aclose)
                budget = Budget(windows, **options)  # type: ignore[arg-type]
                made.append(Governor(client, "gong", {"calls": budget}, timeout=timeout))
                stack.push_async_callback(made[-1].aclose)
            return made

        yield make


@pytest.fixture
def mortal() -> Iterator[EmbeddedRedis]:
    """A Redis of the test's own, to be killed."""
    with EmbeddedRedis() as server:
        yield server
