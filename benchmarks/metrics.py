"""What it costs to count commands for Prometheus or OpenTelemetry: the same client with and without a listener.

In many short rounds, for the difference is small.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial

from benchmarks.rounds import Comparison, compare
from mooring import RedisConnectionManager
from mooring.embedded import EmbeddedRedis
from mooring.runtime import hooks
from mooring.runtime.observing.metrics import Recorder

__all__ = ["comparisons"]

CALLS = 200
ROUNDS = 601


def comparisons() -> Iterator[Comparison]:
    """Every comparison of this file, each measured when it is asked for."""
    with EmbeddedRedis(password="bench") as server:
        with RedisConnectionManager() as manager:
            yield _compared("GET, counted / not counted", partial(_sync, manager.client(url=server.url).get))
        with asyncio.Runner() as runner:
            manager = RedisConnectionManager()
            get = manager.async_client(url=server.url).get
            for concurrent in (1, 50):
                yield _compared(
                    f"asyncio GET, {concurrent} at once, counted / not",
                    partial(_run, runner, get, concurrent),
                )
            runner.run(manager.aclose())
    yield _compared("an event, counted / told to nobody", _tell)


def _compared(title: str, measure: Callable[[], float]) -> Comparison:
    recorder = Recorder()

    def counted() -> float:
        hooks.install(recorder)
        try:
            return measure()
        finally:
            hooks.uninstall(recorder)

    return compare(title, {"counted": counted, "not": measure}, ROUNDS)


def _sync(get: Callable[[str], object]) -> float:
    began = time.perf_counter()
    for _ in range(CALLS):
        get("key")
    return (time.perf_counter() - began) / CALLS


def _run(runner: asyncio.Runner, get: Callable[[str], Awaitable[object]], concurrent: int) -> float:
    return runner.run(_asyncio(get, concurrent))


async def _asyncio(get: Callable[[str], Awaitable[object]], concurrent: int) -> float:
    async def caller() -> None:
        for _ in range(CALLS // concurrent):
            await get("key")

    began = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(concurrent)))
    return (time.perf_counter() - began) / CALLS


def _tell() -> float:
    began = time.perf_counter()
    for _ in range(CALLS):
        start = time.monotonic()
        if hooks.active is not None:
            hooks.active.command("cache:6379/0", "GET", time.monotonic() - start, None)
    return (time.perf_counter() - began) / CALLS
