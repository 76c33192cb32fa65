"""Without Redis everything goes on, uncached; with it again, nobody sees what a write made old meanwhile."""

from __future__ import annotations

import asyncio
import time

import pytest
import redis
from tests.cache.conftest import Replicas, becomes
from tests.cache.upstreams import Upstream

from mooring.cache import Cached, Policy, ResponseCache, State, SyncResponseCache, Tally
from mooring.cache.reachability import Reachability
from mooring.cache.tags import Debts
from mooring.embedded import EmbeddedRedis


async def ask(cache: ResponseCache, upstream: Upstream, key: int = 0) -> Cached[dict[str, int]]:
    return await cache.get_or_load(key, upstream.load, account="7", tags=["repo:o/r"])


async def test_redis_killed_under_load_fails_no_call(replicas: Replicas, mortal: EmbeddedRedis, tally: Tally) -> None:
    caches = replicas(3, mortal.url, 0.5)
    upstream = Upstream(seconds=0.002)
    answers = 0
    stop = False

    async def caller(n: int) -> None:
        nonlocal answers
        while not stop:
            assert (await ask(caches[n % 3], upstream, n % 7)).value == {"version": 1}
            answers += 1

    callers = [asyncio.create_task(caller(n)) for n in range(30)]
    await becomes(lambda: answers > 500)
    await asyncio.to_thread(mortal.kill)
    during = answers
    await becomes(lambda: answers > during + 500)
    assert tally.counts["github", "failed open", "spared"] > 0
    await asyncio.to_thread(mortal.restart)
    hits = tally.counts["github", "served", "hit"]
    # It comes back by itself.
    await becomes(lambda: tally.counts["github", "served", "hit"] > hits + 100)
    stop = True
    await asyncio.gather(*callers)


@pytest.mark.parametrize("fault", ["kill", "pause"])
async def test_a_redis_that_is_gone_costs_latency_once_and_not_per_call(
    replicas: Replicas, mortal: EmbeddedRedis, fault: str
) -> None:
    (cache,) = replicas(1, mortal.url, 0.3)
    upstream = Upstream()
    await ask(cache, upstream)
    await asyncio.to_thread(getattr(mortal, fault))
    start = time.monotonic()
    for _ in range(200):
        assert (await ask(cache, upstream)).state is State.MISS
    # 200 timeouts would take a minute; one does not.
    assert time.monotonic() - start < 5
    mortal.resume()


async def test_callers_still_share_one_upstream_call_without_redis(replicas: Replicas, mortal: EmbeddedRedis) -> None:
    (cache,) = replicas(1, mortal.url, 0.3)
    await asyncio.to_thread(mortal.kill)
    upstream = Upstream(seconds=0.2)
    await ask(cache, upstream, 1)
    upstream.calls = 0
    await asyncio.gather(*(ask(cache, upstream) for _ in range(20)))
    assert upstream.calls == 1


async def test_without_redis_a_read_after_a_write_shares_nothing_with_a_read_before(
    replicas: Replicas, mortal: EmbeddedRedis
) -> None:
    (cache,) = replicas(1, mortal.url, 0.3)
    await asyncio.to_thread(mortal.kill)
    upstream = Upstream(held=asyncio.Event())
    before = asyncio.create_task(ask(cache, upstream))
    await becomes(lambda: upstream.calls == 1)
    upstream.version, upstream.held = 2, None
    assert not await cache.invalidate("repo:o/r")
    assert (await ask(cache, upstream)).value == {"version": 2}
    before.cancel()


async def test_a_write_while_redis_was_away_is_told_before_anything_is_read(
    replicas: Replicas, mortal: EmbeddedRedis, tally: Tally
) -> None:
    writer, reader = replicas(2, mortal.url, 0.3)
    upstream = Upstream()
    await ask(reader, upstream)
    await asyncio.to_thread(mortal.pause)
    upstream.version = 2
    assert not await writer.invalidate("repo:o/r")
    assert (await ask(writer, upstream)).value == {"version": 2}
    assert tally.counts["github", "invalidated", "owed"] == 1
    mortal.resume()
    while (answer := await ask(writer, upstream)).state is not State.HIT:
        assert answer.value == {"version": 2}
    assert answer.value == {"version": 2}
    assert (await ask(reader, upstream)).value == {"version": 2}


async def test_a_writer_that_reads_nothing_tells_redis_too(replicas: Replicas, mortal: EmbeddedRedis) -> None:
    writer, reader = replicas(2, mortal.url, 0.3)
    upstream = Upstream()
    await ask(reader, upstream)
    await asyncio.to_thread(mortal.pause)
    upstream.version = 2
    assert not await writer.invalidate("repo:o/r")
    mortal.resume()
    await becomes(lambda: not writer._debts)
    assert (await ask(reader, upstream)).value == {"version": 2}


async def test_a_write_while_another_is_told_stays_owed(replicas: Replicas, mortal: EmbeddedRedis) -> None:
    (cache,) = replicas(1, mortal.url, 5)
    await cache.invalidate("warm")
    mortal.pause()
    telling = asyncio.create_task(cache.invalidate("one"))
    await asyncio.sleep(0.05)
    cache.touched(["other"])
    mortal.resume()
    assert await telling
    assert len(cache._debts) == 1


async def test_what_is_touched_again_while_it_is_told_stays_owed() -> None:
    debts = Debts("github")
    debts.owe([b"a", b"b"])
    bill = debts.bill()
    debts.owe([b"b"])
    debts.paid(bill)
    assert list(debts.bill()) == [b"b"]
    debts.owe(str(n).encode() for n in range(2000))
    assert len(debts) == 1


async def test_a_full_redis_is_still_read(replicas: Replicas) -> None:
    with EmbeddedRedis() as server:
        (cache,) = replicas(1, server.url)
        upstream = Upstream()
        await ask(cache, upstream)
        with server.client() as client:
            client.config_set("maxmemory", "1")
        assert (await ask(cache, upstream, 1)).state is State.MISS
        assert (await ask(cache, upstream)).state is State.HIT


def test_threads_go_on_without_redis_and_tell_it_afterwards(mortal: EmbeddedRedis) -> None:
    with mortal.client() as client, SyncResponseCache(client, "github", policy=Policy(ttl=60)) as cache:
        assert cache.get_or_load("k", lambda _: 1, account="7", tags=["t"]).value == 1
        mortal.pause()
        client.connection_pool.disconnect()
        with redis.Redis.from_url(mortal.url, socket_timeout=0.2) as impatient:
            away = SyncResponseCache(impatient, "github")
            assert not away.invalidate("t")
            assert away.get_or_load("k", lambda _: 2, account="7", tags=["t"]).value == 2
            mortal.resume()
            for _ in range(1000):
                answer = away.get_or_load("k", lambda _: 2, account="7", tags=["t"])
                assert answer.value == 2
                if answer.state is State.HIT:
                    break
                time.sleep(0.005)
            away.close()
        assert cache.get_or_load("k", lambda _: 3, account="7", tags=["t"]).value == 2


def test_one_caller_in_each_pause_asks_a_redis_that_failed() -> None:
    now = 0.0
    reach = Reachability(pause=1.0, monotonic=lambda: now)
    assert reach.ask() and reach.ask()
    reach.failed()
    assert not reach.ask()
    now = 1.6
    assert reach.ask()
    assert not reach.ask()
    reach.answered()
    assert reach.ask() and reach.ask()
