"""Who may call when not all may, and what becomes of the budget when somebody or Redis is gone."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable

import pytest
import redis
import redis.asyncio
from tests.cache.conftest import Governors, becomes
from tests.cache.upstreams import call

from mooring.cache import (
    Budget,
    BudgetExhausted,
    Governor,
    Priority,
    SyncGovernor,
    Tally,
    Window,
    background,
)
from mooring.cache.ledger import Ledger
from mooring.embedded import EmbeddedRedis


async def test_only_so_many_calls_are_under_way_at_once(governors: Governors) -> None:
    replicas = governors(3, Window(1000, 1), concurrency=2)
    under_way = most = 0

    async def work(n: int) -> None:
        nonlocal under_way, most
        async with replicas[n % 3].admit("7", "calls", wait=10):
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0.02)
            under_way -= 1

    await asyncio.gather(*(work(n) for n in range(12)))
    assert most == 2


async def test_the_holder_of_a_permit_may_die(redis_server: EmbeddedRedis) -> None:
    async with redis.asyncio.Redis.from_url(redis_server.url) as client:
        budgets = {"calls": Budget((Window(10, 0.1),), concurrency=1)}
        dying = Governor(client, "gong", budgets, longest_call=0.2, timeout=5)
        held = dying.admit("7", "calls")
        await held.__aenter__()
        with pytest.raises(BudgetExhausted):
            await call(dying)
        await call(dying, wait=5)
        await held.__aexit__(None, None, None)


async def test_who_is_cancelled_while_asking_leaves_nothing_under_way(
    governors: Governors, redis_server: EmbeddedRedis
) -> None:
    (governor,) = governors(1, Window(1000, 60))
    await call(governor)
    redis_server.pause()
    asking = [asyncio.create_task(call(governor)) for _ in range(5)]
    await asyncio.sleep(0.05)
    for task in asking:
        task.cancel()
    await asyncio.sleep(0.05)
    redis_server.resume()
    await asyncio.gather(*asking, return_exceptions=True)
    assert all(task.cancelled() for task in asking)
    with redis_server.client() as client:
        (name,) = client.scan_iter("mooring:budget:*")
        assert not [field for field in client.hkeys(name) if field.startswith(b"p:")]


async def test_the_background_leaves_a_share_to_those_who_wait(governors: Governors) -> None:
    one, other = governors(2, Window(10, 60), reserve=0.3)
    with background():
        for _ in range(7):
            await call(one)
        with pytest.raises(BudgetExhausted):
            await call(one)
    for _ in range(3):
        await call(other)
    with pytest.raises(BudgetExhausted):
        await call(other)


async def test_whoever_waits_goes_before_the_background(governors: Governors) -> None:
    one, other = governors(2, Window(1, 0.3), reserve=0.0)
    order: list[str] = []

    async def take(governor: Governor, who: str, priority: Priority) -> None:
        async with governor.admit("7", "calls", wait=10, priority=priority):
            order.append(who)

    await call(one)
    waiting = [asyncio.create_task(take(one, "behind", Priority.BACKGROUND)) for _ in range(6)]
    await asyncio.sleep(0.05)
    await asyncio.gather(*(take(other, "before", Priority.INTERACTIVE) for _ in range(2)))
    assert order == ["before", "before"]
    await becomes(lambda: "behind" in order)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_without_redis_each_replica_has_its_share_and_tells_it_afterwards(
    governors: Governors, mortal: EmbeddedRedis, tally: Tally
) -> None:
    one, other = governors(2, Window(9, 60), url=mortal.url, timeout=0.5)
    await asyncio.to_thread(mortal.kill)
    for governor in (one, other):
        for _ in range(3):
            assert not (await call(governor)).shared
        with pytest.raises(BudgetExhausted):
            await call(governor)
    await asyncio.to_thread(mortal.restart)
    permits = []
    for governor in (one, other):
        while True:
            try:
                permits.append(await call(governor))
            except BudgetExhausted:
                await asyncio.sleep(0.05)
            else:
                break
    assert [permit.shared for permit in permits] == [True, True]
    # Three each were made alone, and one each since.
    assert permits[1].left == 9 - 3 - 3 - 2
    assert tally.counts["gong", "admitted locally", "calls"] == 6


async def test_a_pause_that_was_asked_for_is_kept_without_redis(governors: Governors, mortal: EmbeddedRedis) -> None:
    (governor,) = governors(1, Window(90, 1), url=mortal.url, timeout=0.5)
    await asyncio.to_thread(mortal.kill)
    async with governor.admit("7", "calls") as permit:
        await governor.observe(permit, remaining=0, reset_after=30)
    with pytest.raises(BudgetExhausted) as spent:
        await call(governor)
    assert spent.value.retry_after_seconds > 20


def test_threads_are_governed_with_tasks(redis_server: EmbeddedRedis) -> None:
    with redis.Redis.from_url(redis_server.url) as client:
        one, other = (SyncGovernor(client, "gong", {"calls": Budget((Window(2, 0.2),))}) for _ in range(2))
        for governor in (one, other):
            with governor.admit("7", "calls", wait=0) as permit:
                pass
        with pytest.raises(BudgetExhausted), one.admit("7", "calls", wait=0):
            pass
        with one.admit("7", "calls", wait=2) as permit:
            one.observe(permit, retry_after=60)
        with pytest.raises(BudgetExhausted, match="try again in"), other.admit("7", "calls", wait=2):
            pass


def test_a_ledger_counts_each_call_until_a_window_after_its_end() -> None:
    ledger = Ledger(Budget((Window(9, 10),), concurrency=9), replicas=3)
    assert [ledger.admit(0, str(n), 1, Priority.INTERACTIVE) for n in range(3)] == [(0, 2), (0, 1), (0, 0)]
    for n in range(3):
        ledger.end(5 + n, str(n))
    assert ledger.admit(8, "x", 1, Priority.INTERACTIVE) == (7, 0)
    assert ledger.admit(8, "x", 2, Priority.INTERACTIVE) == (8, 0)
    assert ledger.admit(15, "x", 1, Priority.INTERACTIVE) == (0, 0)
    assert ledger.take_untold(9.5) == [(0, 1), (0, 1), (0, 1), (15, 1)]
    assert ledger.take_untold(9.5) == []


def test_the_error_says_how_long_as_a_number_and_survives_a_process() -> None:
    error = pickle.loads(pickle.dumps(BudgetExhausted("slack", "chat.postMessage", 12.345)))
    assert error.retry_after_seconds == 12.345
    assert str(error) == "the budget 'chat.postMessage' of this account at slack is spent; try again in 12.3 s"


@pytest.mark.parametrize(
    "make", [lambda: Window(0, 1), lambda: Window(1, 0), lambda: Budget(()), lambda: Budget((Window(1, 1),), reserve=2)]
)
def test_a_budget_that_means_nothing_is_refused(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"window|budget"):
        make()
