"""One budget for all replicas: its windows, and what the upstream says."""

from __future__ import annotations

import asyncio
import time

import pytest
import redis
import redis.asyncio
from tests.cache.conftest import Governors
from tests.cache.upstreams import Vendor, call

from mooring.cache import (
    Budget,
    BudgetExhausted,
    Governor,
    Tally,
    Window,
)
from mooring.embedded import EmbeddedRedis


async def test_a_storm_over_three_replicas_stays_within_the_budget(governors: Governors) -> None:
    replicas = governors(3, Window(10, 0.5), Window(1000, 60))
    vendor = Vendor(10, 0.5)
    ends = time.monotonic() + 1.5

    async def storm(n: int) -> int:
        made = 0
        while time.monotonic() < ends:
            try:
                async with replicas[n % 3].admit("7", "calls", wait=1):
                    # A call takes longer on its way at one time than at another.
                    await asyncio.sleep(0.01 * (n % 5))
                    made += vendor.ask()
                    await asyncio.sleep(0.002 * (n % 3))
            except BudgetExhausted as spent:
                await asyncio.sleep(min(spent.retry_after_seconds, 0.3))
        return made

    made = sum(await asyncio.gather(*(storm(n) for n in range(30))))
    assert vendor.most <= 11
    assert made >= 11


async def test_a_429_stops_all_replicas_until_it_may_go_on(governors: Governors, tally: Tally) -> None:
    one, other, third = governors(3, Window(1000, 1))
    async with one.admit("7", "calls") as permit:
        await one.observe(permit, retry_after=0.4)
    start = time.monotonic()
    with pytest.raises(BudgetExhausted) as spent:
        await call(other)
    assert 0.1 < spent.value.retry_after_seconds <= 0.4
    await call(third, wait=5)
    assert time.monotonic() - start >= 0.3
    assert tally.counts["gong", "frozen", "calls"] == 1


async def test_what_the_upstream_says_is_left_counts_for_all(governors: Governors) -> None:
    one, other = governors(2, Window(1000, 60))
    async with one.admit("7", "calls") as permit:
        await one.observe(permit, remaining=3, reset_after=30)
        # An answer that was overtaken says that more is left.
        await one.observe(permit, remaining=5, reset_after=30)
    lefts = [(await call(other)).left for _ in range(3)]
    assert lefts == [2, 1, 0]
    with pytest.raises(BudgetExhausted) as spent:
        await call(one)
    assert 20 < spent.value.retry_after_seconds <= 30


async def test_calls_under_way_are_not_taken_for_left(governors: Governors) -> None:
    one, other = governors(2, Window(1000, 60))
    async with one.admit("7", "calls") as permit, other.admit("7", "calls"), other.admit("7", "calls"):
        await one.observe(permit, remaining=3, reset_after=30)
        assert (await call(one)).left == 0
        with pytest.raises(BudgetExhausted):
            await call(one)


async def test_every_window_must_have_room(governors: Governors) -> None:
    one, other = governors(2, Window(3, 0.2), Window(5, 60))
    for n in range(3):
        assert (await call((one, other)[n % 2])).left == 2 - n
    with pytest.raises(BudgetExhausted) as spent:
        await call(one)
    assert spent.value.retry_after_seconds <= 0.25
    for _ in range(2):
        await call(other, wait=2)
    with pytest.raises(BudgetExhausted) as spent:
        await call(one, wait=1)
    assert 50 < spent.value.retry_after_seconds <= 66


async def test_a_call_counts_until_a_window_after_its_end(governors: Governors) -> None:
    (governor,) = governors(1, Window(1, 0.3))
    async with governor.admit("7", "calls"):
        await asyncio.sleep(0.4)
        with pytest.raises(BudgetExhausted):
            await call(governor)
    with pytest.raises(BudgetExhausted):
        await call(governor)
    await call(governor, wait=2)


async def test_a_call_may_cost_more_than_one(governors: Governors) -> None:
    (governor,) = governors(1, Window(10, 60))
    assert (await call(governor, cost=7)).left == 3
    with pytest.raises(BudgetExhausted):
        await call(governor, cost=4)
    assert (await call(governor, cost=3)).left == 0
    with pytest.raises(ValueError, match="never fits"):
        await call(governor, cost=11)


async def test_accounts_and_budgets_are_apart(redis_server: EmbeddedRedis) -> None:
    async with redis.asyncio.Redis.from_url(redis_server.url) as client:
        one = Budget((Window(1, 60),))
        governor = Governor(client, "github", {"core": one, "search": one}, timeout=5)
        for account, budget in (("7", "core"), ("7", "search"), ("8", "core")):
            async with governor.admit(account, budget, wait=0):
                pass
        with pytest.raises(ValueError, match="no budget 'graphql', but core, search"):
            async with governor.admit("7", "graphql"):
                pass
