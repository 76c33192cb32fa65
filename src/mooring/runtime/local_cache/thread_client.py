"""`PooledRedis` with a local cache, the twin of `client` for threads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from redis.client import EMPTY_RESPONSE, NEVER_DECODE
from redis.exceptions import ResponseError

from mooring.runtime.clients.pipelines import PooledPipeline
from mooring.runtime.clients.pooled import PooledRedis
from mooring.runtime.commands import traits
from mooring.runtime.local_cache.cache import CacheNumbers
from mooring.runtime.local_cache.loop_thread import ThreadTracking
from mooring.runtime.local_cache.pipelines import make_forgetful
from mooring.runtime.local_cache.reading import ABSENT, Reader, answer, hit
from mooring.runtime.recovery.recovery import Recovery

__all__ = ["CachedPooledRedis"]


class CachedPooledRedis(PooledRedis):
    """A client on a shared pool that answers reads of single keys, and MGET, from memory (`local_cache.commands`).

    Made by `RedisConnectionManager`. A client that keeps one connection has no cache.
    """

    _tracking: ThreadTracking | None = None
    _reader: Reader

    def __init__(self, *, recovery: Recovery, local_cache: ThreadTracking | None = None, **options: Any) -> None:
        super().__init__(recovery=recovery, **options)
        if local_cache is not None and self.connection is None:
            self._tracking = local_cache
            self._reader = Reader(local_cache.tracking, recovery, self.connection_pool.get_encoder())

    def local_cache_numbers(self) -> CacheNumbers | None:
        """Count what the cache holds; None for a client without one."""
        return None if self._tracking is None else self._tracking.here().cache.numbers()

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Execute a command and return its reply, from memory if it may be. Raises as `PooledRedis`."""
        tracking = self._tracking
        if tracking is None:
            return super().execute_command(*args, **options)
        here = tracking.current
        entry = None if here is None or NEVER_DECODE in options else hit(here, args, self._recovery.name)
        if entry is not None:
            callback = dict.get(self.response_callbacks, args[0])
            return entry.reply if callback is None and entry.plain else answer(callback, entry.reply, options)
        commands = self._reader.split(args, options)
        if commands is not None:
            try:
                reply = tracking.run(lambda here: self._reader.read(here, args, commands))
            except ResponseError:
                if EMPTY_RESPONSE in options:
                    return options[EMPTY_RESPONSE]
                raise
            if reply is not ABSENT:
                return answer(dict.get(self.response_callbacks, args[0]), reply, options)
        if traits(args).read_only:
            return super().execute_command(*args, **options)
        try:
            return super().execute_command(*args, **options)
        finally:
            self._forget([args])

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> PooledPipeline:
        """Return a pipeline. What it writes is forgotten here when it has been executed; what it reads is not kept."""
        pipe = super().pipeline(transaction, shard_hint)
        if self._tracking is not None:
            make_forgetful(pipe, self._forget)
        return pipe

    def _forget(self, commands: Sequence[Sequence[Any]]) -> None:
        # Before anything was read there is nothing to forget.
        here = None if self._tracking is None else self._tracking.current
        if here is not None:
            self._reader.forget(here, commands)
