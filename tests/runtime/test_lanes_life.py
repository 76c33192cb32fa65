"""A lane is opened when it is needed, ends when it has to, and leaves nothing open."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator
from typing import Any

import pytest
import redis.asyncio
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError

from mooring.embedded import EmbeddedRedis
from mooring.runtime.deadline import deadline
from mooring.runtime.failures import DeadlineExceeded
from mooring.runtime.lanes.client import AsyncRedis
from mooring.runtime.lanes.events import LaneLost
from mooring.runtime.lanes.lane import Lane
from mooring.runtime.lanes.lane_set import close_lanes
from mooring.runtime.lanes.replies import make_reader
from mooring.runtime.manager import RedisConnectionManager

from .single_lane import all_gone, open_connections, single_lane


@pytest.fixture
async def client(redis_server: EmbeddedRedis) -> AsyncIterator[AsyncRedis]:
    """A client with a single lane, so that everything has to share it."""
    async with single_lane(redis_server) as made:
        yield made


async def test_a_lane_that_the_server_closes_is_opened_again(client: AsyncRedis, redis_server: EmbeddedRedis) -> None:
    await client.set("key", "value")
    with redis_server.client() as observer:
        for _ in range(3):
            observer.client_kill_filter(_type="normal", skipme=True)
            assert await client.get("key") == b"value"


async def test_a_deadline_releases_its_caller_and_keeps_the_lane(redis_server: EmbeddedRedis) -> None:
    async with single_lane(redis_server) as client:
        await client.ping()
        with redis_server.client() as observer:
            opened = observer.info("stats")["total_connections_received"]
            observer.client_pause(400, all=True)
            with deadline(0.05), pytest.raises(DeadlineExceeded) as late:
                await client.set("key", "value")
            assert late.value.may_have_run
            assert await client.get("key") == b"value"
            assert observer.info("stats")["total_connections_received"] == opened


async def test_a_lane_whose_oldest_reply_is_overdue_ends(redis_server: EmbeddedRedis) -> None:
    async with single_lane(redis_server, deadline=0.2) as client:
        await client.ping()
        with redis_server.client() as observer:
            opened = observer.info("stats")["total_connections_received"]
            observer.client_pause(500, all=True)
            with pytest.raises(DeadlineExceeded):
                await client.incr("visits")
            await asyncio.sleep(0.5)
            await client.ping()
            assert observer.info("stats")["total_connections_received"] == opened + 1


async def test_closing_the_client_closes_its_lanes_and_using_it_opens_them(redis_server: EmbeddedRedis) -> None:
    client = single_lane(redis_server)
    for _ in range(2):
        await client.ping()
        assert open_connections(redis_server) == 1
        await client.aclose()
        assert await all_gone(redis_server)


async def test_what_is_under_way_is_answered_before_the_lane_closes(client: AsyncRedis) -> None:
    await client.ping()
    asked = [asyncio.ensure_future(client.incr("visits")) for _ in range(100)]
    await asyncio.sleep(0)
    await close_lanes(client.connection_pool)
    assert sorted(await asyncio.gather(*asked)) == list(range(1, 101))


def test_a_loop_that_ends_closes_its_lanes(redis_server: EmbeddedRedis) -> None:
    client = single_lane(redis_server)

    async def use() -> None:
        await client.ping()

    for _ in range(2):
        asyncio.run(use())
        assert asyncio.run(all_gone(redis_server))


async def test_lanes_end_with_their_pool(redis_server: EmbeddedRedis) -> None:
    client = single_lane(redis_server)
    await client.ping()
    del client
    gc.collect()
    assert await all_gone(redis_server)


async def test_clients_of_one_pool_share_its_lanes(redis_server: EmbeddedRedis) -> None:
    pool = redis.asyncio.ConnectionPool(host=redis_server.host, port=redis_server.port, client_name="lanes")
    for _ in range(5):
        client = AsyncRedis(connection_pool=pool, lanes=1)
        await client.ping()
        await client.aclose()
    assert open_connections(redis_server) == 1
    await close_lanes(pool)


async def test_a_server_that_is_away_is_told_as_redis_py_tells_it() -> None:
    async with AsyncRedis(host="127.0.0.1", port=1, deadline=0.2) as client:
        with pytest.raises((RedisConnectionError, DeadlineExceeded)):
            await client.ping()


def test_there_are_one_to_four_lanes() -> None:
    with pytest.raises(ValueError, match="1 to 4 lanes"):
        AsyncRedis(lanes=5)


async def test_what_has_arrived_before_the_end_is_answered_still() -> None:
    count = 3000

    async def serve(asked: asyncio.StreamReader, answering: asyncio.StreamWriter) -> None:
        await asked.readexactly(4 * count)
        answering.write(b":1\r\n" * (count - 1))
        answering.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        lane = Lane(make_reader(ResponseError, None, "strict"), Deaf(), None)
        lane.attach(writer)
        replies = await asyncio.gather(*(lane.send(b"ASK\n", None) for _ in range(count)), return_exceptions=True)
        await lane.closed
    assert replies[:-1] == [1] * (count - 1)
    assert isinstance(replies[-1], LaneLost)
    assert replies[-1].sent


class Deaf:
    """Hears what a lane sees, and does nothing about it."""

    def burdened(self, command: Any) -> None: ...
    def pushed(self, lane: Lane, message: list[Any]) -> None: ...
    def ended(self, lane: Lane, error: RedisError | None) -> None: ...


async def test_a_lane_that_has_ended_is_kept_by_nobody(redis_server: EmbeddedRedis) -> None:
    gc.collect()
    others = weakref.WeakSet(_lanes_in_memory())
    async with RedisConnectionManager() as manager:
        client = manager.async_client(url=redis_server.url)
        with redis_server.client() as observer:
            for _ in range(3):
                await client.ping()
                observer.client_kill_filter(_type="normal", skipme=True)
            await client.ping()
        gc.collect()
        assert len([lane for lane in _lanes_in_memory() if lane not in others]) == 1


async def test_tasks_are_spread_over_the_lanes_which_are_counted_beside_the_pool(redis_server: EmbeddedRedis) -> None:
    async with RedisConnectionManager() as manager:
        client = manager.async_client(url=redis_server.url, lanes=4)
        await asyncio.gather(*(client.ping() for _ in range(200)))
        (numbers,) = manager.numbers().values()
        assert (numbers.in_use, numbers.lanes) == (0, 4)
        assert numbers.oldest_age > 0
    assert manager.numbers() == {}


async def test_how_many_lanes_there_are_and_their_deadline_may_go_with_a_url(redis_server: EmbeddedRedis) -> None:
    async with AsyncRedis.from_url(redis_server.url, lanes=3, deadline=0.2, decode_responses=True) as client:
        assert await client.set("key", "value")
        assert await client.get("key") == "value"
        with redis_server.client() as observer:
            observer.client_pause(1000, all=True)
            with pytest.raises(DeadlineExceeded):
                await client.get("key")
            observer.client_unpause()
    with pytest.raises(ValueError, match="1 to 4 lanes"):
        AsyncRedis.from_url(redis_server.url, lanes=9)


def _lanes_in_memory() -> list[Lane]:
    return [found for found in gc.get_objects() if type(found) is Lane]
