"""Synchronous callers: pooled clients, and two ways to drive a shared socket from threads.

"lanes" submits each command to an event loop in the background with `asyncio.run_coroutine_threadsafe`. "handoff" is
the least that any such design takes, with the bare protocol in place of a client: one wake-up of the loop for all
commands that wait, one lock for each that waits. Where that does not win, no design does.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, TypeAlias

import redis

from benchmarks.lanes.bare import Bare, connected, packed
from benchmarks.lanes.clients import MOORING
from benchmarks.lanes.matrix import THEIRS
from mooring.runtime.lanes.client import AsyncRedis
from mooring.runtime.manager import RedisConnectionManager

__all__ = ["HANDOFF", "LANES", "THREADED", "Get"]

Get: TypeAlias = Callable[[str], object]

LANES = "lanes from threads"
HANDOFF = "bare handoff"


@contextlib.contextmanager
def _redis_py(address: dict[str, Any], threads: int) -> Iterator[Get]:
    with redis.Redis(max_connections=threads, **address) as client:
        yield client.get


@contextlib.contextmanager
def _pooled(address: dict[str, Any], threads: int) -> Iterator[Get]:
    with RedisConnectionManager() as manager:
        url = f"redis://{address['host']}:{address['port']}/0"
        yield manager.client(url=url, max_connections=threads).get


@contextlib.contextmanager
def _lanes(address: dict[str, Any], _: int) -> Iterator[Get]:
    with _background() as loop:
        client = AsyncRedis(**address)

        async def get(key: str) -> object:
            return await client.get(key)

        yield lambda key: asyncio.run_coroutine_threadsafe(get(key), loop).result()
        asyncio.run_coroutine_threadsafe(client.aclose(), loop).result()


@contextlib.contextmanager
def _handoff(address: dict[str, Any], _: int) -> Iterator[Get]:
    with _background() as loop:
        protocol = asyncio.run_coroutine_threadsafe(connected(address), loop).result()
        yield _Handoff(loop, protocol).get
        loop.call_soon_threadsafe(protocol.transport.close)


class _Handoff:
    def __init__(self, loop: asyncio.AbstractEventLoop, protocol: Bare) -> None:
        self._loop = loop
        self._protocol = protocol
        self._given: deque[tuple[bytes, Callable[[object], None]]] = deque()
        self._woken = False

    def get(self, key: str) -> object:
        replies: list[object] = []
        lock = threading.Lock()
        lock.acquire()

        def answered(reply: object) -> None:
            replies.append(reply)
            lock.release()

        self._given.append((packed("GET", key), answered))
        if not self._woken:
            self._woken = True
            self._loop.call_soon_threadsafe(self._send)
        lock.acquire()
        return replies[0]

    def _send(self) -> None:
        # Before the queue is looked at: what comes later wakes the loop again.
        self._woken = False
        while self._given:
            self._protocol.send(*self._given.popleft())


@contextlib.contextmanager
def _background() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


THREADED: dict[str, Callable[[dict[str, Any], int], AbstractContextManager[Get]]] = {
    THEIRS: _redis_py,
    MOORING: _pooled,
    LANES: _lanes,
    HANDOFF: _handoff,
}
"""Called with redis-py's arguments for an address, and the number of threads."""
