"""One rate budget per upstream account, for all replicas of a service."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Generator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

from mooring.cache.budget import Budgets, Permit
from mooring.cache.driving import adrive, drive
from mooring.cache.priority import Priority
from mooring.cache.steps import Pause, Run
from mooring.cache.store import AsyncClient, AsyncStore, Away, Client, Store
from mooring.cache.watch import Watch
from mooring.cache.windows import Budget

__all__ = ["Governor", "SyncGovernor"]

T = TypeVar("T")

_REPLICAS = 3
_LONGEST_CALL = 120.0


class Governor:
    """Lets calls to an upstream through as its limits allow, for tasks.

    ::

        governor = Governor(client, "gong", {"calls": Budget((Window(3, 1), Window(10_000, 86_400)))})
        async with governor.admit(account, "calls", wait=10) as permit:
            response = await http.get(...)
            await governor.observe(permit, retry_after=..., remaining=..., reset_after=...)

    Governors of the same `service` share the budgets, in any process. `timeout` bounds each operation of Redis in
    seconds (default 0.5). `watch` is what is known of the client's Redis, where others use it too (by default its own).
    While Redis is away, each takes the share of one of `replicas` (default 3). A call of which no end is heard is taken
    for dead after `longest_call` seconds (default 120). `aclose` ends what it does behind its callers' backs, which is
    only to look whether Redis is back.
    """

    def __init__(
        self,
        client: AsyncClient,
        service: str,
        budgets: Mapping[str, Budget],
        *,
        replicas: int = _REPLICAS,
        timeout: float = 0.5,
        longest_call: float = _LONGEST_CALL,
        watch: Watch | None = None,
    ) -> None:
        self._budgets = Budgets(service, budgets, replicas, longest_call)
        self._own_watch = watch is None
        self._watch = watch or Watch(client)
        self._store = AsyncStore(service, client, timeout, self._watch)

    async def aclose(self) -> None:
        """End a look for Redis that is under way."""
        if self._own_watch:
            await self._watch.aclose()

    @asynccontextmanager
    async def admit(
        self, account: str, budget: str, *, cost: int = 1, wait: float = 5.0, priority: Priority | None = None
    ) -> AsyncIterator[Permit]:
        """Wait until the account may make a call, at most `wait` seconds (default 5); the call is made inside.

        It counts as `cost` calls (default 1).
        `priority` is by default that of the context (see `background`). Raises `BudgetExhausted`, with
        `retry_after_seconds`, as soon as it is plain that it would take longer; `ValueError` for an unknown budget.
        """
        permit = await self._drive(self._budgets.admission(account, budget, cost, wait, priority))
        try:
            yield permit
        finally:
            await self._drive(self._budgets.ending(permit))

    async def observe(
        self,
        permit: Permit,
        *,
        retry_after: float | None = None,
        remaining: int | None = None,
        reset_after: float | None = None,
    ) -> None:
        """Heed what the upstream said in its answer: times are in seconds from now.

        `retry_after` (429, 503) stops all replicas for so long. `remaining` calls are left until `reset_after`: the
        budget may be used by others too.
        """
        await self._drive(self._budgets.observation(permit, retry_after, remaining, reset_after))

    async def _drive(self, flow: Generator[Run | Pause, Any, T]) -> T:
        return await adrive(flow, self._perform)

    async def _perform(self, step: Run | Pause) -> Any:
        match step:
            case Run(script, names, arguments):
                try:
                    return await self._store.run(script, names, arguments)
                except Away:
                    return None
            case Pause(seconds):
                return await asyncio.sleep(seconds)


class SyncGovernor:
    """What `Governor` is, for threads; both share budgets.

    How long an operation of Redis may take is bounded by the client's `socket_timeout`.
    """

    def __init__(
        self,
        client: Client,
        service: str,
        budgets: Mapping[str, Budget],
        *,
        replicas: int = _REPLICAS,
        longest_call: float = _LONGEST_CALL,
    ) -> None:
        self._budgets = Budgets(service, budgets, replicas, longest_call)
        self._store = Store(service, client)

    @contextmanager
    def admit(
        self, account: str, budget: str, *, cost: int = 1, wait: float = 5.0, priority: Priority | None = None
    ) -> Iterator[Permit]:
        """Wait until the account may make a call, as `Governor.admit` does."""
        permit = drive(self._budgets.admission(account, budget, cost, wait, priority), self._perform)
        try:
            yield permit
        finally:
            drive(self._budgets.ending(permit), self._perform)

    def observe(
        self,
        permit: Permit,
        *,
        retry_after: float | None = None,
        remaining: int | None = None,
        reset_after: float | None = None,
    ) -> None:
        """Heed what the upstream said in its answer, as `Governor.observe` does."""
        drive(self._budgets.observation(permit, retry_after, remaining, reset_after), self._perform)

    def _perform(self, step: Run | Pause) -> Any:
        match step:
            case Run(script, names, arguments):
                try:
                    return self._store.run(script, names, arguments)
                except Away:
                    return None
            case Pause(seconds):
                return time.sleep(seconds)
