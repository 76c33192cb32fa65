"""One manager for the whole process: it makes the pools, hands out clients on them, and closes what it opened."""

from __future__ import annotations

import asyncio
import atexit
import functools
from collections.abc import Callable, Hashable, Mapping
from types import TracebackType
from typing import Any, ClassVar, Self, TypeVar

import redis
import redis.asyncio

from mooring.config.settings import RedisSettings
from mooring.config.surroundings import Surroundings
from mooring.config.variables import DEFAULT_NAME
from mooring.errors import ManagerClosed
from mooring.runtime.async_pool import AsyncSharedPool
from mooring.runtime.options import ASYNC, SYNC, Flavour, RedisOptions, check_overrides, redis_options
from mooring.runtime.pool import SharedPool, guard

_Pool = TypeVar("_Pool", SharedPool, AsyncSharedPool)


class RedisConnectionManager:
    """Hands out redis-py clients that share one bounded pool per process, endpoint and connection options.

    For asyncio the bound holds for each event loop apart. `instance()` is the manager of the process, which closes at
    exit; any other is closed by who made it, best with `with` or `async with`. Safe for threads, and after a fork: a
    child opens connections of its own.

    Closing a client leaves its pool to the others. Closing the manager closes every connection; a client that was
    handed out before connects again when it is used, as redis-py's own do.
    """

    _instance: ClassVar[RedisConnectionManager | None] = None

    def __init__(self) -> None:
        self._pools: dict[Hashable, SharedPool] = {}
        self._async_pools: dict[Hashable, AsyncSharedPool] = {}
        self._closed = False
        atexit.register(self._at_exit)

    @classmethod
    def instance(cls) -> RedisConnectionManager:
        """Return the manager of this process, a fresh one after the last was closed."""
        with guard:
            if RedisConnectionManager._instance is None or RedisConnectionManager._instance._closed:
                RedisConnectionManager._instance = RedisConnectionManager()
            return RedisConnectionManager._instance

    def client(self, name: str = DEFAULT_NAME, **overrides: Any) -> redis.Redis:
        """Return a client for connection `name`. Raises as `create_redis_from_config` does, and `ManagerClosed`."""
        options = _options(name, overrides, SYNC)
        return redis.Redis(connection_pool=self._pool(self._pools, SharedPool, options), **options.client)

    def async_client(self, name: str = DEFAULT_NAME, **overrides: Any) -> redis.asyncio.Redis:
        """Return an asyncio client for connection `name`; no event loop need be running.

        Raises as `create_async_redis_from_config` does, and `ManagerClosed`.
        """
        options = _options(name, overrides, ASYNC)
        return redis.asyncio.Redis(
            connection_pool=self._pool(self._async_pools, AsyncSharedPool, options), **options.client
        )

    def close(self) -> None:
        """Close every connection, and refuse new clients. A running event loop closes its own a moment later."""
        pools, async_pools = self._end()
        for pool in pools:
            pool.shut()
        for async_pool in async_pools:
            async_pool.shut()

    async def aclose(self) -> None:
        """Close every connection, and refuse new clients. Other event loops that run close their own a moment later."""
        pools, async_pools = self._end()
        for pool in pools:
            pool.shut()
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

    def _pool(self, pools: dict[Hashable, _Pool], make: Callable[..., _Pool], options: RedisOptions) -> _Pool:
        key = options.key()
        with guard:
            if self._closed:
                raise ManagerClosed(
                    "This RedisConnectionManager is closed; make clients before closing it, or through"
                    " RedisConnectionManager.instance()."
                )
            if key not in pools:
                pools[key] = make(**options.pool)
            return pools[key]

    def _end(self) -> tuple[list[SharedPool], list[AsyncSharedPool]]:
        atexit.unregister(self._at_exit)
        with guard:
            self._closed = True
            pools, async_pools = list(self._pools.values()), list(self._async_pools.values())
            self._pools.clear()
            self._async_pools.clear()
        return pools, async_pools

    def _at_exit(self) -> None:
        for pool in self._pools.values():
            pool.at_exit()
        for async_pool in self._async_pools.values():
            async_pool.at_exit()


def _options(name: str, overrides: Mapping[str, Any], flavour: Flavour) -> RedisOptions:
    """Resolve the settings of a connection; at once where nothing has changed since they were last asked for."""
    given = tuple(sorted(overrides.items()))
    surroundings = Surroundings.here().fingerprint(name)
    try:
        hash(given)
    except TypeError:  # an argument such as a list of errors to retry on
        return _resolved(name, overrides, flavour)
    return _remembered(name, given, flavour, surroundings)


# A service calls the factory with a handful of different arguments, but perhaps for each request.
@functools.lru_cache(maxsize=128)
def _remembered(
    name: str,
    given: tuple[tuple[str, Any], ...],
    flavour: Flavour,
    surroundings: Hashable,  # noqa: ARG001  # part of the key: settings are read again if what they come from changes
) -> RedisOptions:
    return _resolved(name, dict(given), flavour)


def _resolved(name: str, overrides: Mapping[str, Any], flavour: Flavour) -> RedisOptions:
    check_overrides(overrides, flavour)
    return redis_options(RedisSettings.load(name, overrides=overrides), flavour)
