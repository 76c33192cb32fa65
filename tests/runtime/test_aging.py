"""Connections end at their age and after their idle time, never in somebody's hands; and pools can be counted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
import redis
from redis.asyncio import Redis as AsyncRedis

from mooring.embedded import EmbeddedRedis
from mooring.runtime import hooks
from mooring.runtime.credentials import watching
from mooring.runtime.numbers import PoolNumbers
from mooring.runtime.pools.aging import AGE, IDLE, Life, Lifespan
from mooring.runtime.pools.async_pool import AsyncSharedPool
from mooring.runtime.pools.pool import SharedPool

Named = Callable[[str], int]
Gone = Callable[[str], bool]
Becomes = Callable[[Callable[[], bool]], Awaitable[None]]
Pools = Callable[..., Any]


class Heard(hooks.Hooks):
    """Keeps what pools tell."""

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.ended: list[tuple[str, float, str]] = []
        self.stood: list[tuple[str, bool]] = []

    def connected(self, endpoint: str, seconds: float) -> None:
        assert seconds >= 0
        self.opened.append(endpoint)

    def closed(self, endpoint: str, age: float, reason: str) -> None:
        self.ended.append((endpoint, age, reason))

    def waited(self, endpoint: str, seconds: float, timed_out: bool) -> None:
        self.stood.append((endpoint, timed_out))


@pytest.fixture
def heard() -> Iterator[Heard]:
    listener = Heard()
    hooks.install(listener)
    yield listener
    hooks.uninstall(listener)


@pytest.fixture
def pools(redis_server: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pools]:
    """Make pools of either kind for the shared server."""
    # Looked after more often than about once a second.
    monkeypatch.setattr(watching, "INTERVAL", 0.05)
    made: list[Any] = []

    def make(kind: type[SharedPool] | type[AsyncSharedPool] = SharedPool, **options: Any) -> Any:
        given: dict[str, Any] = {"max_connections": 4, "pool_timeout": 5.0, "client_name": "aging", **options}
        pool = kind(endpoint="cache:6379/0", host=redis_server.host, port=redis_server.port, **given)
        made.append(pool)
        return pool

    yield make
    for pool in made:
        pool.shut()


def life_at(now: float, **bounds: float | None) -> Life:
    life = Life(Lifespan(**bounds))
    life.begin(now, 0)
    return life


def test_ages_are_spread_below_their_bound() -> None:
    lives = [life_at(0.0, max_age=100.0) for _ in range(200)]
    ends = [next(age for age in range(101) if life.over(age)) for life in lives]
    assert min(ends) >= 80
    assert max(ends) <= 100
    assert len(set(ends)) > 10
    assert {life.over(100.0) for life in lives} == {AGE}


def test_idle_time_counts_from_the_last_use() -> None:
    life = life_at(0.0, max_idle=10.0)
    assert life.over(9.0) is None
    life.used = 9.0
    assert life.over(18.0) is None
    assert life.over(19.0) == IDLE


def test_without_bounds_nothing_ends() -> None:
    assert life_at(0.0).over(1e9) is None


def test_a_connection_that_is_too_old_is_not_handed_out_again(pools: Pools, heard: Heard) -> None:
    with redis.Redis(connection_pool=pools(max_age=0.05)) as client:
        first = client.client_id()
        time.sleep(0.06)
        assert client.client_id() != first
    (_, age, reason) = heard.ended[0]
    assert age >= 0.04
    assert reason == AGE


async def test_an_asyncio_connection_that_is_too_old_is_not_handed_out_again(pools: Pools, heard: Heard) -> None:
    pool = pools(AsyncSharedPool, max_age=0.05)
    client: Any = AsyncRedis(connection_pool=pool)
    first = await client.client_id()
    await asyncio.sleep(0.06)
    assert await client.client_id() != first
    assert heard.ended[0][2] == AGE
    await pool.ashut()


def test_a_connection_in_use_is_left_until_it_is_given_back(pools: Pools, heard: Heard) -> None:
    pool = pools(max_age=0.01, max_idle=0.01)
    with redis.Redis(connection_pool=pool) as client, client.pipeline() as pipeline:
        pipeline.watch("key")
        mine = pipeline.client_id()
        time.sleep(0.02)
        pool.tend()
        assert pipeline.client_id() == mine
        assert heard.ended == []
        pipeline.reset()
        assert [reason for _, _, reason in heard.ended] == [AGE]


def test_an_idle_pool_sheds_every_connection_by_itself(pools: Pools, named: Named, gone: Gone) -> None:
    pool = pools(max_idle=0.01)
    with redis.Redis(connection_pool=pool) as client, client.pipeline() as pipeline:
        pipeline.watch("key")
        client.ping()
        assert named("aging") == 2
        # Nobody calls anything from here on.
        until = time.monotonic() + 20
        while named("aging") == 2 and time.monotonic() < until:
            time.sleep(0.02)
        assert named("aging") == 1
        assert pipeline.client_id()
        pipeline.reset()
        assert gone("aging")
        assert pool.numbers() == PoolNumbers(max_connections=4)


async def test_an_idle_asyncio_pool_sheds_every_connection_by_itself(
    pools: Pools, named: Named, becomes: Becomes
) -> None:
    pool = pools(AsyncSharedPool, max_idle=0.01)
    client: Any = AsyncRedis(connection_pool=pool)
    async with client.pipeline() as pipeline:
        await pipeline.watch("key")
        await client.ping()
        assert named("aging") == 2
        await becomes(lambda: named("aging") == 1)
        assert await pipeline.client_id()
    await becomes(lambda: not named("aging"))
    assert pool.numbers() == PoolNumbers(max_connections=4)


def test_those_that_are_open_are_taken_before_those_that_were_shed(pools: Pools) -> None:
    pool = pools(max_idle=60.0)
    one, other = pool.get_connection(), pool.get_connection()
    pool.release(one)
    pool.release(other)
    # The one that is taken next has been idle for too long, the other not.
    other.life.used -= 61.0
    pool.tend()
    assert pool.get_connection() is one
    pool.release(one)


def test_a_pool_counts_what_it_holds(pools: Pools, heard: Heard) -> None:
    pool = pools(max_connections=2)
    assert pool.numbers() == PoolNumbers(max_connections=2)
    with redis.Redis(connection_pool=pool) as client, client.pipeline() as pipeline:
        pipeline.watch("key")
        client.ping()
        numbers = pool.numbers()
        assert (numbers.size, numbers.in_use, numbers.idle, numbers.waiting) == (2, 1, 1, 0)
        assert numbers.oldest_age > 0
    assert heard.opened == ["cache:6379/0"] * 2


async def test_an_asyncio_pool_counts_what_all_its_loops_hold(pools: Pools, heard: Heard, becomes: Becomes) -> None:
    pool = pools(AsyncSharedPool, max_connections=1)
    client: Any = AsyncRedis(connection_pool=pool)

    async def elsewhere() -> None:
        await client.ping()
        numbers = pool.numbers()
        assert (numbers.size, numbers.in_use, numbers.idle, numbers.max_connections) == (2, 1, 1, 2)

    async with client.pipeline() as pipeline:
        await pipeline.watch("key")
        await asyncio.to_thread(asyncio.run, elsewhere())
        standing = asyncio.create_task(client.ping())
        await becomes(lambda: pool.numbers().waiting == 1)
    await standing
    assert heard.stood == [("cache:6379/0", False)]
    assert pool.numbers().waiting == 0
    await pool.ashut()


def test_waiting_in_vain_is_told(pools: Pools, heard: Heard) -> None:
    pool = pools(max_connections=1, pool_timeout=0.01)
    taken = pool.get_connection()
    with pytest.raises(redis.ConnectionError, match="All 1 connections"):
        pool.get_connection()
    assert heard.stood == [("cache:6379/0", True)]
    pool.release(taken)


async def test_a_connection_of_a_pools_class_and_arguments_serves_without_the_pool(pools: Pools) -> None:
    pool, async_pool = pools(max_age=0.01), pools(AsyncSharedPool, max_age=0.01)
    alone = pool.connection_class(**pool.connection_kwargs)
    alone.connect()
    alone.disconnect()
    async_alone = async_pool.connection_class(**async_pool.connection_kwargs)
    await async_alone.connect()
    await async_alone.disconnect()
    assert pool.numbers().size == 0
