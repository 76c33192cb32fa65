"""Several replicas: one upstream call, and never what a write has made old."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest
import redis
from tests.cache.conftest import Replicas, becomes
from tests.cache.upstreams import Refused, Upstream

from mooring.cache import Cached, Policy, ResponseCache, State, SyncResponseCache, Tally, background
from mooring.cache.names import entry_name, tag_name
from mooring.embedded import EmbeddedRedis

KEY = ("issues", "o/r")
TAGS = ("repo:o/r",)
SOURCES = Path(__file__).resolve().parents[2] / "src"


async def ask(cache: ResponseCache, upstream: Upstream, policy: Policy | None = None) -> Cached[dict[str, int]]:
    return await cache.get_or_load(KEY, upstream.load, account="7", tags=TAGS, policy=policy)


async def test_a_hundred_misses_over_three_replicas_make_one_upstream_call(replicas: Replicas, tally: Tally) -> None:
    caches = replicas(3)
    upstream = Upstream(seconds=0.1)
    answers = await asyncio.gather(*(ask(caches[n % 3], upstream) for n in range(100)))
    assert [answer.value for answer in answers] == [{"version": 1}] * 100
    assert upstream.calls == 1
    assert tally.calls_saved("github") == 99


async def test_misses_that_straddle_the_store_make_one_upstream_call(replicas: Replicas) -> None:
    caches = replicas(3)
    for number in range(20):
        upstream = Upstream(seconds=0.002)

        async def late(n: int, upstream: Upstream = upstream, number: int = number) -> Cached[dict[str, int]]:
            await asyncio.sleep(n * 0.0005)
            return await caches[n % 3].get_or_load(number, upstream.load, account="7")

        await asyncio.gather(*(late(n) for n in range(12)))
        assert upstream.calls == 1


async def test_a_read_after_a_write_never_gets_the_old_value_from_any_replica(replicas: Replicas) -> None:
    caches = replicas(3)
    upstream = Upstream()
    for n in range(30):
        for cache in caches:
            assert (await ask(cache, upstream)).value == {"version": upstream.version}
        upstream.version += 1
        assert await caches[n % 3].invalidate(*TAGS)
    assert upstream.calls == 30


async def test_a_slow_read_that_began_before_the_write_cannot_bring_the_old_value_back(
    replicas: Replicas, tally: Tally
) -> None:
    reader, writer, other = replicas(3)
    upstream = Upstream(held=(held := asyncio.Event()))
    slow = asyncio.create_task(ask(reader, upstream))
    await becomes(lambda: upstream.calls == 1)
    upstream.version, upstream.held = 2, None
    await writer.invalidate(*TAGS)
    # It shares no flight with the slow read, neither in that replica nor in another.
    assert (await ask(reader, upstream)).value == {"version": 2}
    assert (await ask(other, upstream)).value == {"version": 2}
    held.set()
    assert (await slow).value == {"version": 1}
    for cache in (reader, writer, other):
        answer = await ask(cache, upstream)
        assert (answer.value, answer.state) == ({"version": 2}, State.HIT)
    assert upstream.calls == 2
    assert tally.counts["github", "refused", "late"] == 1


async def test_readers_and_writers_at_once_never_see_time_run_backwards(replicas: Replicas) -> None:
    caches = replicas(3)
    upstream = Upstream(seconds=0.003)
    written = 1

    async def write() -> None:
        nonlocal written
        for n in range(25):
            upstream.version += 1
            new = upstream.version
            await caches[n % 3].invalidate(*TAGS)
            written = new
            await asyncio.sleep(0.004)

    async def read(cache: ResponseCache) -> None:
        while not writing.done():
            known = written
            assert (await ask(cache, upstream)).value["version"] >= known

    writing = asyncio.create_task(write())
    await asyncio.gather(writing, *(read(caches[n % 3]) for n in range(9)))


async def test_stale_never_outlives_a_write(replicas: Replicas) -> None:
    reader, writer = replicas(2)
    policy = Policy(ttl=0.02, stale_while_revalidate=60, stale_if_error=60, jitter=0)
    upstream = Upstream()
    await ask(reader, upstream, policy)
    await asyncio.sleep(0.03)
    upstream.down = True
    assert (await ask(reader, upstream, policy)).state is State.STALE
    await becomes(lambda: not reader._refreshing)
    await writer.invalidate(*TAGS)
    with pytest.raises(Refused):
        await ask(reader, upstream, policy)


@pytest.mark.parametrize("lost", ["flush", "evict"])
async def test_a_tag_that_redis_lost_makes_stale_what_bore_it(
    replicas: Replicas, redis_server: EmbeddedRedis, lost: str
) -> None:
    (cache,) = replicas(1)
    upstream = Upstream()
    await ask(cache, upstream)
    with redis_server.client() as client:
        data = client.get(entry_name("github", "7", KEY))
        assert isinstance(data, bytes)
        if lost == "flush":
            client.flushall()
            client.set(entry_name("github", "7", KEY), data)
        else:
            client.delete(tag_name("github", TAGS[0]))
    upstream.version = 2
    assert (await ask(cache, upstream)).value == {"version": 2}


async def test_tags_outlive_the_entries_that_they_guard(cache: ResponseCache, redis_server: EmbeddedRedis) -> None:
    week = Policy(ttl=7 * 86_400, jitter=0)
    await ask(cache, Upstream())
    await cache.get_or_load("weekly", Upstream().load, account="7", tags=TAGS, policy=week)
    with redis_server.client() as client:
        tags = [client.pttl(name) for name in client.scan_iter("mooring:tag:*")]
        entries = [client.pttl(name) for name in client.scan_iter("mooring:cache:*")]
    assert len(tags) == len(entries) == 2
    assert min(map(int, tags)) >= max(map(int, entries)) > 6 * 86_400_000


async def test_a_whole_service_can_be_made_stale(replicas: Replicas) -> None:
    one, other = replicas(2)
    upstream = Upstream()
    await ask(one, upstream)
    await other.invalidate_all()
    assert (await ask(one, upstream)).state is State.MISS


async def test_services_see_each_others_writes_in_one_space_of_tags(redis_server: EmbeddedRedis) -> None:
    with redis.Redis.from_url(redis_server.url) as client:
        issues, hooks = (SyncResponseCache(client, name, tag_space="vendor") for name in ("issues", "hooks"))
        apart = SyncResponseCache(client, "apart")
        for cache in (issues, apart):
            cache.get_or_load(KEY, lambda _: 1, account="7", tags=TAGS)
        hooks.invalidate(*TAGS)
        assert issues.get_or_load(KEY, lambda _: 2, account="7", tags=TAGS).value == 2
        assert apart.get_or_load(KEY, lambda _: 2, account="7", tags=TAGS).value == 1


async def test_a_holder_that_dies_is_survived(replicas: Replicas, redis_server: EmbeddedRedis) -> None:
    holder = f"""
import redis, time
from mooring.cache import Policy, SyncResponseCache
def load(validators):
    print("holding", flush=True)
    time.sleep(60)
cache = SyncResponseCache(redis.Redis.from_url({redis_server.url!r}), "github", policy=Policy(lease=0.5))
cache.get_or_load({KEY!r}, load, account="7", tags={TAGS!r})
"""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        holder,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(SOURCES), os.environ.get("PYTHONPATH", "")])},
    )
    try:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"holding\n"
    finally:
        process.kill()
        await process.communicate()
    caches = replicas(3)
    upstream = Upstream()
    answers = await asyncio.gather(*(ask(caches[n % 3], upstream) for n in range(9)))
    assert [answer.value for answer in answers] == [{"version": 1}] * 9
    assert upstream.calls == 1


async def test_who_overran_its_lease_does_not_overwrite_the_newer_answer(replicas: Replicas, tally: Tally) -> None:
    slow, quick = replicas(2)
    brief = Policy(lease=0.05, jitter=0)
    upstream = Upstream(held=(held := asyncio.Event()))
    late = asyncio.create_task(ask(slow, upstream, brief))
    await becomes(lambda: upstream.calls == 1)
    upstream.version, upstream.held = 2, None
    assert (await ask(quick, upstream, brief)).value == {"version": 2}
    held.set()
    await late
    assert (await ask(slow, upstream)).value == {"version": 2}
    assert tally.counts["github", "refused", "late"] == 1


async def test_patience_has_an_end(replicas: Replicas) -> None:
    holder, waiter = replicas(2)
    upstream = Upstream(held=asyncio.Event())
    holding = asyncio.create_task(ask(holder, upstream))
    await becomes(lambda: upstream.calls == 1)
    quick = Upstream(version=5)
    assert (await ask(waiter, quick, Policy(lease=600, patience=0.05))).value == {"version": 5}
    holding.cancel()


async def test_somebody_who_waits_does_not_wait_for_the_background(replicas: Replicas) -> None:
    warming, serving = replicas(2)
    upstream = Upstream(held=asyncio.Event())
    with background():
        behind = asyncio.create_task(ask(warming, upstream))
    await becomes(lambda: upstream.calls == 1)
    upstream.held = None
    for cache in (warming, serving):
        assert (await asyncio.wait_for(ask(cache, upstream), 8)).value == {"version": 1}
    assert upstream.calls == 2
    behind.cancel()


async def test_threads_and_tasks_share_entries_and_writes(cache: ResponseCache, sync_cache: SyncResponseCache) -> None:
    upstream = Upstream()
    await ask(cache, upstream)

    def read() -> Cached[dict[str, int]]:
        return sync_cache.get_or_load(KEY, lambda _: {"version": 2}, account="7", tags=TAGS)

    assert (await asyncio.to_thread(read)).value == {"version": 1}
    await asyncio.to_thread(sync_cache.invalidate, *TAGS)
    upstream.version = 3
    assert (await ask(cache, upstream)).value == {"version": 3}
