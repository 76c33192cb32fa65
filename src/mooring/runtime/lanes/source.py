"""Where lanes come from: connections opened, and introduced to the server, as those of a pool are.

They do not count among the pool's, so that a pool that is used up keeps no lane from being opened.
"""

from __future__ import annotations

import functools
import time
import weakref
from typing import Any, Protocol

import redis.asyncio
from redis.exceptions import ConnectionError as RedisConnectionError

from mooring.runtime import hooks
from mooring.runtime.pools.aging import Lifespan
from mooring.runtime.pools.async_moored import AsyncMoored
from mooring.runtime.pools.async_pool import AsyncSharedPool
from mooring.runtime.pools.connections import AsyncDialed
from mooring.runtime.pools.ledger import Ledger
from mooring.runtime.pools.moored import moored
from mooring.runtime.recovery.failover import AsyncMasterWatch
from mooring.runtime.recovery.recovery import Recovery

__all__ = ["LaneSource", "PoolSource", "SharedSource", "source_of"]

# How often a dial is tried is decided for the whole call.
_ONCE: dict[str, Any] = {"retry": None, "retry_on_error": [], "retry_on_timeout": False}


class LaneSource(Protocol):
    """Opens connections, and knows what they were opened with."""

    def generation(self) -> int:
        """Count the changes of what connections show the server: a lane of an older one is to be replaced."""

    def master_watch(self) -> AsyncMasterWatch | None:
        """Make what tells of another master, for the running loop; None where there is but one server."""

    async def open(self) -> Any:
        """Open a connection of redis-py's, at the endpoint's pace. Raises redis-py's errors."""

    async def refused(self, generation: int) -> bool:
        """Hear that the server does not let in a lane of a generation; true if the next may fare better."""


class PoolSource:
    """Connections as a pool of redis-py's own makes them."""

    def __init__(self, pool: redis.asyncio.ConnectionPool, recovery: Recovery) -> None:
        # The lanes end with the pool, so they do not keep it.
        self._pool = weakref.ref(pool)
        self._recovery = recovery

    def generation(self) -> int:
        """Nothing changes: a credential provider is asked for each connection."""
        return 0

    def master_watch(self) -> None:
        """redis-py's own Sentinel pools look for the master each time they connect."""

    async def open(self) -> Any:
        """Open a connection at the endpoint's pace. Raises redis-py's errors."""
        pool = _living(self._pool)
        bounds = {"dialed": self._recovery.endpoint, "patience": self._recovery.patience}
        connection = _dialed(pool.connection_class)(**{**pool.connection_kwargs, **_ONCE, **bounds})
        began = time.monotonic()
        await connection.connect()
        if hooks.active is not None:
            hooks.active.connected(self._recovery.name, time.monotonic() - began)
        return connection

    async def refused(self, generation: int) -> bool:  # noqa: ARG002 - as `LaneSource` has it
        """Another login is nowhere to be had."""
        return False


class SharedSource:
    """Connections as a shared pool makes them, which follow its credentials."""

    def __init__(self, pool: AsyncSharedPool) -> None:
        self._pool = weakref.ref(pool)
        self._credentials = pool.credentials

    def generation(self) -> int:
        """The generation of the pool's credentials."""
        return self._credentials.generation

    def master_watch(self) -> AsyncMasterWatch | None:
        """Make what asks the Sentinels, if there are any."""
        pool = _living(self._pool)
        return AsyncMasterWatch.of(pool.connection_class, pool.connection_kwargs)

    async def open(self) -> Any:
        """Open a connection at the endpoint's pace. Raises redis-py's errors."""
        pool = _living(self._pool)
        self._credentials.attend()
        connection: Any = moored(pool.connection_class, AsyncMoored)(**pool.connection_kwargs)
        # A ledger of its own, for one would hold the sockets of all lanes that there were.
        connection.moor(Ledger(self, 0, Lifespan()), self._credentials)
        await connection.connect()
        return connection

    async def refused(self, generation: int) -> bool:
        """Have the login read again."""
        return await self._credentials.arefresh(generation)

    def lost(self, connection: Any) -> None:
        """Nobody misses a connection whose socket has become a lane's."""


def source_of(pool: redis.asyncio.ConnectionPool, recovery: Recovery) -> LaneSource:
    """Return where the lanes beside a pool come from."""
    return SharedSource(pool) if isinstance(pool, AsyncSharedPool) else PoolSource(pool, recovery)


def _living(pool: weakref.ref[Any]) -> Any:
    found = pool()
    if found is None:
        raise RedisConnectionError("The client and its pool are gone.")
    return found


@functools.cache
def _dialed(connection_class: type) -> type:
    return type(f"Dialed{connection_class.__name__}", (AsyncDialed, connection_class), {"__module__": __name__})
