"""A call ends when it has to, whatever the server does, and what it does meanwhile counts."""

from __future__ import annotations

import time
from typing import Any

import pytest
import redis

from mooring.embedded import EmbeddedRedis
from mooring.runtime.deadline import deadline
from mooring.runtime.failures import DeadlineExceeded, PoolExhausted

from .flavours import FLAVOURS, Asking
from .scripted import DRIP, SILENCE, ScriptedServer, always, in_turn

ONE = b":1\r\n"
VALUE = b"$5\r\nvalue\r\n"
# Beyond a deadline, in seconds: what is promised.
GRACE = 0.1


@pytest.fixture(params=FLAVOURS, name="ask")
def _ask(request: pytest.FixtureRequest) -> Asking:
    return FLAVOURS[request.param]


def test_a_read_on_a_connection_that_died_without_a_word_is_sent_again_in_time(ask: Asking) -> None:
    with ScriptedServer(in_turn(SILENCE, VALUE)) as server:
        assert ask(lambda client: client.get("key"), url=server.url, deadline=2.2) == b"value"
        assert server.connections == 2


@pytest.mark.parametrize("reply", [SILENCE, DRIP])
def test_a_deadline_is_kept_whatever_the_server_does(ask: Asking, reply: bytes) -> None:
    with ScriptedServer(always(reply)) as server:

        def use(client: Any) -> Any:
            return client.incr("visits")

        began = time.monotonic()
        with pytest.raises(DeadlineExceeded) as caught:
            ask(use, url=server.url, deadline=0.3)
        assert 0.29 <= time.monotonic() - began < 0.3 + GRACE + 0.2  # and what opening and closing all takes
        assert server.ran["INCRBY"] == 1
    assert caught.value.may_have_run
    assert 0.29 <= caught.value.seconds < 0.3 + GRACE


def test_a_deadline_is_kept_while_connecting(ask: Asking) -> None:
    with ScriptedServer(always(ONE), greet=lambda _: SILENCE) as server:
        with pytest.raises(DeadlineExceeded, match="it has not run") as caught:
            ask(lambda client: client.incr("visits"), url=server.url, deadline=0.3)
        assert server.ran["INCRBY"] == 0
    assert not caught.value.may_have_run
    assert caught.value.seconds < 0.3 + GRACE


def test_a_deadline_around_calls_counts_for_all_of_them(ask: Asking) -> None:
    with ScriptedServer(in_turn(VALUE, VALUE, SILENCE)) as server:

        def use(client: Any) -> Any:
            return client.get("key")

        began = time.monotonic()
        with deadline(0.4):
            assert ask(use, url=server.url) == b"value"
            assert ask(use, url=server.url) == b"value"
            with pytest.raises(DeadlineExceeded):
                ask(use, url=server.url)
        assert time.monotonic() - began < 0.4 + GRACE + 0.3


def test_waiting_for_a_connection_counts(redis_server: EmbeddedRedis) -> None:
    def use(client: redis.Redis) -> float:
        with client.pipeline() as holder:
            holder.watch("key")
            began = time.monotonic()
            with pytest.raises(PoolExhausted, match="All 1 connections"), deadline(0.2):
                client.ping()
            return time.monotonic() - began

    assert 0.19 < FLAVOURS["threads"](use, max_connections=1) < 0.2 + GRACE


def test_a_blocking_command_may_wait_for_its_own_time(ask: Asking) -> None:
    began = time.monotonic()
    assert ask(lambda client: client.blpop(["nothing"], timeout=0.5), deadline=0.2, socket_timeout=0.2) is None
    assert time.monotonic() - began >= 0.5


def test_a_deadline_around_a_blocking_command_bounds_it(ask: Asking) -> None:
    began = time.monotonic()
    with deadline(0.3), pytest.raises(DeadlineExceeded):
        ask(lambda client: client.blpop(["nothing"], timeout=0))
    assert time.monotonic() - began < 2


def test_a_socket_timeout_bounds_each_attempt(ask: Asking) -> None:
    with ScriptedServer(in_turn(SILENCE, SILENCE, VALUE)) as server:
        began = time.monotonic()
        assert ask(lambda client: client.get("key"), url=server.url, socket_timeout=0.2) == b"value"
        assert 0.4 <= time.monotonic() - began < 3
