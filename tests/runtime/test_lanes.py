"""Ordinary commands share a lane, in order, and what befalls one of them is nobody else's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import redis.asyncio
from redis.exceptions import DataError, ResponseError

from mooring.embedded import EmbeddedRedis
from mooring.runtime.lanes.client import AsyncRedis
from mooring.runtime.lanes.lane import QUEUE_BYTES, ROOM

from .single_lane import open_connections, single_lane


@pytest.fixture
async def client(redis_server: EmbeddedRedis) -> AsyncIterator[AsyncRedis]:
    """A client with a single lane, so that everything has to share it."""
    async with single_lane(redis_server) as made:
        yield made


async def test_many_callers_share_one_connection(client: AsyncRedis, redis_server: EmbeddedRedis) -> None:
    await asyncio.gather(*(client.set(f"key:{number}", number) for number in range(200)))
    values = await asyncio.gather(*(client.get(f"key:{number}") for number in range(200)))
    assert values == [str(number).encode() for number in range(200)]
    assert open_connections(redis_server) == 1


async def test_a_command_is_a_coroutine_as_redis_py_has_it(client: AsyncRedis) -> None:
    assert await asyncio.create_task(client.set("key", "value"))  # type: ignore[arg-type]
    assert await asyncio.wait_for(client.get("key"), 5) == b"value"
    assert asyncio.iscoroutinefunction(AsyncRedis.execute_command)


async def test_replies_are_what_redis_py_makes_of_them(redis_server: EmbeddedRedis) -> None:
    for options in (
        {},
        {"decode_responses": True},
        {"protocol": 2},
        {"protocol": 3, "decode_responses": True},
    ):
        address: dict[str, Any] = {"host": redis_server.host, "port": redis_server.port, **options}
        async with AsyncRedis(**address) as ours, redis.asyncio.Redis(**address) as theirs:
            replies = []
            for client in (theirs, ours):
                await client.flushdb()
                replies.append([await getattr(client, method)(*arguments) for method, arguments in _CALLS])
        assert replies[1] == replies[0], options


_CALLS: list[tuple[str, tuple[Any, ...]]] = [
    ("set", ("text", "grün")),
    ("get", ("text",)),
    ("get", ("nothing",)),
    ("mget", ([],)),
    ("hgetall", ("nothing",)),
    ("execute_command", ("HSET", "hash", "a", 1.5)),
    ("hgetall", ("hash",)),
    ("execute_command", ("get", "text")),
    ("execute_command", (b"GET", b"text")),
    ("execute_command", ("CONFIG GET", "maxmemory")),
    ("config_get", ("maxmemory",)),
    ("object", ("encoding", "text")),
    ("smembers", ("nothing",)),
    ("zadd", ("zset", {"a": 1}, False, False, True)),
    ("zrange", ("zset", 0, -1, False, True)),
    ("xadd", ("stream", {"a": "b"}, "1-1")),
    ("xread", ({"stream": 0},)),
    ("xrange", ("stream",)),
    ("dump", ("text",)),
    ("scan", ()),
    ("exists", ("text", "nothing")),
    ("eval", ("return {1, 'two'}", 0)),
]


async def test_arguments_are_encoded_and_the_name_is_not(redis_server: EmbeddedRedis) -> None:
    async with AsyncRedis(host=redis_server.host, port=redis_server.port, encoding="utf-16") as client:
        assert await client.set("schlüssel", "grün")
        assert await client.get("schlüssel") == "grün".encode("utf-16")
    with redis_server.client() as observer:
        assert observer.get("schlüssel".encode("utf-16")) == "grün".encode("utf-16")


async def test_an_error_reply_fails_its_own_command_only(client: AsyncRedis) -> None:
    await client.set("text", "value")
    replies = await asyncio.gather(client.get("text"), client.incr("text"), client.get("text"), return_exceptions=True)
    assert [replies[0], replies[2]] == [b"value", b"value"]
    assert isinstance(replies[1], ResponseError)


async def test_a_value_that_cannot_be_decoded_fails_its_own_command_only(redis_server: EmbeddedRedis) -> None:
    async with single_lane(redis_server, decode_responses=True) as client:
        await client.set("binary", b"\xff\xfe")
        await client.set("text", "value")
        replies = await asyncio.gather(client.get("binary"), client.get("text"), return_exceptions=True)
        assert isinstance(replies[0], UnicodeDecodeError)
        assert replies[1] == "value"
        assert await client.get("text") == "value"


async def test_what_redis_py_refuses_to_send_is_refused_in_its_words(client: AsyncRedis) -> None:
    with pytest.raises(DataError, match="Invalid input of type: 'bool'"):
        await client.set("key", True)
    assert await client.ping()


async def test_a_cancelled_command_costs_no_connection_and_nobody_else_a_reply(
    client: AsyncRedis, redis_server: EmbeddedRedis
) -> None:
    before = await client.execute_command("ECHO", "before")
    with redis_server.client() as observer:
        opened = observer.info("stats")["total_connections_received"]
        for turn in range(50):
            tasks = [asyncio.ensure_future(client.execute_command("ECHO", f"{turn}:{each}")) for each in range(10)]
            await asyncio.sleep(0)
            for cancelled in tasks[::2]:
                cancelled.cancel()
            await asyncio.wait(tasks)
            assert [task.result() for task in tasks[1::2]] == [f"{turn}:{each}".encode() for each in range(1, 10, 2)]
        assert observer.info("stats")["total_connections_received"] == opened
    assert before == b"before"


async def test_a_task_has_its_commands_run_in_the_order_it_gives_them(client: AsyncRedis) -> None:
    for number in range(100):
        cancelled = asyncio.ensure_future(client.set("last", f"{number}:first"))
        await asyncio.sleep(0)
        cancelled.cancel()
        await client.set("last", f"{number}:second")
        assert await client.get("last") == f"{number}:second".encode()


async def test_commands_beyond_the_room_of_a_lane_wait_their_turn(client: AsyncRedis) -> None:
    await client.ping()
    numbers = await asyncio.gather(*(client.incr("visits") for _ in range(ROOM + 500)))
    assert sorted(numbers) == list(range(1, ROOM + 501))


async def test_more_bytes_than_a_lane_queues_are_sent_in_turn(client: AsyncRedis) -> None:
    await client.ping()
    value = b"x" * 60_000
    count = 3 * QUEUE_BYTES // len(value)
    await asyncio.gather(*(client.set(f"large:{number}", value) for number in range(count)))
    assert await client.exists(*(f"large:{number}" for number in range(count))) == count


async def test_those_who_wait_for_room_can_be_cancelled(client: AsyncRedis) -> None:
    await client.ping()
    tasks = [asyncio.ensure_future(client.incr("visits")) for _ in range(ROOM + 100)]
    await asyncio.sleep(0)
    for task in tasks[ROOM:]:
        task.cancel()
    await asyncio.wait(tasks)
    assert all(task.cancelled() for task in tasks[ROOM:])
    assert await client.incr("visits") == ROOM + 1


async def test_a_large_value_takes_a_connection_of_its_own(client: AsyncRedis, redis_server: EmbeddedRedis) -> None:
    await client.set("large", b"x" * 1_000_000)
    assert open_connections(redis_server) == 1
    assert await client.strlen("large") == 1_000_000
    assert open_connections(redis_server) == 2


async def test_a_command_with_large_replies_leaves_the_lanes_and_returns(client: AsyncRedis) -> None:
    route = client._routes.find(("GET",))
    await client.set("large", b"x" * 300_000)
    for _ in range(5):
        await client.get("large")
    assert route.alone
    for _ in range(200):
        await client.get("small")
    assert not route.alone


async def test_blocking_and_connection_commands_hold_up_nobody(client: AsyncRedis) -> None:
    waiting = asyncio.ensure_future(client.blpop(["queue"], timeout=5))
    await asyncio.sleep(0.01)
    assert await asyncio.wait_for(client.ping(), 2)
    await client.rpush("queue", "job")
    assert await waiting == (b"queue", b"job") or await waiting == [b"queue", b"job"]
    reading = asyncio.ensure_future(client.xread({"stream": "$"}, block=5000))
    await asyncio.sleep(0.01)
    await asyncio.wait_for(client.xadd("stream", {"a": "b"}), 2)
    assert await reading


async def test_pub_sub_locks_scripts_and_transactions_work_beside_the_lane(client: AsyncRedis) -> None:
    async with client.pubsub() as subscriber:
        await subscriber.subscribe("news")
        assert (await subscriber.get_message(timeout=5))["type"] == "subscribe"
        await client.publish("news", "hello")
        assert (await subscriber.get_message(timeout=5))["data"] == b"hello"
    async with client.lock("lock", timeout=5):
        assert await client.exists("lock")
    double = client.register_script("return ARGV[1] * 2")
    assert await double(args=[21]) == 42
    pipe: Any
    async with client.pipeline(transaction=True) as pipe:
        assert await pipe.incr("count").incr("count").execute() == [1, 2]
    assert [key async for key in client.scan_iter("cou*")] == [b"count"]
