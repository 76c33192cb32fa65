"""Whoever finds Redis gone finds it out for all who share a watch, and nobody waits to learn that it is back."""

from __future__ import annotations

import asyncio
import time

import pytest
import redis.asyncio
from tests.cache.upstreams import Upstream, call

from mooring.cache import Budget, Governor, ResponseCache, State, Watch, Window
from mooring.cache.bound import Bound
from mooring.embedded import EmbeddedRedis


async def test_what_the_cache_learns_of_redis_the_governor_need_not_learn(mortal: EmbeddedRedis) -> None:
    async with redis.asyncio.Redis.from_url(mortal.url) as client:
        watch = Watch(client)
        governor = Governor(client, "gong", {"calls": Budget((Window(9, 60),))}, timeout=30, watch=watch)
        async with ResponseCache(client, "gong", timeout=0.2, watch=watch) as cache:
            mortal.pause()
            assert (await cache.get_or_load(1, Upstream().load, account="7")).state is State.MISS
            assert not watch.answering
            assert not (await call(governor)).shared  # it would take 30 s to ask
            mortal.resume()
            await watch.look("k")
            assert watch.answering
            assert (await call(governor)).shared
        await watch.aclose()


async def test_nobody_waits_for_a_redis_that_is_known_to_hang(mortal: EmbeddedRedis) -> None:
    async with redis.asyncio.Redis.from_url(mortal.url) as client:
        cache = ResponseCache(client, "gong", timeout=0.3)
        mortal.pause()
        upstream = Upstream()
        took = []
        for _ in range(100):
            began = time.monotonic()
            await cache.get_or_load(1, upstream.load, account="7")
            took.append(time.monotonic() - began)
            await asyncio.sleep(0.02)  # two seconds: time enough for three probes
        assert sum(seconds >= 0.25 for seconds in took) == 1
        mortal.resume()
        await cache.aclose()


async def test_a_write_is_told_at_the_close_if_redis_is_back_by_then(mortal: EmbeddedRedis) -> None:
    async with redis.asyncio.Redis.from_url(mortal.url) as client:
        async with ResponseCache(client, "gong", timeout=0.3) as cache:
            mortal.pause()
            assert not await cache.invalidate("call:1")
            mortal.resume()
        assert not cache._debts


async def test_a_bound_does_not_count_the_time_in_which_the_event_loop_was_busy() -> None:
    async with Bound(0.1):
        answer = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(0.01, answer.set_result, None)
        await asyncio.sleep(0)
        time.sleep(0.3)  # noqa: ASYNC251  # that is what is meant
        await answer


async def test_a_bound_ends_what_never_comes() -> None:
    with pytest.raises(TimeoutError):
        async with Bound(0.05):
            await asyncio.Event().wait()
