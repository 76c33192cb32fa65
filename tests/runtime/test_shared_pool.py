"""A full pool makes its callers wait, and nobody can close it under the others."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import redis
import redis.asyncio

from mooring import create_async_redis_from_config, create_redis_from_config
from mooring.embedded import EmbeddedRedis

Becomes = Callable[[Callable[[], bool]], Awaitable[None]]


def test_a_full_pool_is_told_with_its_bound_and_wait() -> None:
    client = create_redis_from_config(max_connections=2, pool_timeout=0.01)
    with client.pipeline() as one, client.pipeline() as other:
        one.watch("key")
        other.watch("key")
        with pytest.raises(redis.ConnectionError, match=r"All 2 connections to .* stayed in use for 0.01 s. Raise max"):
            client.ping()
    assert client.ping()


async def test_a_full_asyncio_pool_is_told_with_its_bound_and_wait() -> None:
    client = create_async_redis_from_config(max_connections=2, pool_timeout=0.01, multiplex=False)
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(2):
            pipeline = await stack.enter_async_context(client.pipeline())
            await pipeline.watch("key")
        with pytest.raises(redis.ConnectionError, match=r"All 2 connections to .* stayed in use for 0.01 s."):
            await client.ping()
    assert await client.ping()


def test_a_freed_connection_goes_to_the_thread_that_waits() -> None:
    client = create_redis_from_config(max_connections=1, pool_timeout=60)
    replies: list[Any] = []
    waiter = threading.Thread(target=lambda: replies.append(client.ping()))
    with client.pipeline() as pipeline:
        pipeline.watch("key")
        waiter.start()
    waiter.join()
    assert replies == [True]


async def test_cancelled_commands_leave_no_place_taken(redis_server: EmbeddedRedis, becomes: Becomes) -> None:
    # With a timeout redis-py sends through asyncio.wait_for, which in Python 3.11 can lose a cancellation.
    client = create_async_redis_from_config(max_connections=2, pool_timeout=60, socket_timeout=None)
    with redis_server.client() as observer:
        for _ in range(5):
            commands = [asyncio.ensure_future(client.blpop(["nothing"], timeout=30)) for _ in range(6)]
            # Two wait for the server, four for a connection.
            await becomes(lambda: observer.info("clients")["blocked_clients"] == 2)
            for command in commands:
                command.cancel()
            outcomes = await asyncio.gather(*commands, return_exceptions=True)
            assert [type(outcome) for outcome in outcomes] == [asyncio.CancelledError] * 6
            await becomes(lambda: observer.info("clients")["blocked_clients"] == 0)
    assert await asyncio.gather(*(client.ping() for _ in range(6))) == [True] * 6


async def test_a_server_that_cannot_be_reached_leaves_no_place_taken() -> None:
    unreachable: dict[str, Any] = {
        "url": "redis://localhost:1",
        "max_connections": 1,
        "pool_timeout": 0.01,
        "retry": None,
    }
    client, async_client = create_redis_from_config(**unreachable), create_async_redis_from_config(**unreachable)
    for _ in range(3):
        with pytest.raises(redis.ConnectionError, match="localhost:1"):
            client.ping()
        with pytest.raises(redis.ConnectionError, match="localhost:1"):
            await async_client.ping()


def test_closing_one_client_leaves_the_others_connected() -> None:
    stays, goes = create_redis_from_config(), create_redis_from_config()
    with stays.pipeline() as pipeline:
        pipeline.watch("key")
        before = pipeline.client_id()
        goes.close()
        with goes:
            goes.ping()
        goes.connection_pool.disconnect()
        goes.connection_pool.close()
        assert pipeline.client_id() == before


async def test_closing_one_asyncio_client_leaves_the_others_connected() -> None:
    stays, goes = create_async_redis_from_config(), create_async_redis_from_config()
    async with stays.pipeline() as pipeline:
        await pipeline.watch("key")
        before = await pipeline.client_id()
        await goes.aclose()
        async with goes:
            await goes.ping()
        await goes.aclose(close_connection_pool=True)
        await goes.connection_pool.disconnect()
        assert await pipeline.client_id() == before


def test_disconnecting_the_pool_closes_what_nobody_uses(
    named: Callable[[str], int], gone: Callable[[str], bool]
) -> None:
    client = create_redis_from_config(client_name="idle")
    client.ping()
    assert named("idle") == 1
    client.connection_pool.disconnect()
    assert gone("idle")


def test_releasing_twice_frees_one_place() -> None:
    client = create_redis_from_config(max_connections=1, pool_timeout=0.01)
    with client.pipeline() as pipeline:
        pipeline.watch("key")
        connection = pipeline.connection
    assert connection is not None
    client.connection_pool.release(connection)
    with client.pipeline() as pipeline:
        pipeline.watch("key")
        with pytest.raises(redis.ConnectionError, match="All 1 connections"):
            client.ping()
