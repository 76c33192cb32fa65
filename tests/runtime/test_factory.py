"""The factories are drop-in: plain calls, redis-py's results, and one pool for all who ask for the same."""

from __future__ import annotations

import asyncio
import threading
from secrets import token_bytes
from typing import Any, assert_type
from urllib.parse import quote

import pytest
import redis
import redis.asyncio
from hypothesis import given
from hypothesis import strategies as st

from mooring import ConfigError, create_async_redis_from_config, create_redis_from_config
from mooring.embedded import EmbeddedRedis


def connections_received(server: EmbeddedRedis) -> int:
    with server.client() as client:
        return int(client.info("stats")["total_connections_received"])


def test_results_are_those_of_bare_redis_py(redis_server: EmbeddedRedis) -> None:
    with redis.Redis(host=redis_server.host, port=redis_server.port) as bare:
        bare.set("text", "grüße")
        bare.hset("map", mapping={"a": 1, "b": b"\xff"})
        bare.zadd("ranks", {"x": 1.5, "y": 2})
        fixed = create_redis_from_config()
        assert isinstance(fixed, redis.Redis)
        for command in (
            ("GET", "text"),
            ("GET", "missing"),
            ("HGETALL", "map"),
            ("ZRANGE", "ranks", 0, -1, "WITHSCORES"),
            ("TTL", "text"),
            ("EXISTS", "text"),
        ):
            assert fixed.execute_command(*command) == bare.execute_command(*command)
        assert fixed.get("text") == "grüße".encode()
        assert fixed.zrange("ranks", 0, -1, withscores=True) == bare.zrange("ranks", 0, -1, withscores=True)


def test_decoding_is_kept_as_asked() -> None:
    assert create_redis_from_config(decode_responses=True).set("key", "grüße")
    assert create_redis_from_config(decode_responses=True).get("key") == "grüße"
    assert create_redis_from_config(decode_responses=True, encoding="latin-1").get("key") == "grÃ¼Ã\x9fe"
    assert create_redis_from_config().get("key") == "grüße".encode()


def test_the_database_is_kept_as_asked() -> None:
    create_redis_from_config(db=1).set("key", "one")
    assert create_redis_from_config(db=0).get("key") is None
    assert create_redis_from_config(db=1).get("key") == b"one"


def test_a_type_checker_sees_redis_pys_clients() -> None:
    assert_type(create_redis_from_config(), redis.Redis)
    assert_type(create_async_redis_from_config(), redis.asyncio.Redis)


def test_equal_settings_share_one_pool() -> None:
    first, second = create_redis_from_config(), create_redis_from_config(db=0)
    assert first.connection_pool is second.connection_pool
    assert isinstance(first.connection_pool, redis.ConnectionPool)
    assert create_redis_from_config(db=1).connection_pool is not first.connection_pool
    async_first, async_second = create_async_redis_from_config(), create_async_redis_from_config()
    assert async_first.connection_pool is async_second.connection_pool
    assert isinstance(async_first.connection_pool, redis.asyncio.ConnectionPool)


def test_two_hundred_threads_share_fifty_connections(redis_server: EmbeddedRedis) -> None:
    before = connections_received(redis_server)
    failures: list[Exception] = []

    def count() -> None:
        try:
            for _ in range(5):
                create_redis_from_config().incr("visits")
        except redis.RedisError as error:
            failures.append(error)

    threads = [threading.Thread(target=count) for _ in range(200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert create_redis_from_config().get("visits") == b"1000"
    assert connections_received(redis_server) - before <= 50 + 1


async def test_five_hundred_tasks_share_fifty_connections(redis_server: EmbeddedRedis) -> None:
    before = connections_received(redis_server)

    async def count() -> None:
        for _ in range(2):
            await create_async_redis_from_config().incr("visits")

    await asyncio.gather(*(count() for _ in range(500)))
    assert await create_async_redis_from_config().get("visits") == b"1000"
    assert connections_received(redis_server) - before <= 50 + 1


def test_two_hundred_calls_one_after_the_other_use_one_connection(redis_server: EmbeddedRedis) -> None:
    before = connections_received(redis_server)
    for _ in range(200):
        with create_redis_from_config() as client:
            client.ping()
    assert connections_received(redis_server) - before == 1 + 1


async def test_awaiting_the_asyncio_call_gives_the_client() -> None:
    client = create_async_redis_from_config()
    assert isinstance(client, redis.asyncio.Redis)
    assert await client is client
    async with client as entered:
        assert entered is client
        assert await entered.ping()


def test_a_client_is_made_without_a_running_loop() -> None:
    client = create_async_redis_from_config(decode_responses=True)

    async def use() -> Any:
        await client.set("key", "value")
        return await client.get("key")

    assert asyncio.run(use()) == "value"


async def test_pipelines_and_subscriptions_work_on_the_shared_pool() -> None:
    client = create_async_redis_from_config()
    async with client.pubsub() as subscription:
        await subscription.subscribe("news")
        assert (await subscription.get_message(timeout=5) or {})["type"] == "subscribe"
        await client.publish("news", "hello")
        message = await subscription.get_message(ignore_subscribe_messages=True, timeout=5)
        assert message is not None
        assert message["data"] == b"hello"
    async with client.pipeline() as pipeline:
        pipeline.set("key", 1)
        pipeline.incr("key")
        assert await pipeline.execute() == [True, 2]


def test_a_single_connection_client_keeps_its_connection_until_it_is_closed() -> None:
    client = create_redis_from_config(single_connection_client=True, max_connections=1, pool_timeout=0.01)
    assert client.ping()
    other = create_redis_from_config(max_connections=1, pool_timeout=0.01)
    with pytest.raises(redis.ConnectionError, match="All 1 connections"):
        other.ping()
    client.close()
    assert other.ping()


def test_a_password_is_taken_from_the_url(monkeypatch: pytest.MonkeyPatch, secure_redis: EmbeddedRedis) -> None:
    monkeypatch.setenv("REDIS_URL", secure_redis.url)
    assert create_redis_from_config().ping()


async def test_a_password_is_taken_from_its_variable(
    monkeypatch: pytest.MonkeyPatch, secure_redis: EmbeddedRedis
) -> None:
    monkeypatch.setenv("REDIS_URL", f"redis://{secure_redis.host}:{secure_redis.port}")
    monkeypatch.setenv("REDIS_PASSWORD", secure_redis.password or "")
    assert await create_async_redis_from_config().ping()


def test_without_the_password_the_server_refuses(monkeypatch: pytest.MonkeyPatch, secure_redis: EmbeddedRedis) -> None:
    monkeypatch.setenv("REDIS_URL", f"redis://{secure_redis.host}:{secure_redis.port}")
    with pytest.raises(redis.AuthenticationError):
        create_redis_from_config(retry=None).ping()


def test_a_named_connection_reaches_its_own_server(
    monkeypatch: pytest.MonkeyPatch, redis_server: EmbeddedRedis, secure_redis: EmbeddedRedis
) -> None:
    monkeypatch.setenv("SESSIONS_REDIS_URL", secure_redis.url)
    create_redis_from_config("sessions").set("key", "sessions")
    assert create_redis_from_config().get("key") is None
    with secure_redis.client() as client:
        assert client.get("key") == b"sessions"


def test_the_default_url_serves_where_nothing_is_configured(
    monkeypatch: pytest.MonkeyPatch, redis_server: EmbeddedRedis
) -> None:
    monkeypatch.delenv("REDIS_URL")
    client = create_redis_from_config(default_url=f"{redis_server.url}?db=3&client_name=before")
    assert client.client_getname() in {"before", b"before"}
    assert client.client_info()["db"] == 3


def test_an_unknown_argument_fails_at_once() -> None:
    with pytest.raises(TypeError, match=r"decode_response'.*did you mean decode_responses"):
        create_redis_from_config(decode_response=True)
    with pytest.raises(TypeError, match="'colour'"):
        create_async_redis_from_config(colour="red")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("REDIS_PORT", "abc"),
        ("REDIS_DB", "-1"),
        ("REDIS_URL", "http://cache"),
        ("REDIS_URL", "redis://cache?socket_timeot=1"),
        ("MOORING_ENVIRONMENT", "cloud"),
    ],
)
def test_a_bad_variable_fails_at_once_by_name(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.delenv("REDIS_URL")
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError, match=variable):
        create_redis_from_config()
    with pytest.raises(ConfigError, match=variable):
        create_async_redis_from_config()


@given(st.text(min_size=1))
def test_no_client_shows_the_password(text: str) -> None:
    secret = f"hunter2{text}"
    # Nobody listens at any of these, and no dial has to wait for another's failure.
    nowhere = ".".join(["127", *map(str, token_bytes(3))])
    overrides: dict[str, Any] = {"url": f"redis://:{quote(secret, safe='')}@{nowhere}:1", "retry": None}
    client = create_redis_from_config(**overrides)
    async_client = create_async_redis_from_config(**overrides)
    told = [repr(client), repr(client.connection_pool), repr(async_client), repr(async_client.connection_pool)]
    with pytest.raises(redis.ConnectionError) as refused:
        client.ping()
    told.append(repr(refused.value))
    assert not [words for words in told if "hunter2" in words]
