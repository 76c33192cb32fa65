"""The local cache against a real server: what is read once is not asked for again until it changes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import DataError, ResponseError

from mooring.config.cache_size import CacheSize
from mooring.embedded import EmbeddedRedis
from mooring.runtime.deadline import deadline
from mooring.runtime.failures import DeadlineExceeded
from mooring.runtime.lanes.lane_set import close_lanes
from mooring.runtime.local_cache.client import CachedAsyncRedis

Becomes = Callable[[Callable[[], bool]], Awaitable[None]]


def cached(server: EmbeddedRedis, size: CacheSize | None = None, **options: Any) -> CachedAsyncRedis:
    return CachedAsyncRedis(
        host=server.host, port=server.port, client_name="lanes", local_cache=size or CacheSize(), **options
    )


@pytest.fixture
async def client(redis_server: EmbeddedRedis) -> AsyncIterator[CachedAsyncRedis]:
    async with cached(redis_server) as made:
        yield made


def calls(server: EmbeddedRedis, command: str) -> int:
    with server.client() as observer:
        return int(observer.info("commandstats").get(f"cmdstat_{command}", {}).get("calls", 0))


def held(client: CachedAsyncRedis) -> int:
    numbers = client.local_cache_numbers()
    assert numbers is not None
    return numbers.entries


async def test_a_second_read_does_not_reach_the_server(client: CachedAsyncRedis, redis_server: EmbeddedRedis) -> None:
    await client.set("key", "value")
    before = calls(redis_server, "get")
    assert [await client.get("key") for _ in range(10)] == [b"value"] * 10
    assert calls(redis_server, "get") == before + 1


async def test_readers_of_a_cold_key_share_one_fetch(client: CachedAsyncRedis, redis_server: EmbeddedRedis) -> None:
    before = calls(redis_server, "get")
    assert await asyncio.gather(*(client.get("nothing") for _ in range(100))) == [None] * 100
    assert calls(redis_server, "get") == before + 1


async def test_a_write_of_another_client_takes_the_entry_away(
    client: CachedAsyncRedis, redis_server: EmbeddedRedis, becomes: Becomes
) -> None:
    assert await client.get("key") is None
    with redis_server.client() as other:
        other.set("key", "new")
    await becomes(lambda: not held(client))
    assert await client.get("key") == b"new"


async def test_a_client_reads_what_it_has_just_written(client: CachedAsyncRedis) -> None:
    for turn in range(200):
        await client.set("key", turn)
        assert await client.get("key") == str(turn).encode()
        async with client.pipeline(transaction=turn % 2 == 0) as pipe:
            pipe.incr("key")
            await pipe.execute()
        assert await client.get("key") == str(turn + 1).encode()
        async with client.pipeline() as pipe:
            await pipe.watch("key")
            await pipe.incr("key")
        assert await client.get("key") == str(turn + 2).encode()
        await client.eval("return redis.call('INCR', KEYS[1])", 1, "key")
        assert await client.get("key") == str(turn + 3).encode()


async def test_flushing_takes_everything_away(client: CachedAsyncRedis) -> None:
    await client.set("key", "value")
    await client.get("key")
    await client.flushdb()
    assert await client.get("key") is None


async def test_what_a_caller_does_to_a_reply_stays_with_him(client: CachedAsyncRedis) -> None:
    await client.hset("hash", mapping={"a": "1"})
    for _ in range(3):
        reply = await client.hgetall("hash")
        assert reply == {b"a": b"1"}
        reply.clear()


async def test_keys_that_are_equal_only_in_python_are_kept_apart(client: CachedAsyncRedis) -> None:
    await client.mset({"1": "whole", "1.0": "real"})
    for _ in range(2):
        assert await client.get(1) == b"whole"  # type: ignore[arg-type]
        assert await client.get(1.0) == b"real"  # type: ignore[arg-type]
        assert await client.get(memoryview(b"1")) == b"whole"


async def test_an_error_is_the_callers_and_is_not_kept(client: CachedAsyncRedis) -> None:
    await client.rpush("list", "1")
    for _ in range(2):
        with pytest.raises(ResponseError, match="WRONGTYPE"):
            await client.get("list")
        with pytest.raises(ResponseError, match=r"syntax|integer|float"):
            await client.zrangebyscore("zset", "bad", "worse", 1, "x")  # type: ignore[arg-type]
    assert not held(client)


async def test_a_key_that_cannot_be_sent_leaves_nobody_waiting(client: CachedAsyncRedis) -> None:
    with pytest.raises(DataError):
        await client.mget("key", True)
    async with asyncio.timeout(5):
        assert await client.get("key") is None


async def test_an_entry_ends_with_the_servers_own(client: CachedAsyncRedis, redis_server: EmbeddedRedis) -> None:
    with redis_server.client() as other:
        other.set("key", "value", px=60)
    assert await client.get("key") in {b"value", None}
    await asyncio.sleep(0.07)
    assert await client.get("key") is None


async def test_a_lost_lane_takes_everything_with_it(
    client: CachedAsyncRedis, redis_server: EmbeddedRedis, becomes: Becomes
) -> None:
    await client.get("key")
    with redis_server.client() as observer:
        observer.client_kill_filter(_type="normal", skipme=True)
        await becomes(lambda: not held(client))
        observer.set("key", "new")
    assert await client.get("key") == b"new"


async def test_nothing_is_given_out_when_the_server_is_not_heard() -> None:
    with EmbeddedRedis() as server:
        async with cached(server, CacheSize(staleness=0.4)) as client:
            await client.get("key")
            # As long as it is heard, entries stay for longer than that.
            await asyncio.sleep(0.6)
            with deadline(0.3):
                before = client.local_cache_numbers()
                assert await client.get("key") is None
            after = client.local_cache_numbers()
            assert before is not None
            assert after is not None
            assert after.hits == before.hits + 1
            server.pause()
            try:
                time.sleep(0.5)  # noqa: ASYNC251 - no timer of the loop may be needed for it
                with deadline(0.2), pytest.raises(DeadlineExceeded):
                    await client.get("key")
            finally:
                server.resume()
            assert await client.get("key") is None


async def test_who_gives_up_leaves_the_fetch_to_the_others(client: CachedAsyncRedis) -> None:
    await client.ping()
    first = asyncio.ensure_future(client.get("key"))
    await asyncio.sleep(0)
    others = [asyncio.ensure_future(client.get("key")) for _ in range(5)]
    await asyncio.sleep(0)
    first.cancel()
    assert await asyncio.gather(*others) == [None] * 5


async def test_closing_tells_whoever_waits(redis_server: EmbeddedRedis) -> None:
    client = cached(redis_server)
    for steps in range(6):
        waiting = asyncio.ensure_future(client.get(f"key:{steps}"))
        for _ in range(steps):
            await asyncio.sleep(0)
        await close_lanes(client.connection_pool)
        async with asyncio.timeout(5):
            answer = (await asyncio.gather(waiting, return_exceptions=True))[0]
        assert answer is None or isinstance(answer, RedisConnectionError)
    await client.aclose()


async def test_prefixes_are_followed_by_broadcast(redis_server: EmbeddedRedis, becomes: Becomes) -> None:
    async with cached(redis_server, CacheSize(prefixes=("user:", "team:"))) as client:
        await client.mget("user:1", "team:1")
        await client.get("other")
        assert held(client) == 2
        with redis_server.client() as other:
            other.set(b"user:\xff", "not ours")  # a key that is no text
            other.set("user:1", "new")
        await becomes(lambda: held(client) == 1)
        assert await client.get("user:1") == b"new"
        await client.set("team:1", "own")
        assert await client.get("team:1") == b"own"


@pytest.mark.parametrize(("refusal", "protocol"), [("-client|tracking", 3), ("-client|tracking", 2)])
async def test_a_server_that_refuses_to_track_is_used_without_the_cache(
    redis_server: EmbeddedRedis, caplog: pytest.LogCaptureFixture, refusal: str, protocol: int
) -> None:
    with redis_server.client() as admin:
        admin.execute_command("ACL", "SETUSER", "plain", "on", ">pw", "~*", "+@all", refusal)
        try:
            async with cached(redis_server, username="plain", password="pw", protocol=protocol) as client:
                await client.set("key", "value")
                assert [await client.get("key") for _ in range(3)] == [b"value"] * 3
                assert not held(client)
        finally:
            admin.execute_command("ACL", "DELUSER", "plain")
    assert [record.message for record in caplog.records if "the local cache is off" in record.message]
    assert len(caplog.records) == 1


async def test_what_refuses_a_fetch_is_told_to_recovery(client: CachedAsyncRedis, redis_server: EmbeddedRedis) -> None:
    await client.get("key")
    with redis_server.client() as admin:
        # As a replica that has lost its master: the transaction fails at its first command, and EXEC for want of one.
        admin.config_set("replica-serve-stale-data", "no")
        admin.replicaof("127.0.0.1", 1)
        try:
            with deadline(5):
                asked = asyncio.ensure_future(client.get("other"))
                await asyncio.sleep(0.2)
                assert not asked.done()
                admin.replicaof("NO", "ONE")
                assert await asked is None
        finally:
            admin.replicaof("NO", "ONE")
            admin.config_set("replica-serve-stale-data", "yes")
    assert await client.get("other") is None


async def test_memory_is_bounded(redis_server: EmbeddedRedis) -> None:
    async with cached(redis_server, CacheSize(entries=50)) as client:
        for number in range(300):
            await client.get(f"key:{number}")
            await client.get("favourite")
        numbers = client.local_cache_numbers()
        assert numbers is not None
        assert numbers.entries == 50
        assert numbers.misses == 301


async def test_clients_of_a_pool_have_caches_of_one_size(redis_server: EmbeddedRedis) -> None:
    async with cached(redis_server) as first:
        with pytest.raises(ValueError, match="another size: 10000 entries"):
            CachedAsyncRedis(connection_pool=first.connection_pool, local_cache=CacheSize(entries=1))


async def test_a_url_makes_a_client_that_closes_its_pool(redis_server: EmbeddedRedis) -> None:
    async with CachedAsyncRedis.from_url(redis_server.url, local_cache=CacheSize()) as client:
        await client.get("key")
        await client.get("key")
        assert held(client) == 1
        async with client.client() as own:  # one connection, no cache
            assert await own.get("key") is None


def test_each_event_loop_has_a_cache_of_its_own(redis_server: EmbeddedRedis) -> None:
    client = cached(redis_server)

    async def use(expected: bytes | None) -> int:
        assert await client.get("key") == expected
        return held(client)

    assert asyncio.run(use(None)) == 1
    with redis_server.client() as other:
        other.set("key", "between")
    assert asyncio.run(use(b"between")) == 1
