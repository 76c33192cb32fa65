"""Tasks that look at the same moment share one command, and none of them depends on another that is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import redis
import redis.asyncio
from tests.cache.upstreams import Upstream

from mooring.cache import Cached, ResponseCache, State
from mooring.embedded import EmbeddedRedis


class Counted(redis.asyncio.Redis):
    """Counts what is sent, and holds it back until `held` is set, if there is one."""

    sent = 0
    held: asyncio.Event | None = None
    reached: asyncio.Event | None = None

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Count it, wait, and send it."""
        self.sent += 1
        if self.held is not None and self.reached is not None:
            self.reached.set()
            await self.held.wait()
        return await super().execute_command(*args, **options)  # type: ignore[no-untyped-call]


@pytest.fixture
async def client(redis_server: EmbeddedRedis) -> AsyncIterator[Counted]:
    client = Counted(host=redis_server.host, port=redis_server.port)
    yield client
    await client.aclose()


@pytest.fixture
async def filled(client: Counted) -> AsyncIterator[ResponseCache]:
    """A cache that has 200 answers."""
    async with ResponseCache(client, "github", timeout=5.0) as cache:
        for key in range(200):
            await ask(cache, key)
        client.sent = 0
        yield cache


async def ask(cache: ResponseCache, key: int) -> Cached[dict[str, int]]:
    return await cache.get_or_load(key, Upstream(version=key).load, account="7", tags=["repo:o/r"])


async def test_looks_of_one_moment_share_a_command_for_64_of_them(filled: ResponseCache, client: Counted) -> None:
    answers = await asyncio.gather(*(ask(filled, key) for key in range(200)))
    assert client.sent == 4
    assert [answer.value["version"] for answer in answers] == list(range(200))
    assert {answer.state for answer in answers} == {State.HIT}


async def test_who_looks_while_a_look_is_under_way_gets_one_of_his_own(filled: ResponseCache, client: Counted) -> None:
    client.held, client.reached = asyncio.Event(), asyncio.Event()
    first = asyncio.create_task(ask(filled, 1))
    await client.reached.wait()
    second = asyncio.create_task(ask(filled, 1))
    await asyncio.sleep(0.01)
    assert client.sent == 2
    client.held.set()
    assert (await first).value == (await second).value


@pytest.mark.parametrize("under_way", [False, True])
async def test_who_joined_a_look_is_served_though_its_first_is_cancelled(
    filled: ResponseCache, client: Counted, under_way: bool
) -> None:
    client.held, client.reached = asyncio.Event(), asyncio.Event()
    tasks = [asyncio.create_task(ask(filled, key)) for key in (1, 2, 1)]
    await (client.reached.wait() if under_way else asyncio.sleep(0))
    tasks[0].cancel()
    await asyncio.sleep(0)
    client.held.set()
    with pytest.raises(asyncio.CancelledError):
        await tasks[0]
    async with asyncio.timeout(10):
        assert [(await task).state for task in tasks[1:]] == [State.HIT, State.HIT]


async def test_a_look_that_all_have_left_is_not_made(filled: ResponseCache, client: Counted) -> None:
    tasks = [asyncio.create_task(ask(filled, key)) for key in (1, 2)]
    await asyncio.sleep(0)
    for task in reversed(tasks):
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0.01)
    assert client.sent == 0
    assert (await ask(filled, 1)).state is State.HIT
