"""`AsyncRedis` with a local cache: what was read once is answered without I/O until the server says that it changed.

A client sees its own writes: when one ends, however it ends, all that has come from the keys it names is forgotten,
and so is whatever is on its way from them.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Hashable, Sequence
from time import monotonic
from typing import Any

import redis.asyncio
import redis.connection
from redis.asyncio.client import Pipeline
from redis.client import EMPTY_RESPONSE, NEVER_DECODE
from redis.exceptions import ResponseError

from mooring.runtime import hooks
from mooring.runtime.commands import traits
from mooring.runtime.deadline import UNTIL
from mooring.runtime.failures import DeadlineExceeded
from mooring.runtime.lanes.client import AsyncRedis
from mooring.runtime.local_cache.cache import CacheNumbers, CacheSize, Flight, LocalCache, copied
from mooring.runtime.local_cache.commands import EVERYTHING, is_cached, keys_named, spelled
from mooring.runtime.local_cache.pipelines import make_forgetful
from mooring.runtime.local_cache.tracking import LONGEST, Tracking, TrackingLanes, tracking_of

__all__ = ["CachedAsyncRedis"]

_ABSENT: Any = object()
# The protocol of connections for which none is said.
_USUAL = getattr(redis.connection, "DEFAULT_RESP_VERSION", 2)


class CachedAsyncRedis(AsyncRedis):
    """An `AsyncRedis` that answers reads of single keys, and MGET, from memory (`local_cache_commands`).

    `local_cache` bounds the cache, which all clients of the pool share in an event loop. Needs RESP3, which is asked
    for unless `protocol` says otherwise, and a server from Redis 6 on, or Valkey; where the server refuses to track,
    commands go without the cache and a warning is logged. Raises `ValueError` for a connection without RESP3.
    """

    _tracking: Tracking | None = None

    def __init__(self, *, local_cache: CacheSize | None = None, **options: Any) -> None:
        if options.get("connection_pool") is None and local_cache is not None:
            _ask_for_resp3(options)
        super().__init__(**options)
        self._use_cache(local_cache, None)

    @classmethod
    def from_url(  # type: ignore[override]
        cls, url: str, *, local_cache: CacheSize | None = None, **options: Any
    ) -> CachedAsyncRedis:
        """Return a client for a URL of redis-py's, which owns its pool; `options` are the pool's."""
        if local_cache is not None and "protocol=" not in url:
            _ask_for_resp3(options)
        client = cls(connection_pool=redis.asyncio.ConnectionPool.from_url(url, **options), local_cache=local_cache)
        client.auto_close_connection_pool = True
        return client

    def _use_cache(self, size: CacheSize | None, max_age: float | None) -> None:
        if size is None or self._lanes is None:  # the latter keeps one connection
            return
        pool = self.connection_pool
        if str(pool.connection_kwargs.get("protocol") or _USUAL) != "3":
            raise ValueError("A local cache needs RESP3: make the pool with protocol=3.")
        self._encode = pool.get_encoder().encode
        self._tracking = tracking_of(pool, self._recovery, size, max_age)

    def local_cache_numbers(self) -> CacheNumbers | None:
        """Count what the running event loop's cache holds; None for a client without one."""
        return None if self._tracking is None else self._here(self._tracking).cache.numbers()

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Execute a command and return its reply, from memory if it may be."""
        tracking = self._tracking
        if tracking is None:
            return await super().execute_command(*args, **options)
        here: Any = tracking.current
        if here is not None and here.here():
            try:
                entry = here.entries.get(args)
            except TypeError:  # an argument that cannot be hashed
                entry = None
            if entry is not None:
                now = monotonic()
                if now < entry.until and now < here.cache.fresh_until and NEVER_DECODE not in options:
                    entry.used = True
                    here.cache.hits += 1
                    if hooks.active is not None:
                        hooks.active.cache(tracking.endpoint, "hit")
                    callback = dict.get(self.response_callbacks, args[0])
                    if callback is None:
                        return entry.reply if entry.plain else copied(entry.reply)
                    return await self._answer(callback, entry.reply, options)
        return await self._execute(tracking, args, options)

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        """Return a pipeline. What it writes is forgotten here when it has been executed; what it reads is not kept."""
        pipe = super().pipeline(transaction, shard_hint)
        if self._tracking is not None:
            make_forgetful(pipe, self._forget)
        return pipe

    async def _execute(self, tracking: Tracking, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        here = self._here(tracking)
        if NEVER_DECODE not in options and monotonic() >= here.off_until:
            if is_cached(args) and self._in_scope(tracking, args[1]):
                reply = await self._read(here, [args])
                if reply[0] is not _ABSENT:
                    if EMPTY_RESPONSE in options and isinstance(reply[0], ResponseError):
                        return options[EMPTY_RESPONSE]
                    if isinstance(reply[0], Exception):
                        raise reply[0]
                    callback = dict.get(self.response_callbacks, args[0])
                    return await self._answer(callback, reply[0], options)
            elif args[0] == "MGET" and len(args) > 1 and all(self._in_scope(tracking, key) for key in args[1:]):
                found = await self._read(here, [("GET", key) for key in args[1:]])
                # A key that holds something else is none to MGET.
                values = [None if _is_wrong_type(value) else value for value in found]
                if not any(value is _ABSENT or isinstance(value, Exception) for value in values):
                    return await self._answer(dict.get(self.response_callbacks, "MGET"), values, options)
        if traits(args).read_only:
            return await super().execute_command(*args, **options)
        try:
            return await super().execute_command(*args, **options)
        finally:
            self._forget([args])

    async def _read(self, here: TrackingLanes, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Return replies or errors, of each command; `_ABSENT` for what must be asked without the cache."""
        cache, began = here.cache, monotonic()
        found: list[Any] = []
        fresh: dict[Hashable, Flight] = {}
        # First of all, for an argument that has no encoding must leave no flight behind that never departs.
        for args, packed in zip(commands, [self._pack(each) for each in commands], strict=True):
            ident = spelled(args, packed)
            entry = cache.find(ident, began)
            self._count(cache, hit=entry is not None)
            if entry is not None:
                entry.used = True
                found.append(entry.reply)
                continue
            flight = cache.flight(ident)
            if flight is None:
                flight = fresh[ident] = Flight(ident, bytes(self._encode(args[1])), packed, here.loop.create_future())
                cache.depart(flight)
            found.append(flight)
        flights = list(fresh.values())
        command = traits(commands[0])
        for start in range(0, len(flights), LONGEST):
            here.fetch(flights[start : start + LONGEST], command)
        return [await self._landed(each, command.name, began) if isinstance(each, Flight) else each for each in found]

    async def _landed(self, flight: Flight, name: str, began: float) -> Any:
        until = UNTIL.get()
        left = None if until is None or until == math.inf else until - monotonic()
        try:
            async with asyncio.timeout(left):
                # Whoever is cancelled leaves the fetch to the others.
                return await asyncio.shield(flight.landing)
        except TimeoutError as late:
            raise DeadlineExceeded(
                self._recovery.endpoint.name, name, monotonic() - began, 1, None, may_have_run=False
            ) from late
        except ResponseError as error:
            # Of the command itself, or of the transaction around it: asked alone, it gets what is its own.
            return error if _is_wrong_type(error) else _ABSENT

    def _count(self, cache: LocalCache, hit: bool) -> None:
        cache.hits += hit
        cache.misses += not hit
        if hooks.active is not None:
            hooks.active.cache(self._recovery.name, "hit" if hit else "miss")

    def _here(self, tracking: Tracking) -> TrackingLanes:
        here: Any = tracking.current
        if here is None or not here.here():
            here = tracking.here()
        return here  # type: ignore[no-any-return]

    def _in_scope(self, tracking: Tracking, key: Any) -> bool:
        return not tracking.prefixes or bytes(self._encode(key)).startswith(tracking.prefixes)

    def _forget(self, commands: Sequence[Sequence[Any]]) -> None:
        if self._tracking is None:
            return
        here = self._here(self._tracking)
        for args in commands:
            name = traits(args).name
            if name in EVERYTHING:
                here.drop()
            else:
                here.take_away(list(keys_named(args, self._encode)))

    async def _answer(self, callback: Any, reply: Any, options: dict[str, Any]) -> Any:
        reply = copied(reply)
        if callback is None:
            return reply
        options.pop("keys", None)
        options.pop(EMPTY_RESPONSE, None)
        answer: Any = callback(reply, **options)
        return await answer if hasattr(answer, "__await__") else answer


def _ask_for_resp3(options: dict[str, Any]) -> None:
    # Not where it is usual: there redis-py gives replies other forms if it is asked for.
    if _USUAL != 3:
        options.setdefault("protocol", 3)


def _is_wrong_type(reply: Any) -> bool:
    return isinstance(reply, ResponseError) and str(reply).startswith("WRONGTYPE")
