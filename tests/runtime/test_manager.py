"""One manager for the process; it closes what it opened, and what is closed hands out nothing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable

import pytest

from mooring import ManagerClosed, RedisConnectionManager, create_async_redis_from_config, create_redis_from_config

Named = Callable[[str], int]
Gone = Callable[[str], bool]
Becomes = Callable[[Callable[[], bool]], Awaitable[None]]


def test_the_factories_ask_the_manager_of_the_process() -> None:
    manager = RedisConnectionManager.instance()
    assert RedisConnectionManager.instance() is manager
    assert manager.client().connection_pool is create_redis_from_config().connection_pool
    assert manager.async_client().connection_pool is create_async_redis_from_config().connection_pool


def test_threads_agree_on_the_manager_of_the_process() -> None:
    RedisConnectionManager.instance().close()
    together = threading.Barrier(8)
    found: list[RedisConnectionManager] = []

    def ask() -> None:
        together.wait()
        found.append(RedisConnectionManager.instance())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [RedisConnectionManager.instance()] * 8


def test_a_closed_manager_refuses_and_a_fresh_one_takes_its_place() -> None:
    closed = RedisConnectionManager.instance()
    closed.close()
    closed.close()
    with pytest.raises(ManagerClosed, match="RedisConnectionManager is closed"):
        closed.client()
    with pytest.raises(ManagerClosed, match="RedisConnectionManager is closed"):
        closed.async_client()
    assert RedisConnectionManager.instance() is not closed
    assert create_redis_from_config().ping()


def test_closing_a_manager_closes_its_connections_and_no_others(named: Named, gone: Gone) -> None:
    with RedisConnectionManager() as manager:
        client = manager.client(client_name="own")
        with client.pipeline() as pipeline:
            pipeline.watch("key")
            client.ping()
            create_redis_from_config(client_name="process").ping()
            assert named("own") == 2
            manager.close()
            assert gone("own")
    assert named("process") == 1


async def test_aclose_closes_the_connections_of_the_running_loop(named: Named, gone: Gone) -> None:
    async with RedisConnectionManager() as manager:
        await manager.async_client(client_name="own").ping()
        manager.client(client_name="own").ping()
        assert named("own") == 2
    assert gone("own")
    with pytest.raises(ManagerClosed):
        manager.async_client()


async def test_close_lets_a_running_loop_close_its_own(named: Named, becomes: Becomes) -> None:
    manager = RedisConnectionManager()
    await manager.async_client(client_name="own").ping()
    manager.close()
    await becomes(lambda: not named("own"))


def test_close_closes_what_a_loop_at_rest_holds(named: Named, gone: Gone) -> None:
    manager = RedisConnectionManager()

    async def use() -> None:
        await manager.async_client(client_name="own").ping()

    with asyncio.Runner() as runner:
        runner.run(use())
        assert named("own") == 1
        manager.close()
        assert gone("own")


async def test_aclose_lets_another_thread_close_what_its_loop_holds(named: Named, becomes: Becomes) -> None:
    manager = RedisConnectionManager()
    client = manager.async_client(client_name="own")
    started, done = threading.Event(), threading.Event()

    async def use() -> None:
        await client.ping()
        started.set()
        await becomes(done.is_set)

    thread = threading.Thread(target=asyncio.run, args=(use(),))
    thread.start()
    await becomes(started.is_set)
    assert named("own") == 1
    await manager.aclose()
    await becomes(lambda: not named("own"))
    done.set()
    thread.join()


def test_a_client_of_a_closed_manager_connects_again() -> None:
    with RedisConnectionManager() as manager:
        client = manager.client()
        assert client.ping()
    assert client.ping()
    client.connection_pool.disconnect()


def test_managers_do_not_share_pools() -> None:
    with RedisConnectionManager() as one, RedisConnectionManager() as other:
        assert one.client().connection_pool is not other.client().connection_pool
