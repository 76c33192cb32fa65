"""Monitors look by themselves, answer without I/O, and end with their manager; in threads, loops and forks."""

from __future__ import annotations

import asyncio
import subprocess
import threading
import time
from collections.abc import Awaitable, Callable

import pytest

from mooring.embedded import EmbeddedRedis
from mooring.embedded.port import free_port
from mooring.runtime.manager import RedisConnectionManager
from mooring.runtime.observing.health import State
from mooring.runtime.observing.monitor import INTERVAL, AsyncMonitor, Monitor, pause

Becomes = Callable[[Callable[[], bool]], Awaitable[None]]


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("mooring-monitor")]


def until(condition: Callable[[], bool]) -> None:
    for _ in range(20_000):
        if condition():
            return
        time.sleep(0.001)
    raise AssertionError("the condition never held")


def test_a_look_tells_round_trip_role_and_pool() -> None:
    with RedisConnectionManager() as manager:
        manager.client().ping()
        health = manager.health()
        assert (health.state, health.role, health.last_error) == (State.OK, "master", None)
        assert health.round_trip is not None
        assert health.round_trip < 1.0
        assert health.pool is not None
        assert health.pool.size >= 1
        assert threads() == []


def test_a_redis_that_is_not_there_is_down_and_no_exception() -> None:
    with RedisConnectionManager() as manager:
        health = manager.health(url=f"redis://127.0.0.1:{free_port()}", timeout=0.2)
    assert health.state is State.DOWN
    assert health.endpoint.startswith("127.0.0.1:")
    assert health.last_error


def test_settings_that_are_wrong_are_down_with_their_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://cache:notaport")
    with RedisConnectionManager() as manager:
        health = manager.health()
    assert health.state is State.DOWN
    assert "REDIS_URL" in health.reason


def test_what_no_client_takes_is_down_and_ends_no_monitor() -> None:
    with RedisConnectionManager() as manager, manager.monitor(max_conections=1, interval=0.05) as monitor:
        assert monitor.current().reason == "TypeError"
        assert monitor.running


def test_a_busy_pool_is_degraded_and_not_down(redis_server: EmbeddedRedis) -> None:
    with RedisConnectionManager() as manager:
        client = manager.client(max_connections=1, pool_timeout=10.0)
        with client.pipeline() as holder:
            holder.watch("key")  # takes the only connection
            waiter = threading.Thread(target=client.ping)
            waiter.start()
            until(lambda: any(numbers.waiting for numbers in manager.numbers().values()))
            health = manager.health()
        waiter.join()
    assert health.state is State.DEGRADED
    assert "wait" in health.reason


def test_a_monitor_sees_redis_go_and_come_back() -> None:
    server = EmbeddedRedis(port=free_port())
    server.start()
    try:
        with RedisConnectionManager() as manager:
            monitor = manager.monitor(url=server.url, interval=0.05, timeout=0.5).start()
            until(lambda: monitor.health.state is State.OK)
            server.kill()
            until(lambda: monitor.health.state is State.DOWN)
            server.restart()
            back = time.monotonic()
            until(lambda: monitor.health.state is State.OK)
            # The promise is "within about a second"; the machine may be busy.
            assert time.monotonic() - back < 5.0
            assert monitor.health.last_error
    finally:
        server.stop()
    assert threads() == []


def test_the_last_answer_is_served_without_a_look(redis_server: EmbeddedRedis) -> None:
    with RedisConnectionManager() as manager:
        monitor = manager.monitor(interval=60.0).start()
        until(lambda: monitor.health.checked is not None)
        first = manager.health(interval=60.0)
        with redis_server.client() as observer:
            observer.client_list()
            assert manager.health(interval=60.0) is first


def test_the_same_monitor_is_returned_for_the_same_arguments() -> None:
    with RedisConnectionManager() as manager:
        assert manager.monitor(interval=1.0) is manager.monitor(interval=1.0)
        assert manager.monitor(interval=1.0) is not manager.monitor(interval=2.0)


def test_a_monitor_ends_with_its_block_and_can_begin_again() -> None:
    with RedisConnectionManager() as manager:
        with Monitor(manager, interval=0.05) as monitor:
            assert threads() == ["mooring-monitor-default"]
            assert monitor.start() is monitor
            assert threads() == ["mooring-monitor-default"]
        assert threads() == []
        with monitor:
            assert monitor.running


async def test_a_task_looks_and_ends_with_the_manager(becomes: Becomes) -> None:
    async with RedisConnectionManager() as manager:
        monitor = manager.async_monitor(interval=0.05).start()
        await becomes(lambda: monitor.health.state is State.OK)
        assert await manager.ahealth(interval=0.05) is monitor.health or monitor.running
    assert not monitor.running
    assert [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("mooring-monitor")] == []


async def test_all_who_ask_at_the_start_wait_for_one_look(redis_server: EmbeddedRedis) -> None:
    async with RedisConnectionManager() as manager:
        monitor = manager.async_monitor(interval=60.0).start()
        healths = await asyncio.gather(*(monitor.current() for _ in range(50)))
    assert all(health is healths[0] for health in healths)
    assert healths[0].state is State.OK


async def test_a_look_of_a_task_is_bounded() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1") as server, RedisConnectionManager() as manager:
        port = server.sockets[0].getsockname()[1]
        began = time.monotonic()
        health = await manager.ahealth(url=f"redis://127.0.0.1:{port}", timeout=0.2)
        assert time.monotonic() - began < 2.0
    assert health.state is State.DOWN


def test_a_monitor_serves_one_loop_after_the_other() -> None:
    with RedisConnectionManager() as manager:
        monitor = AsyncMonitor(manager, interval=0.05)

        async def look_in_a_loop() -> bool:
            await monitor.start().current()
            return monitor.running

        assert asyncio.run(look_in_a_loop())
        assert not monitor.running
        assert asyncio.run(look_in_a_loop())


def test_closing_from_outside_ends_the_task_of_a_running_loop(becomes: Becomes) -> None:
    manager = RedisConnectionManager()

    async def serve() -> None:
        monitor = manager.async_monitor(interval=0.05).start()
        await monitor.current()
        await asyncio.to_thread(manager.close)
        await becomes(lambda: not monitor.running)

    asyncio.run(serve())


def test_a_forked_child_looks_with_a_thread_of_its_own(
    run_script: Callable[[str], subprocess.CompletedProcess[str]],
) -> None:
    done = run_script(
        """
import os, threading
from mooring import RedisConnectionManager
manager = RedisConnectionManager.instance()
monitor = manager.monitor(interval=0.05).start()
while monitor.health.checked is None: pass
child = os.fork()
if not child:
    names = [thread.name for thread in threading.enumerate()]
    ok = not monitor.running and monitor.start().current().state.value == "ok" and monitor.running
    manager.close()
    os._exit(0 if ok and "mooring-monitor-default" not in names and not monitor.running else 1)
_, status = os.waitpid(child, 0)
print(os.waitstatus_to_exitcode(status), monitor.running)
manager.close()
"""
    )
    assert done.stdout.split() == ["0", "True"], done.stderr
    assert done.stderr == ""


def test_looks_come_more_often_while_redis_is_down_and_never_in_step() -> None:
    assert pause(INTERVAL, State.DOWN, 1.0) < 1.0
    assert pause(0.1, State.DOWN, 0.5) == pytest.approx(0.1)
    assert pause(INTERVAL, State.OK, 0.0) == pytest.approx(4.5)
    assert pause(INTERVAL, State.DEGRADED, 1.0) == pytest.approx(5.5)
