"""A local cache's hit against a GET of redis-py's, and a miss against a GET without it, for tasks and threads.

    python -m benchmarks.local_cache

Loopback, 64 bytes, one caller. Over a network a GET takes longer, and a hit does not.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

import redis
import redis.asyncio

from benchmarks.rounds import Comparison, compare
from mooring.config.cache_size import CacheSize
from mooring.embedded import EmbeddedRedis
from mooring.runtime.lanes.client import AsyncRedis
from mooring.runtime.local_cache.client import CachedAsyncRedis
from mooring.runtime.manager import RedisConnectionManager

__all__ = ["comparisons"]

ROUNDS = 9
HITS, CALLS = 20_000, 500


def comparisons() -> Iterator[Comparison]:
    """What `python -m benchmarks` shows of this file."""
    with EmbeddedRedis() as server, asyncio.Runner() as runner:
        address: dict[str, Any] = {"host": server.host, "port": server.port}
        plain, lanes = redis.asyncio.Redis(**address), AsyncRedis(**address)
        cached = CachedAsyncRedis(**address, local_cache=CacheSize(entries=HITS))
        runner.run(_prepare(plain))

        def timed(client: Any, count: int, name: Callable[[int], str]) -> Callable[[], float]:
            return lambda: runner.run(_seconds(client, count, name))

        fresh = iter(range(10**9))
        yield compare(
            "redis-py GET over a hit",
            {"redis-py": timed(plain, CALLS, lambda _: "key"), "hit": timed(cached, HITS, lambda _: "key")},
            ROUNDS,
        )
        yield compare(
            "a miss over a GET on a lane",
            {"miss": timed(cached, CALLS, lambda _: f"key:{next(fresh)}"), "lane": timed(lanes, CALLS, str)},
            ROUNDS,
        )
        for client in (plain, lanes, cached):
            runner.run(client.aclose())
        yield from _for_threads(server)


def _for_threads(server: EmbeddedRedis) -> Iterator[Comparison]:
    fresh = iter(range(10**9))
    with RedisConnectionManager() as manager, redis.Redis(host=server.host, port=server.port) as plain:
        pooled = manager.client(url=server.url)
        cached = manager.client(url=server.url, local_cache=CacheSize(entries=HITS))
        yield compare(
            "threads: redis-py GET over a hit",
            {
                "redis-py": lambda: _thread_seconds(plain, CALLS, lambda _: "key"),
                "hit": lambda: _thread_seconds(cached, HITS, lambda _: "key"),
            },
            ROUNDS,
        )
        yield compare(
            "threads: a miss over a GET",
            {
                "miss": lambda: _thread_seconds(cached, CALLS, lambda _: f"key:{next(fresh)}"),
                "GET": lambda: _thread_seconds(pooled, CALLS, str),
            },
            ROUNDS,
        )


def _thread_seconds(client: Any, count: int, name: Callable[[int], str]) -> float:
    began = time.perf_counter()
    for number in range(count):
        client.get(name(number))
    return (time.perf_counter() - began) / count


async def _prepare(client: redis.asyncio.Redis) -> None:
    await client.set("key", b"x" * 64)


async def _seconds(client: Any, count: int, name: Callable[[int], str]) -> float:
    began = time.perf_counter()
    for number in range(count):
        await client.get(name(number))
    return (time.perf_counter() - began) / count


if __name__ == "__main__":
    for comparison in comparisons():
        print(comparison, flush=True)
