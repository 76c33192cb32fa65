"""`AsyncRedis` with a local cache: what was read once is answered without I/O until the server says that it changed.

A client sees its own writes: when one ends, however it ends, all that has come from the keys it names is forgotten,
and so is whatever is on its way from them. `thread_client` has the twin for threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import redis.asyncio
from redis.asyncio.client import Pipeline
from redis.client import EMPTY_RESPONSE, NEVER_DECODE
from redis.exceptions import ResponseError

from mooring.config.cache_size import CacheSize
from mooring.runtime.clients.async_pooled import AsyncPooledRedis
from mooring.runtime.commands import traits
from mooring.runtime.lanes.client import AsyncRedis, SharedAsyncRedis
from mooring.runtime.local_cache.cache import CacheNumbers
from mooring.runtime.local_cache.pipelines import make_async_forgetful
from mooring.runtime.local_cache.reading import ABSENT, Reader, answer, hit
from mooring.runtime.local_cache.tracking import Tracking, TrackingLanes, tracking_of
from mooring.runtime.recovery.recovery import Recovery

__all__ = ["CachedAsyncRedis", "CachedSharedAsyncRedis"]


class CachedAsyncRedis(AsyncRedis):
    """An `AsyncRedis` that answers reads of single keys, and MGET, from memory (`local_cache.commands`).

    `local_cache` bounds the cache, which all clients of the pool share in an event loop. Replies are those of the
    client's protocol; what tells of changes is asked for in RESP3, of a server from Redis 6 on or Valkey. Where the
    server refuses to track, commands go without the cache and a warning is logged. Raises `ValueError` if the clients
    of the pool have a cache of another size.
    """

    _tracking: Tracking | None = None
    _reader: Reader

    def __init__(self, *, local_cache: CacheSize | None = None, **options: Any) -> None:
        super().__init__(**options)
        self._use_cache(local_cache, None)

    @classmethod
    def from_url(  # type: ignore[override]
        cls, url: str, *, local_cache: CacheSize | None = None, **options: Any
    ) -> CachedAsyncRedis:
        """Return a client for a URL of redis-py's, which owns its pool; `options` are the pool's, or `AsyncRedis`'s."""
        own = {key: options.pop(key) for key in ("lanes", "deadline") if key in options}
        pool = redis.asyncio.ConnectionPool.from_url(url, **options)
        client = cls(connection_pool=pool, local_cache=local_cache, **own)
        client.auto_close_connection_pool = True
        return client

    def _use_cache(self, size: CacheSize | None, max_age: float | None) -> None:
        if size is None or self.single_connection_client:
            return
        pool = self.connection_pool
        self._tracking = tracking_of(pool, self._recovery, size, max_age)
        self._reader = Reader(self._tracking, self._recovery, pool.get_encoder())

    def local_cache_numbers(self) -> CacheNumbers | None:
        """Count what the running event loop's cache holds; None for a client without one."""
        return None if self._tracking is None else _here(self._tracking).cache.numbers()

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Execute a command and return its reply, from memory if it may be."""
        tracking = self._tracking
        if tracking is None:
            return await super().execute_command(*args, **options)
        here: Any = tracking.current
        if here is None or not here.here():
            here = tracking.here()
        entry = hit(here, args, tracking.endpoint) if NEVER_DECODE not in options else None
        if entry is not None:
            callback = dict.get(self.response_callbacks, args[0])
            if callback is None and entry.plain:
                return entry.reply
            return await self._answer(callback, entry.reply, options)
        return await self._execute(here, args, options)

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        """Return a pipeline. What it writes is forgotten here when it has been executed; what it reads is not kept."""
        pipe = super().pipeline(transaction, shard_hint)
        if self._tracking is not None:
            make_async_forgetful(pipe, self._forget)
        return pipe

    async def _execute(self, here: TrackingLanes, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        commands = self._reader.split(args, options)
        if commands is not None:
            try:
                reply = await self._reader.read(here, args, commands)
            except ResponseError:
                if EMPTY_RESPONSE in options:
                    return options[EMPTY_RESPONSE]
                raise
            if reply is not ABSENT:
                return await self._answer(dict.get(self.response_callbacks, args[0]), reply, options)
        if traits(args).read_only:
            return await super().execute_command(*args, **options)
        try:
            return await super().execute_command(*args, **options)
        finally:
            self._forget([args])

    def _forget(self, commands: Sequence[Sequence[Any]]) -> None:
        if self._tracking is not None:
            self._reader.forget(_here(self._tracking), commands)

    async def _answer(self, callback: Any, reply: Any, options: dict[str, Any]) -> Any:
        answered = answer(callback, reply, options)
        return await answered if hasattr(answered, "__await__") else answered


# redis-py's classes of commands disagree with each other.
class CachedSharedAsyncRedis(CachedAsyncRedis, SharedAsyncRedis):  # type: ignore[misc]
    """The same on a shared pool, with its recovery. Made by `RedisConnectionManager`.

    Without `lanes` what the cache does not answer takes a pooled connection.
    """

    def __init__(
        self,
        *,
        recovery: Recovery,
        lanes: int = 0,
        max_age: float | None = None,
        local_cache: CacheSize | None = None,
        **options: Any,
    ) -> None:
        AsyncPooledRedis.__init__(self, recovery=recovery, **options)
        if lanes:
            self._use_lanes(lanes, max_age)
        self._use_cache(local_cache, max_age)


def _here(tracking: Tracking) -> TrackingLanes:
    here: Any = tracking.current
    if here is None or not here.here():
        here = tracking.here()
    return here  # type: ignore[no-any-return]
