"""A cache is warmed with what is left of the budget."""

from __future__ import annotations

import redis.asyncio
from tests.cache.upstreams import Refused

from mooring.cache import Budget, Governor, ResponseCache, State, Validators, Warmed, Window, Wish, warm
from mooring.cache.priority import Priority, current_priority
from mooring.embedded import EmbeddedRedis


async def test_what_is_there_is_left_and_what_fails_is_counted(cache: ResponseCache) -> None:
    priorities = []

    async def load(_: Validators) -> int:
        priorities.append(current_priority())
        return 1

    async def fail(_: Validators) -> int:
        raise Refused

    await cache.get_or_load(0, load, account="7")
    wishes = [Wish(n, load, "7") for n in range(5)] + [Wish("broken", fail, "7")]
    assert await warm(cache, wishes) == Warmed(loaded=4, present=1, failed=1, left=0)
    assert priorities == [Priority.INTERACTIVE] + [Priority.BACKGROUND] * 4
    assert (await cache.get_or_load(4, load, account="7")).state is State.HIT
    assert current_priority() is Priority.INTERACTIVE


async def test_a_spent_budget_is_waited_for_and_the_time_is_kept(
    cache: ResponseCache, redis_server: EmbeddedRedis
) -> None:
    async def load(_: Validators) -> int:
        return 1

    async with redis.asyncio.Redis.from_url(redis_server.url) as client:
        budgets = {"quick": Budget((Window(4, 0.2),), reserve=0.5), "slow": Budget((Window(4, 60),), reserve=0.5)}
        governor = Governor(client, "github", budgets, timeout=5)
        quick = [Wish(("quick", n), load, "7") for n in range(6)]
        assert (await warm(cache, quick, governor=governor, budget="quick")).loaded == 6
        slow = [Wish(("slow", n), load, "7") for n in range(6)]
        done = await warm(cache, slow, governor=governor, budget="slow", seconds=1, concurrency=1)
        assert done == Warmed(loaded=2, present=0, failed=0, left=4)
        # What is left is for those who wait.
        async with governor.admit("7", "slow", wait=0):
            pass
