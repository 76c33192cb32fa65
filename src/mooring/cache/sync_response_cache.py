"""Ask upstream once: the cache for threads."""

from __future__ import annotations

import functools
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, ParamSpec, Self, TypeVar, cast, overload

from mooring.cache.caching import Caching, at_hand, behind
from mooring.cache.decoration import Calls
from mooring.cache.driving import drive
from mooring.cache.flights import Flights
from mooring.cache.flow import fill, refresh
from mooring.cache.policy import Policy
from mooring.cache.priority import background
from mooring.cache.reading import Reader
from mooring.cache.result import Cached, Key, Loaded, Loader, NotModified, State, Validators
from mooring.cache.steps import Hold, Load, Look, Outcome, Pause, Request, Run, Step, View
from mooring.cache.store import Away, Client, Store
from mooring.cache.tags import EVERYTHING

__all__ = ["SyncResponseCache"]

T = TypeVar("T")
P = ParamSpec("P")

_log = logging.getLogger("mooring")
_REFRESHERS = 4
_MOST_REFRESHES = 32


class SyncResponseCache(Caching):
    """What `ResponseCache` is, for threads; both share entries, tags and leases.

    How long an operation of Redis may take is bounded by the client's `socket_timeout`. Whoever asks first calls the
    loader in its own thread, those who ask at the same time wait for it, at most for the policy's `patience`. A write
    that Redis could not be told of is told before this process reads again, or when the cache is closed.

    Safe for threads, and for forks that it was made before. `close` ends what it does behind its callers' backs.
    """

    def __init__(
        self, client: Client, service: str, *, tag_space: str | None = None, policy: Policy | None = None
    ) -> None:
        super().__init__(service, tag_space, policy)
        self._store = Store(service, client)
        self._reader = Reader(self._store, self._debts)
        self._flights: Flights[Outcome] = Flights()
        self._lock = threading.Lock()
        self._refreshing: set[tuple[bytes, bytes]] = set()
        self._refreshers: ThreadPoolExecutor | None = None
        self._pid = os.getpid()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End refreshes, waiting for those under way, and tell Redis what it still has to know, if it can be told."""
        refreshers, self._refreshers = self._refreshers, None
        if refreshers is not None and self._pid == os.getpid():
            refreshers.shutdown(cancel_futures=True)
        if self._debts:
            try:
                self._reader.settle()
            except Away:
                _log.warning("Redis was never told of %d tags that %s touched", len(self._debts), self.service)

    @overload
    def get_or_load(
        self,
        key: Key,
        loader: Callable[[Validators], Loaded[T] | NotModified],
        *,
        account: str | None,
        policy: Policy | None = ...,
        tags: Iterable[str] = ...,
        max_age: float | None = ...,
    ) -> Cached[T]: ...

    @overload
    def get_or_load(
        self,
        key: Key,
        loader: Callable[[Validators], T],
        *,
        account: str | None,
        policy: Policy | None = ...,
        tags: Iterable[str] = ...,
        max_age: float | None = ...,
    ) -> Cached[T]: ...

    def get_or_load(
        self,
        key: Key,
        loader: Loader[Any],
        *,
        account: str | None,
        policy: Policy | None = None,
        tags: Iterable[str] = (),
        max_age: float | None = None,
    ) -> Cached[T]:
        """Return the answer that `key` names, as `ResponseCache.get_or_load` does."""
        if account is None:
            return cast("Cached[T]", self.uncached(loader({})))
        request = self.request(key, account, policy, tags, max_age)
        view = self._reader.view(request.entry, request.tags)
        outcome, joined = at_hand(request, view), False
        if view is None or outcome is None:
            outcome, joined = self._filled(request, loader, view)
        elif outcome.state is State.STALE:
            self._refresh(behind(request), loader, view)
        return self.served(outcome, joined).cached()

    def invalidate(self, *tags: str) -> bool:
        """Make stale every answer that shows one of the tags, as `ResponseCache.invalidate` does."""
        return self._touch(tags)

    def invalidate_all(self) -> bool:
        """Make stale every answer with tags of this space."""
        return self._touch([EVERYTHING])

    def cached(
        self,
        policy: Policy | None = None,
        *,
        account: str | Callable[P, str | None] | None,
        tags: Iterable[str] | Callable[P, Iterable[str]] = (),
        key: Callable[P, Key] | None = None,
    ) -> Callable[[Callable[P, T]], Callable[P, T]]:
        """Decorate a function whose results are kept, as `ResponseCache.cached` does."""

        def decorate(function: Callable[P, T]) -> Callable[P, T]:
            calls = Calls(function, account, tags, key, policy)

            @functools.wraps(function)
            def ask(*args: P.args, **kwargs: P.kwargs) -> T:
                def load(_: Validators) -> T:
                    return function(*args, **kwargs)

                return self.get_or_load(
                    calls.key_of(*args, **kwargs),
                    load,
                    account=calls.account_of(*args, **kwargs),
                    tags=calls.tags_of(*args, **kwargs),
                    policy=calls.policy,
                ).value

            return ask

        return decorate

    def _filled(self, request: Request, loader: Loader[T], view: View | None) -> tuple[Outcome, bool]:
        perform = functools.partial(self._perform, request, loader)
        return self._flights.join(
            self.flight(request, view),
            lambda: drive(fill(request, view), perform),
            request.max_age,
            request.policy.patience,
        )

    def _refresh(self, request: Request, loader: Loader[T], view: View) -> None:
        which = (request.entry, view.stamp)
        if self._pid != os.getpid():
            # The threads, and whoever held the lock, are in the parent.
            self._lock, self._refreshers, self._refreshing, self._pid = threading.Lock(), None, set(), os.getpid()
        with self._lock:
            if which in self._refreshing or len(self._refreshing) >= _MOST_REFRESHES:
                return
            if self._refreshers is None:
                self._refreshers = ThreadPoolExecutor(_REFRESHERS, thread_name_prefix=f"{self.service}-refresh")
            self._refreshing.add(which)
            try:
                with background():
                    self._refreshers.submit(copy_context().run, self._refreshed, request, loader, view)
            except RuntimeError:
                # An interpreter that is shutting down begins nothing any more.
                self._refreshing.discard(which)

    def _refreshed(self, request: Request, loader: Loader[T], view: View) -> None:
        try:
            drive(refresh(request, view), functools.partial(self._perform, request, loader))
        except Exception as error:  # noqa: BLE001 - the old answer was served; the next caller may try again
            _log.info("An answer of %s could not be refreshed: %s", self.service, type(error).__name__)
        finally:
            self._refreshing.discard((request.entry, view.stamp))

    def _perform(self, request: Request, loader: Loader[Any], step: Step) -> Any:
        try:
            match step:
                case Run(script, names, arguments):
                    return self._store.run(script, names, arguments)
                case Hold(seconds):
                    return self._store.versions(request.tags, seconds)
                case Look():
                    return self._reader.view(request.entry, request.tags)
                case Pause(seconds):
                    return time.sleep(seconds)
                case Load(validators):
                    return loader(validators)
        except Away:
            return None

    def _touch(self, tags: Iterable[str]) -> bool:
        count = self.touched(tags)
        try:
            self._reader.settle()
        except Away:
            return self.tell_touched(count, told=False)
        return self.tell_touched(count, told=True)
