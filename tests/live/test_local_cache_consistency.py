"""A local cache under 20 writers that are other clients, while connections are cut, the server restarts or fails over.

Each writer counts its key up, so an old value shows. Checked for every read:

- it is no older than an invalidation that had been delivered when the read began;
- it is no older than what had been written `STALENESS` seconds (and a turn of a busy machine) before.

MOORING_CACHE_SECONDS makes each way longer; 0.7 by default.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections import Counter
from typing import Any

import pytest
import redis.asyncio
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from mooring.config.cache_size import CacheSize
from mooring.embedded import EmbeddedRedis, SentinelTrio
from mooring.runtime.lanes.lane import Lane
from mooring.runtime.local_cache.client import CachedAsyncRedis
from mooring.runtime.local_cache.tracking import TrackingLanes
from mooring.runtime.manager import RedisConnectionManager

SECONDS = float(os.environ.get("MOORING_CACHE_SECONDS", "0.7"))
KEYS = [f"key:{number}" for number in range(20)]
READERS = 20
STALENESS = 0.5
# What a busy machine may add between a write's reply and the note of it, or between a read and its check.
SLACK = 0.5


class Witness:
    """What was written when, what was given out, and what has been taken away since."""

    def __init__(self) -> None:
        self.written: dict[str, list[tuple[float, int]]] = {key: [] for key in KEYS}
        self.given = dict.fromkeys(KEYS, 0)
        self.floor = dict.fromkeys(KEYS, 0)
        self.seen: Counter[str] = Counter()
        self.broadcast = False
        self.over = False

    def invalidated(self, key: str) -> None:
        """Note that whatever was given out so far has been superseded."""
        self.seen["invalidation"] += 1
        # What was given out is what the server now calls old. A broadcast alone may follow a reply that knows of it.
        self.floor[key] = max(self.floor[key], self.given[key] + (not self.broadcast))

    def oldest_allowed(self, key: str, now: float) -> int:
        """Return the oldest version that a read which begins now may bring."""
        settled = [version for when, version in self.written[key] if when < now - STALENESS - SLACK]
        return max(self.floor[key], settled[-1] if settled else 0)


@pytest.fixture
def witness(monkeypatch: pytest.MonkeyPatch) -> Witness:
    """One who hears each invalidation as it is delivered."""
    found = Witness()
    pushed = TrackingLanes.pushed

    def hear(lanes: TrackingLanes, lane: Lane, message: list[Any]) -> None:
        pushed(lanes, lane, message)
        for key in message[1] or ():
            if key.decode() in found.floor:
                found.invalidated(key.decode())

    monkeypatch.setattr(TrackingLanes, "pushed", hear)
    return found


async def _write(server: EmbeddedRedis, key: str, witness: Witness) -> None:
    async with redis.asyncio.Redis(host=server.host, port=server.port, retry=Retry(NoBackoff(), 0)) as client:
        version = 0
        # redis-py may make an error of its own of a cancellation, so a writer is asked to end.
        while not witness.over:
            version += 1
            with contextlib.suppress(RedisError, OSError):
                await client.set(key, version)
                witness.written[key].append((time.monotonic(), version))
                witness.seen["written"] += 1
            await asyncio.sleep(0.02)


async def _read(client: CachedAsyncRedis, number: int, witness: Witness) -> None:
    while True:
        for key in (*KEYS[number:], *KEYS[:number]):
            oldest = witness.oldest_allowed(key, time.monotonic())
            try:
                found = await client.get(key)
            except RedisError:
                witness.seen["failed"] += 1
                continue
            if found is None:  # never written, or forgotten by a server that was started anew
                witness.seen["nothing"] += 1
                continue
            assert int(found) >= oldest, (key, int(found), oldest)
            witness.given[key] = max(witness.given[key], int(found))
            witness.seen["read"] += 1
        await asyncio.sleep(0.001)


async def _cut(server: EmbeddedRedis) -> None:
    with server.client() as observer:
        while True:
            await asyncio.sleep(0.3)
            observer.client_kill_filter(_type="normal", skipme=True)


async def _restart(server: EmbeddedRedis) -> None:
    while True:
        await asyncio.sleep(0.25)
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)


@pytest.mark.parametrize("trouble", [None, _cut, _restart])
@pytest.mark.parametrize("prefixes", [(), ("key:",)])
async def test_no_value_is_older_than_what_was_heard(witness: Witness, trouble: Any, prefixes: tuple[str, ...]) -> None:
    witness.broadcast = bool(prefixes)
    with EmbeddedRedis() as server:
        size = CacheSize(staleness=STALENESS, prefixes=prefixes)
        async with CachedAsyncRedis(host=server.host, port=server.port, local_cache=size) as client:
            writers = [asyncio.create_task(_write(server, key, witness)) for key in KEYS]
            tasks = [asyncio.create_task(_read(client, number, witness)) for number in range(READERS)]
            tasks += [asyncio.create_task(trouble(server))] if trouble else []
            done, _ = await asyncio.wait((*tasks, *writers), timeout=SECONDS, return_when=asyncio.FIRST_COMPLETED)
            numbers = client.local_cache_numbers()
            witness.over = True
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, *writers, return_exceptions=True)
            for task in done:
                task.result()
    assert numbers is not None
    print(witness.seen, numbers)  # noqa: T201 - shown when the test fails, or with -s
    assert witness.seen["read"]
    assert witness.seen["invalidation"]
    assert numbers.hits
    assert numbers.dropped or trouble is None


def _read_in_thread(client: Any, number: int, witness: Witness) -> None:
    while not witness.over:
        for key in (*KEYS[number:], *KEYS[:number]):
            oldest = witness.oldest_allowed(key, time.monotonic())
            try:
                found = client.get(key)
            except RedisError:
                witness.seen["failed"] += 1
                continue
            if found is not None:
                assert int(found) >= oldest, (key, int(found), oldest)
                witness.seen["read"] += 1
        time.sleep(0.001)


@pytest.mark.parametrize("trouble", [None, _cut, _restart])
async def test_no_thread_reads_a_value_older_than_what_was_heard(witness: Witness, trouble: Any) -> None:
    # Another thread's note of what it has read comes too late to be held against an invalidation: only age is.
    with EmbeddedRedis() as server, RedisConnectionManager() as manager:
        client: Any = manager.client(url=server.url, local_cache=CacheSize(staleness=STALENESS))
        writers = [asyncio.create_task(_write(server, key, witness)) for key in KEYS]
        readers = [asyncio.create_task(asyncio.to_thread(_read_in_thread, client, each, witness)) for each in range(4)]
        troubled = [asyncio.create_task(trouble(server))] if trouble else []
        await asyncio.wait((*readers, *writers, *troubled), timeout=SECONDS, return_when=asyncio.FIRST_COMPLETED)
        numbers = client.local_cache_numbers()
        witness.over = True
        for task in troubled:
            task.cancel()
        await asyncio.gather(*writers, *troubled, return_exceptions=True)
        await asyncio.gather(*readers)
    print(witness.seen, numbers)  # noqa: T201 - shown when the test fails, or with -s
    assert witness.seen["read"]
    assert witness.seen["invalidation"]
    assert numbers.hits
    assert numbers.dropped or trouble is None


async def test_a_failover_leaves_nothing_of_the_former_master() -> None:
    with SentinelTrio(down_after=0.5) as trio:
        sentinel = Sentinel(trio.sentinels)
        pool: Any = sentinel.master_for(trio.service_name).connection_pool
        client = CachedAsyncRedis(connection_pool=pool, local_cache=CacheSize(staleness=STALENESS), deadline=15)
        await client.set("key", "before")
        assert [await client.get("key") for _ in range(2)] == [b"before"] * 2
        master = await asyncio.to_thread(trio.failover)
        with master.client() as other:
            other.set("key", "after")
        async with asyncio.timeout(STALENESS + 10):
            while await client.get("key") != b"after":  # noqa: ASYNC110 - the answer is what is awaited
                await asyncio.sleep(0.01)
        await client.aclose(close_connection_pool=True)
        for each in sentinel.sentinels:
            await each.aclose()
