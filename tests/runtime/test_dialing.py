"""Few dial at once, and a server that is away is not called by everybody."""

from __future__ import annotations

import asyncio
import math
import socket
import threading
import time
from typing import Any

import pytest
import redis

from mooring import RedisConnectionManager
from mooring.embedded.port import free_port
from mooring.runtime.failures import CircuitOpen, DeadlineExceeded
from mooring.runtime.recovery.dialing import AT_ONCE, AsyncDials, Dials, Pace

from .scripted import SILENCE, ScriptedServer, always


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def unused_port() -> int:
    return free_port()


@pytest.fixture
def dialed(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When threads have dialed."""
    times: list[float] = []
    connect = socket.socket.connect

    def count(self: socket.socket, address: Any) -> None:
        times.append(time.monotonic())
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", count)
    return times


def test_a_few_dial_at_once_and_the_others_wait_for_them() -> None:
    pace = Pace(Clock())
    for _ in range(AT_ONCE):
        assert pace.wait() == 0
        pace.begin()
    assert pace.wait() == math.inf
    pace.end(reached=True)
    assert pace.wait() == 0


def test_a_failure_makes_all_pause_and_then_one_after_the_other_dial() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.begin()
    pace.end(reached=False)
    assert 0 < pace.wait() <= 0.02
    clock.now += 0.02
    assert pace.wait() == 0
    pace.begin()
    assert pace.wait() > 0.4
    pace.end(reached=True)
    assert pace.wait() == 0


def test_pauses_grow_to_less_than_half_a_second() -> None:
    clock = Clock()
    pace = Pace(clock)
    for _ in range(30):
        pace.begin()
        pace.end(reached=False)
        pause = pace.wait()
        clock.now += pause
    assert 0.2 <= pause <= 0.4


def test_a_dial_that_is_stuck_does_not_keep_the_next_from_its_turn() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.begin()
    pace.end(reached=False)
    clock.now += 0.02
    pace.begin()
    clock.now += 0.5
    assert pace.wait() == 0


def test_a_dial_that_was_given_up_tells_nothing() -> None:
    pace = Pace(Clock())
    pace.begin()
    pace.end(reached=None)
    assert pace.wait() == 0


def test_a_thread_gives_up_when_its_time_is() -> None:
    dials = Dials()
    for _ in range(AT_ONCE):
        assert dials.enter(time.monotonic() + 60)
    assert not dials.enter(time.monotonic() + 0.02)
    dials.leave(reached=True)
    assert dials.enter(time.monotonic() + 60)


async def test_a_task_gives_up_when_its_time_is_and_a_cancelled_one_leaves_no_place_taken() -> None:
    queue = AsyncDials().here()
    for _ in range(AT_ONCE):
        assert await queue.enter(time.monotonic() + 60)
    assert not await queue.enter(time.monotonic() + 0.02)
    waiting = [asyncio.create_task(queue.enter(time.monotonic() + 60)) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    queue.leave(reached=True)
    assert await waiting[1]
    waiting[2].cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    queue.leave(reached=True)
    assert await queue.enter(time.monotonic() + 60)


async def test_a_place_that_comes_with_the_cancellation_is_given_on() -> None:
    queue = AsyncDials().here()
    for _ in range(AT_ONCE):
        await queue.enter(math.inf)
    first, second = (asyncio.create_task(queue.enter(math.inf)) for _ in range(2))
    await asyncio.sleep(0)
    queue.leave(reached=True)
    first.cancel()
    assert await second
    assert first.cancelled() or await asyncio.gather(first, return_exceptions=True)


def test_a_hundred_threads_dial_a_dead_server_a_few_dozen_times(unused_port: int, dialed: list[float]) -> None:
    failures: list[type[Exception]] = []

    with RedisConnectionManager() as manager:
        client = manager.client(url=f"redis://127.0.0.1:{unused_port}", deadline=1.2)

        def ask() -> None:
            try:
                client.get("key")
            except redis.RedisError as error:
                failures.append(type(error))

        threads = [threading.Thread(target=ask) for _ in range(100)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(failures) == 100
    assert set(failures) <= {DeadlineExceeded, CircuitOpen}
    assert 3 <= len(dialed) < 40


async def test_a_hundred_tasks_dial_a_dead_server_a_few_dozen_times(
    unused_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, dials = asyncio.get_running_loop(), 0
    create = loop.create_connection

    async def count(*args: Any, **options: Any) -> Any:
        nonlocal dials
        dials += 1
        return await create(*args, **options)

    monkeypatch.setattr(loop, "create_connection", count)
    async with RedisConnectionManager() as manager:
        client = manager.async_client(url=f"redis://127.0.0.1:{unused_port}", deadline=1.2, multiplex=False)
        began = time.monotonic()
        outcomes = await asyncio.gather(*(client.get("key") for _ in range(100)), return_exceptions=True)
        took = time.monotonic() - began
    assert {type(outcome) for outcome in outcomes} <= {DeadlineExceeded, CircuitOpen}
    assert 3 <= dials < 40
    assert took < 1.2 + 0.5


def test_a_server_that_takes_no_notice_is_dialed_by_a_few(dialed: list[float]) -> None:
    with ScriptedServer(always(b"+OK\r\n"), greet=lambda _: SILENCE) as server, RedisConnectionManager() as manager:
        client = manager.client(url=server.url, deadline=1.0)
        threads = [threading.Thread(target=_tried, args=(client,)) for _ in range(30)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(dialed) <= 2 * AT_ONCE


def _tried(client: redis.Redis) -> None:
    with pytest.raises(redis.RedisError):
        client.get("key")


async def test_who_has_another_server_to_turn_to_waits_only_for_the_first_failure() -> None:
    queue = AsyncDials().here()
    far = time.monotonic() + 30
    for _ in range(AT_ONCE):
        assert await queue.enter(far)
    hasty = asyncio.create_task(queue.enter(far, hasty=True))
    patient = asyncio.create_task(queue.enter(far))
    await asyncio.sleep(0)
    queue.leave(reached=True)
    assert await hasty
    late = asyncio.create_task(queue.enter(far, hasty=True))
    await asyncio.sleep(0)
    queue.leave(reached=False)
    assert not await late
    assert not patient.done()
    patient.cancel()
