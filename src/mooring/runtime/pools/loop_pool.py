"""The connections of one event loop in one process: what an asyncio pool is made of.

The loop looks after them about once a second, with a timer that neither keeps it alive nor outlives it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
import weakref
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

import redis.asyncio
from redis.exceptions import RedisError

from mooring.runtime import hooks
from mooring.runtime.credentials.tls import CertificateWatch
from mooring.runtime.deadline import seconds_left
from mooring.runtime.failures import PoolExhausted
from mooring.runtime.pools.async_moored import AsyncMoored
from mooring.runtime.pools.leaks import warn_of_connection
from mooring.runtime.pools.ledger import Ledger
from mooring.runtime.pools.loop_tending import LoopTending
from mooring.runtime.pools.moored import moored
from mooring.runtime.pools.pool import portrait
from mooring.runtime.pools.tended_loop_pool import TendedLoopPool, close_if_over
from mooring.runtime.pools.turnstile import AsyncGate
from mooring.runtime.recovery.failover import AsyncMasterWatch

if TYPE_CHECKING:
    from mooring.runtime.credentials.rotation import Credentials
    from mooring.runtime.pools.aging import Lifespan

__all__ = ["LoopPool"]

# redis-py 7 and later reconnect when the server announces that it moves.
_FOLLOWS_MOVES = hasattr(redis.asyncio.Connection, "should_reconnect")


class LoopPool(TendedLoopPool):
    """A pool for the tasks of the loop that it was begun in."""

    def __init__(
        self,
        *,
        endpoint: str,
        max_connections: int,
        pool_timeout: float,
        span: Lifespan,
        credentials: Credentials,
        connection_class: type,
        **arguments: Any,
    ) -> None:
        self.pid = os.getpid()
        self.endpoint = endpoint
        self.credentials = credentials
        self._pool_timeout = pool_timeout
        self._gate = AsyncGate(max_connections)
        self._ledger = Ledger(self, max_connections, span)
        self._certificates = CertificateWatch(arguments)
        self._master = AsyncMasterWatch.of(connection_class, arguments)
        self._keeper = self._keep()
        self._loop = asyncio.get_running_loop()
        self._tending = LoopTending(self.tend)
        self._ending: asyncio.Task[None] | None = None
        super().__init__(
            max_connections=max_connections, connection_class=moored(connection_class, AsyncMoored), **arguments
        )
        # Not held strongly: what nobody else holds is lost, and must be noticed.
        self._in_use_connections = weakref.WeakSet()  # type: ignore[assignment]

    def __repr__(self) -> str:
        return portrait(self, self.endpoint, self.max_connections)

    async def begin(self) -> None:
        """Have the pool close with its loop."""
        await anext(self._keeper)

    async def _keep(self) -> AsyncGenerator[None, None]:
        """Close the pool with its loop: a loop that shuts down ends the asynchronous generators begun in it."""
        try:
            yield
        finally:
            await self.end()

    def has_lent(self, connection: Any) -> bool:
        """Tell whether somebody has taken the connection and not given it back."""
        return self._ledger.is_lent(connection.life)

    def make_connection(self) -> Any:
        """Make a connection, not open yet."""
        connection: Any = super().make_connection()  # type: ignore[no-untyped-call]
        connection.moor(self._ledger, self.credentials)
        return connection

    async def get_connection(self, *_: Any, **__: Any) -> Any:
        """Take a connection, waiting in turn while all are in use, and no longer than the running call may."""
        if not self._tending.started:
            self._tending.start()
        if not self._gate.admit():
            await self._wait()
        connection: Any = None
        try:
            # Only this loop's tasks come by, and between here and there none of them does.
            idle = self._available_connections
            connection = idle.pop() if idle else self.make_connection()
            self._in_use_connections.add(connection)
            await _make_ready(connection)
        except BaseException:
            if connection is not None:
                await self.release(connection)
            self._gate.leave()
            raise
        self._ledger.lend(connection.life)
        return connection

    async def release(self, connection: Any) -> None:
        """Give back a connection. redis-py also calls this for one that could not be opened and so was never lent."""
        life = connection.life
        lent = self._ledger.take_back(life)
        try:
            life.used = now = time.monotonic()
            if life.outlived:
                life.outlived = False
                await connection.disconnect(nowait=True)
            else:
                await close_if_over(connection, now)
            if _FOLLOWS_MOVES and connection.should_reconnect():
                await connection.disconnect(nowait=True)
        finally:
            if connection in self._in_use_connections:
                self._in_use_connections.discard(connection)
                self._available_connections.append(connection)
            if lent:
                self._gate.leave()

    async def end(self) -> None:
        """Close every connection, also those in use. Nobody is left to be told of a server that is gone."""
        await self._tending.stop()
        self._ledger.outlive()
        with contextlib.suppress(RedisError, OSError):
            await self.aclose()
        if self._master is not None:
            await self._master.close()

    def end_soon(self) -> None:
        """Close every connection in a task of the running loop."""
        self._ending = asyncio.get_running_loop().create_task(self.end())

    def lost(self, connection: Any) -> None:
        """Take back the place of a connection that nobody holds any more, whatever thread notices it."""
        if self.pid != os.getpid() or not self._ledger.is_lent(connection.life):
            return
        writer = self._ledger.let_go_of_stream(connection.life)
        connection._reader = connection._writer = None
        if writer is not None and not self._loop.is_closed():
            warn_of_connection(self.endpoint, connection, is_async=True)
        # A loop that was closed has no places to give.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._reclaim, connection.life, writer)

    def _reclaim(self, life: Any, writer: asyncio.StreamWriter | None) -> None:
        if writer is not None:
            writer.close()
        if self._ledger.take_back(life):
            self._gate.leave()

    async def _wait(self) -> None:
        began = time.monotonic()
        patience = min(self._pool_timeout, seconds_left(self._pool_timeout))
        entered = await self._gate.enter(patience)
        if hooks.active is not None:
            hooks.active.waited(self.endpoint, time.monotonic() - began, not entered)
        if not entered:
            raise PoolExhausted(self.endpoint, self.max_connections, patience)


async def _make_ready(connection: Any) -> None:
    """Open a connection that is taken, anew if its time is over or the server has closed it."""
    await close_if_over(connection, time.monotonic())
    await connection.connect()
    if not connection.is_clean():
        await connection.disconnect(nowait=True)
        await connection.connect()
