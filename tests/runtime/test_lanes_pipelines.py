"""A pipeline without a transaction travels on a lane, and is otherwise as redis-py's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import redis.asyncio
from redis.exceptions import ResponseError

from mooring.embedded import EmbeddedRedis
from mooring.runtime.lanes.client import AsyncRedis


@pytest.fixture
async def client(redis_server: EmbeddedRedis) -> AsyncIterator[AsyncRedis]:
    async with AsyncRedis(host=redis_server.host, port=redis_server.port, client_name="piped", lanes=1) as made:
        yield made


async def test_a_pipeline_shares_the_lane(client: AsyncRedis, redis_server: EmbeddedRedis) -> None:
    pipe: Any = client.pipeline(transaction=False)
    for number in range(100):
        pipe.set(f"key:{number}", number).get(f"key:{number}")
    replies = await pipe.execute()
    assert replies == [each for number in range(100) for each in (True, str(number).encode())]
    assert len(pipe) == 0
    with redis_server.client() as observer:
        assert len([known for known in observer.client_list() if known["name"] == "piped"]) == 1


async def test_replies_and_errors_are_those_of_redis_py(client: AsyncRedis, redis_server: EmbeddedRedis) -> None:
    async with redis.asyncio.Redis(host=redis_server.host, port=redis_server.port) as theirs:
        answers = [await _answers(each) for each in (theirs, client)]
    assert repr(answers[1]) == repr(answers[0])


async def _answers(client: redis.asyncio.Redis) -> list[Any]:
    await client.flushdb()
    pipe: Any = client.pipeline(transaction=False)
    pipe.hset("hash", "field", 1).hgetall("hash").incr("hash").mget([]).get("nothing").execute_command("OBJECT HELP")
    answers: list[Any] = await pipe.execute(raise_on_error=False)
    pipe.set("text", "a").incr("text")
    with pytest.raises(ResponseError) as failed:
        await pipe.execute()
    return [*answers, str(failed.value), await pipe.execute()]


async def test_what_may_not_share_a_connection_takes_the_pipeline_along(client: AsyncRedis) -> None:
    for stage in (
        lambda pipe: pipe.execute_command("CLIENT SETNAME", "other").execute_command("CLIENT GETNAME"),
        lambda pipe: pipe.set("large", b"x" * 200_000).strlen("large"),
        lambda pipe: [pipe.ping() for _ in range(1000)],
        lambda pipe: pipe.lpush("list", 1).blpop(["list"], timeout=1),
    ):
        pipe: Any = client.pipeline(transaction=False)
        stage(pipe)
        expected = len(pipe)
        assert len(await pipe.execute()) == expected


async def test_a_watching_pipeline_keeps_its_connection(client: AsyncRedis) -> None:
    async with client.pipeline(transaction=False) as pipe:
        await pipe.watch("key")
        assert await pipe.get("key") is None
        pipe.multi()
        pipe.set("key", 1)
        assert await pipe.execute() == [True]
