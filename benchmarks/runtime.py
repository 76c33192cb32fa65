"""The runtime against bare redis-py: what a shared pool saves, and what the factory costs."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from functools import partial

import redis
import redis.asyncio

from benchmarks.rounds import Comparison, compare
from mooring import RedisConnectionManager, create_async_redis_from_config, create_redis_from_config
from mooring.embedded import EmbeddedRedis

__all__ = ["comparisons"]

CALLS = 2000
ROUNDS = 11


def comparisons() -> Iterator[Comparison]:
    """Every comparison of this file, each measured when it is asked for."""
    with EmbeddedRedis(password="bench") as server:
        yield compare(
            "new client per call / shared pool, 1 at once",
            {
                "per call": lambda: _timed(lambda: _client_per_call(server.url), CALLS // 10),
                "shared": lambda: _timed(lambda: _factory_per_call(server.url), CALLS // 10),
            },
            ROUNDS,
        )
        bare = redis.Redis.from_url(server.url)
        ours = create_redis_from_config(url=server.url)
        for threads in (1, 50):
            yield compare(
                f"GET, {threads} at once / bare redis-py",
                {
                    "mooring": partial(_threaded, ours, threads),
                    "redis-py": partial(_threaded, bare, threads),
                },
                ROUNDS,
            )
        bare.close()
        for concurrent in (1, 50):
            yield compare(
                f"asyncio GET on the pool, {concurrent} at once / bare",
                {
                    "mooring": partial(_run, _asyncio_ours, server.url, concurrent),
                    "redis-py": partial(_run, _asyncio_bare, server.url, concurrent),
                },
                ROUNDS,
            )
        RedisConnectionManager.instance().close()
    yield compare(
        "from mooring import the factory / import redis",
        {
            "mooring": lambda: _run_code("from mooring import create_redis_from_config"),
            "redis": lambda: _run_code("import redis"),
        },
        ROUNDS,
    )


def _run(measure: Callable[[str, int], Coroutine[None, None, float]], url: str, concurrent: int) -> float:
    return asyncio.run(measure(url, concurrent))


def _timed(call: Callable[[], object], times: int) -> float:
    start = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - start) / times


def _threaded(client: redis.Redis, threads: int) -> float:
    def caller() -> None:
        for _ in range(CALLS // threads):
            client.get("key")

    _run_threads(partial(client.get, "key"), threads)  # opens the connections
    start = time.perf_counter()
    _run_threads(caller, threads)
    return (time.perf_counter() - start) / CALLS


def _run_threads(target: Callable[[], object], threads: int) -> None:
    running = [threading.Thread(target=target) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()


def _client_per_call(url: str) -> None:
    client = redis.Redis.from_url(url)
    client.get("key")
    client.close()


def _factory_per_call(url: str) -> None:
    create_redis_from_config(url=url).get("key")


async def _asyncio_ours(url: str, concurrent: int) -> float:
    return await _timed_async(create_async_redis_from_config(url=url, multiplex=False).get, concurrent)


async def _asyncio_bare(url: str, concurrent: int) -> float:
    async with redis.asyncio.Redis.from_url(url) as client:
        return await _timed_async(client.get, concurrent)


async def _timed_async(get: Callable[[str], Awaitable[object]], concurrent: int) -> float:
    async def caller() -> None:
        for _ in range(CALLS // concurrent):
            await get("key")

    await asyncio.gather(*(get("key") for _ in range(concurrent)))  # opens the connections
    start = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(concurrent)))
    return (time.perf_counter() - start) / CALLS


def _run_code(code: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - start
