"""Ask upstream once: the cache for tasks."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Any, ParamSpec, Self, TypeVar, cast, overload

from mooring.cache.caching import Caching, at_hand, behind
from mooring.cache.decoration import Calls
from mooring.cache.driving import adrive
from mooring.cache.flights import AsyncFlights
from mooring.cache.flow import fill, refresh
from mooring.cache.policy import Policy
from mooring.cache.priority import background
from mooring.cache.reading import AsyncReader
from mooring.cache.result import AsyncLoader, Cached, Key, Loaded, NotModified, State, Validators
from mooring.cache.steps import Hold, Load, Look, Outcome, Pause, Request, Run, Step, View
from mooring.cache.store import AsyncClient, AsyncStore, Away
from mooring.cache.tags import EVERYTHING
from mooring.cache.watch import Watch

__all__ = ["ResponseCache"]

T = TypeVar("T")
P = ParamSpec("P")

_log = logging.getLogger("mooring")
_MOST_REFRESHES = 32
_LONGEST_DEBT_PAUSE = 2.0


class ResponseCache(Caching):
    """Keeps the answers of an upstream in Redis, for all replicas of a service, until a write makes them stale.

    `service` names the upstream; caches of the same name, in any process, share entries. Those of the same `tag_space`
    (by default the service) see each other's writes. `client` is an asyncio client of redis-py or of
    `mooring.create_async_redis_from_config`, for one server, Sentinel or Cluster, that replies bytes and reads from
    masters; whoever made it closes it. `policy` holds where a call gives none. `timeout` bounds each operation of
    Redis, in seconds (default 0.5). `watch` is what is known of the client's Redis, where others use it too (by
    default its own).

    Without Redis everything works, uncached, and no method raises for it. Who meets its loss waits `timeout` at most;
    after that it is left alone until it answers a probe, for which nobody waits. A write that Redis could not be told
    of is told as soon as it answers, before this process reads anything; it is lost with the process.

    One object serves one event loop. `aclose` ends what it does behind its callers' backs. A failover of Redis may lose
    its last writes, and with them a touched tag: then the old answer lasts for the rest of its ttl.
    """

    def __init__(
        self,
        client: AsyncClient,
        service: str,
        *,
        tag_space: str | None = None,
        policy: Policy | None = None,
        timeout: float = 0.5,
        watch: Watch | None = None,
    ) -> None:
        super().__init__(service, tag_space, policy)
        self._own_watch = watch is None
        self._watch = watch or Watch(client)
        self._timeout = timeout
        self._store = AsyncStore(service, client, timeout, self._watch)
        self._reader = AsyncReader(self._store, self._debts)
        self._flights: AsyncFlights[Outcome] = AsyncFlights()
        self._refreshing: dict[tuple[bytes, bytes], asyncio.Task[None]] = {}
        self._paying: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """End refreshes, and tell Redis what it still has to know, if it can be told."""
        behind = [*self._refreshing.values(), *([self._paying] if self._paying else [])]
        for task in behind:
            task.cancel()
        await asyncio.gather(*behind, return_exceptions=True)
        if bill := self._debts.bill():
            if not self._watch.answering:
                # The last chance: perhaps it is back, and nobody has asked since.
                await asyncio.wait([self._watch.look(next(iter(bill)))], timeout=self._timeout)
            try:
                await self._reader.settle()
            except Away:
                _log.warning("Redis was never told of %d tags that %s touched", len(self._debts), self.service)
        if self._own_watch:
            await self._watch.aclose()

    @overload
    async def get_or_load(
        self,
        key: Key,
        loader: Callable[[Validators], Awaitable[Loaded[T] | NotModified]],
        *,
        account: str | None,
        policy: Policy | None = ...,
        tags: Iterable[str] = ...,
        max_age: float | None = ...,
    ) -> Cached[T]: ...

    @overload
    async def get_or_load(
        self,
        key: Key,
        loader: Callable[[Validators], Awaitable[T]],
        *,
        account: str | None,
        policy: Policy | None = ...,
        tags: Iterable[str] = ...,
        max_age: float | None = ...,
    ) -> Cached[T]: ...

    async def get_or_load(
        self,
        key: Key,
        loader: AsyncLoader[Any],
        *,
        account: str | None,
        policy: Policy | None = None,
        tags: Iterable[str] = (),
        max_age: float | None = None,
    ) -> Cached[T]:
        """Return the answer that `key` names: the one at hand if it is fresh, else what `loader` says.

        `account` is the verified account whose answer it is (never a token): accounts share nothing, and with None the
        loader is simply called. `tags` are what the answer shows, and depend on the key alone. An answer older than
        `max_age` seconds will not do, except if the upstream fails.

        Of all who ask at the same time, in all replicas, one calls the loader; it goes on as long as anybody waits.
        Raises what the loader raises, unless a stale answer may stand in; `TypeError` for a key that is not made of
        plain values; `ValueError` for an empty account, or NotModified where nothing was to be confirmed.
        """
        if account is None:
            return cast("Cached[T]", self.uncached(await loader({})))
        request = self.request(key, account, policy, tags, max_age)
        view = await self._reader.view(request.entry, request.tags)
        outcome, joined = at_hand(request, view), False
        if view is None or outcome is None:
            outcome, joined = await self._filled(request, loader, view)
        elif outcome.state is State.STALE:
            self._refresh(behind(request), loader, view)
        return self.served(outcome, joined).cached()

    async def invalidate(self, *tags: str) -> bool:
        """Make stale, on all replicas, every answer that shows one of the tags. To be called after each write upstream.

        Also after one that failed, unless it surely was not done. Returns whether Redis could be told at once; if not,
        it is told as soon as it answers.
        """
        return await self._touch(tags)

    async def invalidate_all(self) -> bool:
        """Make stale every answer with tags of this space, as `invalidate` does."""
        return await self._touch([EVERYTHING])

    def cached(
        self,
        policy: Policy | None = None,
        *,
        account: str | Callable[P, str | None] | None,
        tags: Iterable[str] | Callable[P, Iterable[str]] = (),
        key: Callable[P, Key] | None = None,
    ) -> Callable[[Callable[P, Awaitable[T]]], Callable[P, Awaitable[T]]]:
        """Decorate a function whose results are kept: `get_or_load` with its arguments as the key.

        `account`, `tags` and `key` may be functions of the same arguments. Raises as `get_or_load` does.
        """

        def decorate(function: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
            calls = Calls(function, account, tags, key, policy)

            @functools.wraps(function)
            async def ask(*args: P.args, **kwargs: P.kwargs) -> T:
                async def load(_: Validators) -> T:
                    return await function(*args, **kwargs)

                answer = await self.get_or_load(
                    calls.key_of(*args, **kwargs),
                    load,
                    account=calls.account_of(*args, **kwargs),
                    tags=calls.tags_of(*args, **kwargs),
                    policy=calls.policy,
                )
                return answer.value

            return ask

        return decorate

    async def _filled(self, request: Request, loader: AsyncLoader[T], view: View | None) -> tuple[Outcome, bool]:
        perform = functools.partial(self._perform, request, loader)
        which = self.flight(request, view)
        return await self._flights.join(which, lambda: adrive(fill(request, view), perform), request.max_age)

    def _refresh(self, request: Request, loader: AsyncLoader[T], view: View) -> None:
        which = (request.entry, view.stamp)
        if which in self._refreshing or len(self._refreshing) >= _MOST_REFRESHES:
            return
        with background():
            task = asyncio.create_task(self._refreshed(request, loader, view))
        self._refreshing[which] = task
        task.add_done_callback(lambda _: self._refreshing.pop(which, None))

    async def _refreshed(self, request: Request, loader: AsyncLoader[T], view: View) -> None:
        try:
            await adrive(refresh(request, view), functools.partial(self._perform, request, loader))
        except Exception as error:  # noqa: BLE001 - the old answer was served; the next caller may try again
            _log.info("An answer of %s could not be refreshed: %s", self.service, type(error).__name__)

    async def _perform(self, request: Request, loader: AsyncLoader[Any], step: Step) -> Any:
        try:
            match step:
                case Run(script, names, arguments):
                    return await self._store.run(script, names, arguments)
                case Hold(seconds):
                    return await self._store.versions(request.tags, seconds)
                case Look():
                    return await self._reader.view(request.entry, request.tags)
                case Pause(seconds):
                    return await asyncio.sleep(seconds)
                case Load(validators):
                    return await loader(validators)
        except Away:
            return None

    async def _touch(self, tags: Iterable[str]) -> bool:
        count = self.touched(tags)
        try:
            await self._reader.settle()
        except Away:
            if self._paying is None or self._paying.done():
                self._paying = asyncio.create_task(self._pay())
            return self.tell_touched(count, told=False)
        return self.tell_touched(count, told=True)

    async def _pay(self) -> None:
        pause = 0.1
        while self._debts:
            await asyncio.sleep(pause)
            pause = min(_LONGEST_DEBT_PAUSE, pause * 2)
            with suppress(Away):
                await self._reader.settle()
