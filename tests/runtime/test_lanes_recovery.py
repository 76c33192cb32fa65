"""Deadline, retry, breaker, rotation and listeners reach commands on lanes, here on the pools of the manager."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from tests.live.faults.proxy import FaultProxy

from mooring import RedisConnectionManager
from mooring.embedded import EmbeddedRedis
from mooring.runtime import hooks
from mooring.runtime.deadline import idempotent
from mooring.runtime.failures import DeadlineExceeded
from mooring.runtime.lanes.client import SharedAsyncRedis
from mooring.runtime.lanes.lane_set import close_lanes


@pytest.fixture
def proxy(redis_server: EmbeddedRedis) -> Iterator[FaultProxy]:
    with FaultProxy(redis_server.port) as made:
        yield made


@pytest.fixture
async def client(proxy: FaultProxy) -> AsyncIterator[SharedAsyncRedis]:
    async with RedisConnectionManager() as manager:
        made = shared(manager, host="127.0.0.1", port=proxy.port, deadline=1.0)
        yield made
        await close_lanes(made.connection_pool)


def shared(manager: RedisConnectionManager, **overrides: Any) -> SharedAsyncRedis:
    """Make a client with lanes on a pool of the manager."""
    pooled: Any = manager.async_client(**overrides)
    return SharedAsyncRedis(connection_pool=pooled.connection_pool, recovery=pooled._recovery, lanes=1)


async def test_a_write_whose_reply_is_lost_runs_once(client: SharedAsyncRedis, proxy: FaultProxy) -> None:
    await client.ping()
    proxy.drop_reply("INCRBY")
    with pytest.raises(RedisConnectionError):
        await client.incr("visits")
    assert await client.get("visits") == b"1"


async def test_a_read_whose_reply_is_lost_is_sent_again(client: SharedAsyncRedis, proxy: FaultProxy) -> None:
    await client.set("key", "value")
    proxy.drop_reply("GET", times=3)
    assert await client.get("key") == b"value"


async def test_a_write_that_is_declared_idempotent_is_sent_again(client: SharedAsyncRedis, proxy: FaultProxy) -> None:
    await client.ping()
    proxy.drop_reply("SET")
    with idempotent():
        assert await client.set("key", "value")


async def test_a_pipeline_that_only_reads_is_sent_again_and_one_that_writes_is_not(
    client: SharedAsyncRedis, proxy: FaultProxy
) -> None:
    await client.set("key", "value")
    proxy.drop_reply("GET")
    pipe: Any = client.pipeline(transaction=False)
    assert await pipe.get("key").get("key").execute() == [b"value"] * 2
    proxy.drop_reply("INCRBY")
    with pytest.raises(RedisConnectionError):
        await pipe.incr("visits").execute()
    assert await client.get("visits") == b"1"


async def test_a_call_ends_with_its_deadline_though_nobody_answers(client: SharedAsyncRedis, proxy: FaultProxy) -> None:
    await client.ping()
    proxy.black_hole()
    began = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        await client.get("key")
    assert time.monotonic() - began < 1.3
    proxy.heal()
    assert await client.get("key") is None


async def test_a_read_is_sent_elsewhere_when_its_lane_falls_silent_and_a_write_is_not(proxy: FaultProxy) -> None:
    async with RedisConnectionManager() as manager:
        client = shared(manager, host="127.0.0.1", port=proxy.port, deadline=2.2)
        await client.set("key", "value")
        proxy.half_open()
        began = time.monotonic()
        written, read = await asyncio.gather(client.incr("visits"), client.get("key"), return_exceptions=True)
        assert read == b"value"
        assert isinstance(written, DeadlineExceeded)
        assert written.may_have_run
        assert 2.1 < time.monotonic() - began < 2.6
        await close_lanes(client.connection_pool)


async def test_a_demoted_master_is_left_and_found_again(client: SharedAsyncRedis, proxy: FaultProxy) -> None:
    await client.ping()
    proxy.read_only()
    asyncio.get_running_loop().call_later(0.2, proxy.read_only, False)
    assert await client.incr("visits") == 1


async def test_callers_ride_out_a_server_that_is_away_for_a_moment(client: SharedAsyncRedis, proxy: FaultProxy) -> None:
    await client.ping()
    await asyncio.to_thread(proxy.refuse)
    asked = [asyncio.ensure_future(client.get(f"key:{number}")) for number in range(50)]
    await asyncio.sleep(0.2)
    await asyncio.to_thread(proxy.accept_again)
    assert await asyncio.gather(*asked) == [None] * 50


async def test_listeners_hear_of_commands_and_of_the_connection(client: SharedAsyncRedis, proxy: FaultProxy) -> None:
    heard: list[tuple[str, Any]] = []

    class Listener(hooks.Hooks):
        def command(self, endpoint: str, command: str, seconds: float, error: BaseException | None) -> None:
            heard.append((command, error))

        def connected(self, endpoint: str, seconds: float) -> None:
            heard.append(("connected", None))

        def closed(self, endpoint: str, age: float, reason: str) -> None:
            heard.append(("closed", reason))

        def retried(self, endpoint: str, command: str, attempt: int, reason: str) -> None:
            heard.append((f"retried {command}", attempt))

    listener = Listener()
    hooks.install(listener)
    try:
        await client.set("key", "value")
        proxy.drop_reply("GET")
        await client.get("key")
        await close_lanes(client.connection_pool)
    finally:
        hooks.uninstall(listener)
    assert heard == [
        ("connected", None),
        ("SET", None),
        ("closed", "error"),
        ("retried GET", 2),
        ("connected", None),
        ("GET", None),
        ("closed", "shutdown"),
    ]
