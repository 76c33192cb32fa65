"""One manager for the whole process: it makes the pools, hands out clients on them, and closes what it opened."""

from __future__ import annotations

import asyncio
import atexit
import weakref
from collections.abc import Callable, Hashable, Iterable
from types import TracebackType
from typing import Any, ClassVar, Self, TypeVar, cast

import redis
import redis.asyncio

from mooring.config.cache_size import CacheSize
from mooring.config.variables import DEFAULT_NAME
from mooring.errors import ManagerClosed
from mooring.runtime.clients.async_pooled import AsyncPooledRedis
from mooring.runtime.clients.pooled import PooledRedis
from mooring.runtime.cluster.async_cluster import AsyncPooledRedisCluster
from mooring.runtime.cluster.cluster import PooledRedisCluster
from mooring.runtime.credentials.fingerprint import fingerprint
from mooring.runtime.flavour import ASYNC, SYNC
from mooring.runtime.lanes.client import SharedAsyncRedis
from mooring.runtime.lanes.lane_set import close_lanes, lane_numbers, shut_lanes
from mooring.runtime.local_cache.client import CachedSharedAsyncRedis
from mooring.runtime.local_cache.loop_thread import ThreadTracking
from mooring.runtime.local_cache.thread_client import CachedPooledRedis
from mooring.runtime.numbers import PoolNumbers, added_up
from mooring.runtime.observing.health import Health
from mooring.runtime.observing.monitor import AsyncMonitor, Monitor
from mooring.runtime.observing.observation import observe_as_configured
from mooring.runtime.options import RedisOptions
from mooring.runtime.pools.async_pool import AsyncSharedPool
from mooring.runtime.pools.leaks import warn_of_manager
from mooring.runtime.pools.pool import SharedPool, guard
from mooring.runtime.resolving import resolved

_Shared = SharedPool | PooledRedisCluster
_AsyncShared = AsyncSharedPool | AsyncPooledRedisCluster
_Pool = TypeVar("_Pool", bound=_Shared | _AsyncShared)


class RedisConnectionManager:
    """Hands out redis-py clients that share one bounded pool per process, endpoint and connection options.

    For asyncio the bound holds for each event loop apart. `instance()` is the manager of the process, which closes at
    exit; any other is closed by who made it, best with `with` or `async with`. Safe for threads, and after a fork: a
    child opens connections of its own.

    Closing a client leaves its pool to the others. Closing the manager closes every connection; a client that was
    handed out before connects again when it is used, as redis-py's own do.
    """

    _instance: ClassVar[RedisConnectionManager | None] = None
    _living: ClassVar[weakref.WeakSet[RedisConnectionManager]] = weakref.WeakSet()

    def __init__(self) -> None:
        self._pools: dict[Hashable, _Shared] = {}
        self._async_pools: dict[Hashable, _AsyncShared] = {}
        self._local_caches: dict[Hashable, ThreadTracking] = {}
        self._monitors: dict[Hashable, Monitor] = {}
        self._async_monitors: dict[Hashable, AsyncMonitor] = {}
        self._closed = False
        with guard:
            self._living.add(self)
        observe_as_configured()

    @classmethod
    def instance(cls) -> RedisConnectionManager:
        """Return the manager of this process, a fresh one after the last was closed."""
        with guard:
            if RedisConnectionManager._instance is None or RedisConnectionManager._instance._closed:
                RedisConnectionManager._instance = RedisConnectionManager()
            return RedisConnectionManager._instance

    def client(self, name: str = DEFAULT_NAME, **overrides: Any) -> redis.Redis:
        """Return a client for connection `name`. Raises as `create_redis_from_config` does, and `ManagerClosed`.

        For a Cluster it is a `redis.cluster.RedisCluster`, the same for all: see `cluster`.
        """
        options = resolved(name, overrides, SYNC)
        shared = self._pool(self._pools, _pool_or_cluster, options)
        if isinstance(shared, PooledRedisCluster):
            return cast(redis.Redis, shared)
        if options.local_cache is not None:
            cache = self._local_cache(options, options.local_cache)
            return CachedPooledRedis(connection_pool=shared, local_cache=cache, **options.client)
        return PooledRedis(connection_pool=shared, **options.client)

    def async_client(self, name: str = DEFAULT_NAME, **overrides: Any) -> redis.asyncio.Redis:
        """Return an asyncio client for connection `name`; no event loop need be running.

        Raises as `create_async_redis_from_config` does, and `ManagerClosed`. For a Cluster it is a
        `redis.asyncio.cluster.RedisCluster`, the same for all and for every event loop: see `async_cluster`.
        """
        options = resolved(name, overrides, ASYNC)
        shared = self._pool(self._async_pools, _async_pool_or_cluster, options)
        if isinstance(shared, AsyncPooledRedisCluster):
            return cast(redis.asyncio.Redis, shared)
        words = {"lanes": options.lanes, "max_age": options.pool["max_age"], **options.client}
        if options.local_cache is not None:
            return CachedSharedAsyncRedis(connection_pool=shared, local_cache=options.local_cache, **words)
        if options.lanes:
            return SharedAsyncRedis(connection_pool=shared, **words)
        return AsyncPooledRedis(connection_pool=shared, **options.client)

    def health(self, name: str = DEFAULT_NAME, **overrides: Any) -> Health:
        """Tell how the Redis of a connection is: what its monitor saw last, or else by a look that takes a second."""
        return self.monitor(name, **overrides).current()

    async def ahealth(self, name: str = DEFAULT_NAME, **overrides: Any) -> Health:
        """Do the same for asyncio."""
        return await self.async_monitor(name, **overrides).current()

    def monitor(self, name: str = DEFAULT_NAME, **overrides: Any) -> Monitor:
        """Return the monitor of a connection, the same for the same arguments; its `start` lets it look by itself.

        Arguments are those of `Monitor`, and it ends with this manager.
        """
        with guard:
            return self._monitors.setdefault((name, fingerprint(overrides)), Monitor(self, name, **overrides))

    def async_monitor(self, name: str = DEFAULT_NAME, **overrides: Any) -> AsyncMonitor:
        """Do the same for asyncio."""
        with guard:
            return self._async_monitors.setdefault(
                (name, fingerprint(overrides)), AsyncMonitor(self, name, **overrides)
            )

    def numbers(self) -> dict[str, PoolNumbers]:
        """Tell the numbers of the pools and lanes, those of one endpoint added up."""
        with guard:
            pools: list[_Shared | _AsyncShared] = [*self._pools.values(), *self._async_pools.values()]
            caches = list(self._local_caches.values())
        lanes = ((pool.endpoint, lane_numbers(pool)) for pool in pools if isinstance(pool, AsyncSharedPool))
        tracking = ((cache.tracking.endpoint, cache.numbers()) for cache in caches)
        return _by_endpoint([*((pool.endpoint, pool.numbers()) for pool in pools), *lanes, *tracking])

    @classmethod
    def all_numbers(cls) -> dict[str, PoolNumbers]:
        """Tell the same of all managers of the process."""
        with guard:
            managers = list(cls._living)
        return _by_endpoint(item for manager in managers for item in manager.numbers().items())

    def close(self) -> None:
        """Close every connection, and refuse new clients. A running event loop closes its own a moment later."""
        pools, async_pools = self._end()
        self._close_local_caches()
        for async_monitor in self._async_monitors.values():
            async_monitor.stop()
        for pool in pools:
            pool.shut()
        for async_pool in async_pools:
            if isinstance(async_pool, AsyncSharedPool):
                shut_lanes(async_pool)
            async_pool.shut()

    async def aclose(self) -> None:
        """Close every connection, and refuse new clients. Other event loops that run close their own a moment later."""
        pools, async_pools = self._end()
        if self._local_caches:  # whose threads are waited for
            await asyncio.to_thread(self._close_local_caches)
        for async_monitor in self._async_monitors.values():
            await async_monitor.astop()
        for pool in pools:
            pool.shut()
        await asyncio.gather(*(close_lanes(pool) for pool in async_pools if isinstance(pool, AsyncSharedPool)))
        await asyncio.gather(*(async_pool.ashut() for async_pool in async_pools))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def _pool(
        self, pools: dict[Hashable, _Pool], make: Callable[[RedisOptions], _Pool], options: RedisOptions
    ) -> _Pool:
        key = options.key()
        found = self._kept(pools, key)
        if found is not None:
            return found
        # Not under the guard: a Cluster's nodes are asked, which takes a while.
        made = make(options)
        try:
            found = self._kept(pools, key, made)
        finally:
            if found is not made:
                made.shut()
        return found or made

    def _kept(self, pools: dict[Hashable, _Pool], key: Hashable, made: _Pool | None = None) -> _Pool | None:
        with guard:
            if self._closed:
                raise ManagerClosed(
                    "This RedisConnectionManager is closed; make clients before closing it, or through"
                    " RedisConnectionManager.instance()."
                )
            return pools.get(key) if made is None else pools.setdefault(key, made)

    def _local_cache(self, options: RedisOptions, size: CacheSize) -> ThreadTracking:
        with guard:
            key = options.key()
            found = self._local_caches.get(key)
            if found is None:
                recovery = options.client["recovery"]
                found = self._local_caches[key] = ThreadTracking(options.tracking, recovery, size)
            return found

    def _close_local_caches(self) -> None:
        with guard:
            caches = list(self._local_caches.values())
            self._local_caches.clear()
        for cache in caches:
            cache.close()

    def _end(self) -> tuple[list[_Shared], list[_AsyncShared]]:
        with guard:
            self._closed = True
            pools, async_pools = list(self._pools.values()), list(self._async_pools.values())
            self._pools.clear()
            self._async_pools.clear()
        for monitor in self._monitors.values():
            monitor.stop()
        return pools, async_pools

    def __del__(self) -> None:
        if self._closed or not (self._pools or self._async_pools):
            return
        warn_of_manager(len(self._pools) + len(self._async_pools), self)
        # An event loop closes its own. Clients may still be in use, and connect again.
        for pool in self._pools.values():
            pool.at_exit()
        for cache in self._local_caches.values():
            cache.shut()

    @classmethod
    def close_at_exit(cls) -> None:
        """Close what managers have left open, without a warning: the process ends."""
        for manager in list(cls._living):
            manager._at_exit()

    def _at_exit(self) -> None:
        self._close_local_caches()
        for pool in self._pools.values():
            pool.at_exit()
        for async_pool in self._async_pools.values():
            async_pool.at_exit()


# One for all, by weak references: a manager that nobody holds is to be told of, not kept until the end.
atexit.register(RedisConnectionManager.close_at_exit)


def _pool_or_cluster(options: RedisOptions) -> _Shared:
    if options.nodes:
        return PooledRedisCluster(nodes=options.nodes, pool=options.pool, recovery=options.client["recovery"])
    return SharedPool(**options.pool)


def _async_pool_or_cluster(options: RedisOptions) -> _AsyncShared:
    if options.nodes:
        recovery = options.client["recovery"]
        return AsyncPooledRedisCluster(nodes=options.nodes, pool=options.pool, recovery=recovery, lanes=options.lanes)
    return AsyncSharedPool(**options.pool)


def _by_endpoint(numbers: Iterable[tuple[str, PoolNumbers]]) -> dict[str, PoolNumbers]:
    found: dict[str, list[PoolNumbers]] = {}
    for endpoint, pool in numbers:
        found.setdefault(endpoint, []).append(pool)
    return {endpoint: added_up(pools) for endpoint, pools in found.items()}
