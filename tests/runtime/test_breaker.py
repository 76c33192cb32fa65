"""A breaker rides out what is short, fails fast afterwards, and finds a server that is back within a second."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis

from mooring.embedded import EmbeddedRedis
from mooring.embedded.port import free_port
from mooring.runtime import hooks
from mooring.runtime.failures import CircuitOpen
from mooring.runtime.recovery.breaker import CLOSED, HALF_OPEN, OPEN, PROBE_INTERVAL, Breaker
from mooring.runtime.recovery.endpoints import endpoint

from .flavours import FLAVOURS, Asking
from .scripted import HANG_UP, ScriptedServer, always

REFUSED = ConnectionRefusedError("refused")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker("cache:6379", clock)


@pytest.fixture
def heard() -> Iterator[list[tuple[str, str]]]:
    told: list[tuple[str, str]] = []

    class Listener(hooks.Hooks):
        def breaker(self, endpoint: str, state: str) -> None:
            told.append((endpoint, state))

    listener = Listener()
    hooks.install(listener)
    yield told
    hooks.uninstall(listener)


def opened(breaker: Breaker, clock: Clock) -> None:
    breaker.failed(REFUSED, patience=5.0)
    clock.now += 5.0
    breaker.failed(REFUSED, patience=5.0)
    assert breaker.state == OPEN


def test_what_lasts_no_longer_than_a_call_waits_is_ridden_out(breaker: Breaker, clock: Clock) -> None:
    for _ in range(49):
        breaker.failed(REFUSED, patience=5.0)
        clock.now += 0.1
    assert breaker.state == CLOSED
    breaker.check()


def test_a_success_in_between_begins_the_count_anew(breaker: Breaker, clock: Clock) -> None:
    for _ in range(10):
        breaker.failed(REFUSED, patience=5.0)
        assert breaker.troubled
        clock.now += 4.0
        breaker.succeeded()
        assert not breaker.troubled
    assert breaker.state == CLOSED


def test_after_that_calls_fail_at_once_and_are_told_why(breaker: Breaker, clock: Clock) -> None:
    opened(breaker, clock)
    with pytest.raises(
        CircuitOpen, match=r"cache:6379 has been out of reach for 5 s.* ConnectionRefusedError: refused"
    ):
        breaker.check()


def test_one_call_in_a_while_is_let_through(breaker: Breaker, clock: Clock) -> None:
    opened(breaker, clock)
    let_through = 0
    for _ in range(1000):
        clock.now += 0.01
        try:
            breaker.check()
        except CircuitOpen:
            continue
        let_through += 1
        breaker.failed(REFUSED, patience=5.0)
    # Each interval is jittered down to half of itself.
    assert let_through + 1 >= 10 / PROBE_INTERVAL
    assert let_through <= 10 / (PROBE_INTERVAL / 2)


def test_a_probe_that_never_ends_keeps_no_other_from_its_turn(breaker: Breaker, clock: Clock) -> None:
    opened(breaker, clock)
    for _ in range(3):
        clock.now += PROBE_INTERVAL
        breaker.check()
        with pytest.raises(CircuitOpen):
            breaker.check()


def test_the_first_success_closes_it_for_all(breaker: Breaker, clock: Clock, heard: list[tuple[str, str]]) -> None:
    opened(breaker, clock)
    clock.now += PROBE_INTERVAL
    breaker.check()
    breaker.succeeded()
    breaker.check()
    assert heard == [("cache:6379", OPEN), ("cache:6379", HALF_OPEN), ("cache:6379", CLOSED)]


def test_all_pools_to_a_server_share_what_is_known_of_it() -> None:
    known = endpoint("shared:6379")
    assert endpoint("shared:6379") is known
    assert endpoint("other:6379") is not known


def test_a_forked_child_begins_with_nothing_known() -> None:
    known = endpoint("forked:6379")
    known.breaker.failed(REFUSED, patience=0.0)
    known.breaker.failed(REFUSED, patience=0.0)
    assert known.breaker.state == OPEN
    child = os.fork()
    if not child:
        os._exit(0 if known.breaker.state == CLOSED and not known.breaker.troubled else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert known.breaker.state == OPEN


def test_an_error_reply_is_a_sign_of_life() -> None:
    with ScriptedServer(always(b"-WRONGTYPE no\r\n")) as server:
        known = endpoint(f"127.0.0.1:{server.port}")
        known.breaker.failed(REFUSED)
        with pytest.raises(redis.ResponseError):
            FLAVOURS["threads"](lambda client: client.get("key"), url=server.url)
        assert not known.breaker.troubled


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_server_that_is_back_is_found_within_a_second(flavour: str) -> None:
    def attempted(call: Callable[[], Any]) -> type[Exception] | None:
        try:
            call()
        except redis.RedisError as error:
            return type(error)
        return None

    ask: Asking = FLAVOURS[flavour]
    with EmbeddedRedis(port=free_port()) as server:

        def threads(client: Any) -> float:
            server.stop()
            return recovery(client.ping)

        def recovery(ping: Callable[[], Any]) -> float:
            while attempted(ping) is not CircuitOpen:
                pass
            began = time.monotonic()
            # At once, without a word to the server.
            assert any(attempted(ping) is CircuitOpen for _ in range(3))
            assert time.monotonic() - began < 0.3
            server.start()
            back = time.monotonic()
            while attempted(ping) is not None:
                time.sleep(0.01)
            return time.monotonic() - back

        async def tasks(client: Any) -> float:
            loop = asyncio.get_running_loop()
            await asyncio.to_thread(server.stop)

            def ping() -> Any:
                return asyncio.run_coroutine_threadsafe(client.ping(), loop).result()

            return await asyncio.to_thread(recovery, ping)

        assert ask(threads if flavour == "threads" else tasks, url=server.url, deadline=0.5) < 1.0


def test_a_dead_server_is_told_apart_from_a_slow_one() -> None:
    with ScriptedServer(always(HANG_UP)) as server, pytest.raises(redis.ConnectionError) as caught:
        FLAVOURS["threads"](lambda client: client.incr("visits"), url=server.url)
    assert not isinstance(caught.value, CircuitOpen)
