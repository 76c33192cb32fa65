"""Fills a cache before anybody asks, with what the callers leave of the budget."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mooring.cache.budget import BudgetExhausted
from mooring.cache.governor import Governor
from mooring.cache.policy import Policy
from mooring.cache.priority import background
from mooring.cache.response_cache import ResponseCache
from mooring.cache.result import AsyncLoader, Key, State, Validators

__all__ = ["Warmed", "Wish", "warm"]

_log = logging.getLogger("mooring")


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be in the cache: the arguments of `get_or_load`."""

    key: Key
    loader: AsyncLoader[Any]
    account: str
    policy: Policy | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Warmed:
    """What came of it: how many were `loaded`, `present` already, `failed`, or `left` when the time was up."""

    loaded: int
    present: int
    failed: int
    left: int


async def warm(
    cache: ResponseCache,
    wishes: Iterable[Wish],
    *,
    governor: Governor | None = None,
    budget: str = "",
    concurrency: int = 2,
    seconds: float = 60.0,
) -> Warmed:
    """Fill the cache with what is wished for and not there, for at most `seconds`, `concurrency` at a time.

    Everything runs with the priority of the background: a loader that asks a governor itself needs none here; for
    another, each of its calls is admitted by `governor` against `budget`. Where the budget is spent, it waits. A wish
    that fails is counted, and the others go on.
    """
    ends = time.monotonic() + seconds
    queue = iter(wishes)
    counts: Counter[str] = Counter()

    def governed(wish: Wish) -> AsyncLoader[Any]:
        if governor is None:
            return wish.loader
        using = governor

        async def load(validators: Validators) -> Any:
            async with using.admit(wish.account, budget, wait=0):
                return await wish.loader(validators)

        return load

    async def work() -> None:
        for wish in queue:
            while (pause := await _fill(cache, wish, governed(wish), counts)) is not None:
                if time.monotonic() + pause > ends:
                    counts["left"] += 1
                    return
                await asyncio.sleep(pause)
            if time.monotonic() >= ends:
                return

    with background():
        await asyncio.gather(*(work() for _ in range(concurrency)))
    left = counts["left"] + sum(1 for _ in queue)
    return Warmed(counts["loaded"], counts["present"], counts["failed"], left)


async def _fill(cache: ResponseCache, wish: Wish, loader: AsyncLoader[Any], counts: Counter[str]) -> float | None:
    """Fulfil one wish; returns after how many seconds to try again, if the budget is spent."""
    try:
        found = await cache.get_or_load(wish.key, loader, account=wish.account, policy=wish.policy, tags=wish.tags)
    except BudgetExhausted as spent:
        return spent.retry_after_seconds
    except Exception as error:  # noqa: BLE001 - whatever the upstream answers
        _log.info("A wish of %s failed: %s", cache.service, type(error).__name__)
        counts["failed"] += 1
    else:
        counts["loaded" if found.state in {State.MISS, State.REVALIDATED} else "present"] += 1
    return None
