"""A subscriber outlives an outage, and does not listen to a connection that is dead."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from itertools import islice
from typing import Any

import pytest
import redis

from mooring import RedisConnectionManager
from mooring.embedded import EmbeddedRedis
from mooring.runtime.clients.subscriptions import Liveness
from mooring.runtime.deadline import deadline
from mooring.runtime.failures import DeadlineExceeded

from .scripted import HANG_UP, SILENCE, Heard, ScriptedServer, until

SUBSCRIBED = b"*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n"
MESSAGE = b"*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$5\r\nhello\r\n"


def test_a_connection_that_is_cut_is_subscribed_again(redis_server: EmbeddedRedis) -> None:
    with RedisConnectionManager() as manager, manager.client(client_name="ears").pubsub() as subscriber:
        publisher = manager.client()
        subscriber.subscribe("news")
        assert (subscriber.get_message(timeout=5) or {})["type"] == "subscribe"
        for known in publisher.client_list():
            if known["name"] == "ears":
                publisher.client_kill_filter(_id=known["id"])
        kinds: list[str | None] = []
        while kinds[-1:] != ["message"]:
            kinds.append((subscriber.get_message(timeout=1) or {}).get("type"))
            publisher.publish("news", "hello")
            assert len(kinds) < 20
        assert "subscribe" in kinds


async def test_a_task_is_subscribed_again_over_a_restart() -> None:
    with EmbeddedRedis() as server:
        async with RedisConnectionManager() as manager:
            client = manager.async_client(url=server.url)
            async with client.pubsub() as subscriber:
                await subscriber.subscribe("news")
                assert (await subscriber.get_message(timeout=5) or {})["type"] == "subscribe"
                listening = asyncio.create_task(_first_message(subscriber))
                await asyncio.to_thread(server.restart)
                while not listening.done():
                    await client.publish("news", "hello")
                    await asyncio.sleep(0.02)
                assert await listening == b"hello"


async def _first_message(subscriber: Any) -> Any:
    messages: AsyncIterator[dict[str, Any]] = subscriber.listen()
    async for message in messages:
        if message["type"] == "message":
            return message["data"]
    return None


def test_an_outage_longer_than_a_call_is_told_and_listening_goes_on() -> None:
    greeted = threading.Event()

    def script(heard: Heard) -> bytes:
        return SUBSCRIBED if heard.connection == 0 else SUBSCRIBED + MESSAGE

    def greet(number: int) -> bytes:
        return b"+OK\r\n" if number == 0 or greeted.is_set() else HANG_UP

    with (
        ScriptedServer(script, greet=greet) as server,
        RedisConnectionManager() as manager,
        manager.client(url=server.url, deadline=0.3).pubsub() as subscriber,
    ):
        subscriber.subscribe("news")
        assert (subscriber.get_message(timeout=5) or {})["type"] == "subscribe"
        subscriber.connection.disconnect()
        with pytest.raises(redis.RedisError):
            subscriber.get_message(timeout=1)
        greeted.set()
        kinds = []

        def heard() -> bool:
            try:
                kinds.append((subscriber.get_message(timeout=0.2) or {}).get("type"))
            except redis.RedisError:
                return False
            return kinds[-1] == "message"

        until(heard)
        assert kinds[-2:] == ["subscribe", "message"]


def test_liveness_asks_once_and_then_waits_as_long_again() -> None:
    now = [0.0]
    liveness = Liveness(lambda: now[0])
    assert not liveness.asks(10, "read")
    now[0] = 9.9
    assert not liveness.asks(10, "read")
    now[0] = 10.1
    assert liveness.asks(10, "read")
    now[0] = 19.0
    assert not liveness.asks(10, "read")
    now[0] = 20.2
    with pytest.raises(redis.ConnectionError, match="has not answered a subscriber's PING for 10 s"):
        liveness.asks(10, "read")


def test_whatever_is_read_is_a_sign_of_life() -> None:
    now = [0.0]
    liveness = Liveness(lambda: now[0])
    liveness.asks(10, 1)
    now[0] = 10.0
    assert liveness.asks(10, 1)
    now[0] = 12.0
    assert not liveness.asks(10, 2)
    now[0] = 21.0
    assert not liveness.asks(10, 2)
    now[0] = 22.0
    assert liveness.asks(10, 2)


def _deaf_at_first(heard: Heard) -> bytes:
    if heard.name == "PING":
        # Without an argument it belongs to the handshake.
        return SILENCE if heard.arguments else b"+PONG\r\n"
    return SUBSCRIBED if heard.connection == 0 else SUBSCRIBED + MESSAGE


def _asked(server: ScriptedServer) -> int:
    return len([heard for heard in server.heard if heard.name == "PING" and heard.arguments])


def test_a_listener_leaves_a_connection_that_is_dead() -> None:
    with ScriptedServer(_deaf_at_first) as server, RedisConnectionManager() as manager:
        with manager.client(url=server.url, health_check_interval=0.2).pubsub() as subscriber:
            subscriber.subscribe("news")
            began = time.monotonic()
            assert [message["type"] for message in islice(subscriber.listen(), 3)] == [
                "subscribe",
                "subscribe",
                "message",
            ]
            assert time.monotonic() - began < 5
        assert _asked(server) == 1


async def test_a_listening_task_leaves_a_connection_that_is_dead() -> None:
    with ScriptedServer(_deaf_at_first) as server:
        async with RedisConnectionManager() as manager:
            client = manager.async_client(url=server.url, health_check_interval=0.2)
            async with client.pubsub() as subscriber:
                await subscriber.subscribe("news")
                assert await asyncio.wait_for(_first_message(subscriber), 5) == b"hello"
        assert _asked(server) == 1


def test_one_that_answers_is_kept(redis_server: EmbeddedRedis) -> None:
    with RedisConnectionManager() as manager, manager.client(health_check_interval=0.1).pubsub() as subscriber:
        subscriber.subscribe("news")
        subscriber.get_message(timeout=1)
        before = subscriber.connection._sock
        assert subscriber.get_message(timeout=0.7) is None
        assert subscriber.connection._sock is before


@pytest.mark.parametrize("timeout", [None, 5])
def test_a_deadline_bounds_a_listener(timeout: float | None) -> None:
    with RedisConnectionManager() as manager, manager.client().pubsub() as subscriber:
        subscriber.subscribe("news")
        subscriber.get_message(timeout=1)
        outcome = _heard_within(0.2, lambda: subscriber.get_message(timeout=timeout))
    assert outcome is (DeadlineExceeded if timeout is None else None)


@pytest.mark.parametrize("timeout", [None, 5])
async def test_a_deadline_bounds_a_listening_task(timeout: float | None) -> None:  # noqa: ASYNC109 - redis-py's
    async with RedisConnectionManager() as manager, manager.async_client().pubsub() as subscriber:
        await subscriber.subscribe("news")
        await subscriber.get_message(timeout=1)
        began = time.monotonic()
        outcome: Any = None
        with deadline(0.2):
            try:
                outcome = await subscriber.get_message(timeout=timeout)
            except DeadlineExceeded as error:
                outcome = type(error)
        assert time.monotonic() - began < 1
    assert outcome is (DeadlineExceeded if timeout is None else None)


def _heard_within(seconds: float, listen: Callable[[], Any]) -> Any:
    began = time.monotonic()
    with deadline(seconds):
        try:
            return listen()
        except DeadlineExceeded as error:
            return type(error)
        finally:
            assert time.monotonic() - began < 1
