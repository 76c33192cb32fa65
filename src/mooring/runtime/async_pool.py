"""The pools that asyncio clients share: one for all event loops, with connections for each loop apart.

An asyncio client may be made anywhere and used in any loop, also in one after the other. For the rest these pools are
as those of `pool`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import redis.asyncio
from redis.exceptions import RedisError

from mooring.runtime.pool import full_pool, guard, portrait
from mooring.runtime.turnstile import AsyncGate

if TYPE_CHECKING:
    from redis.asyncio.connection import AbstractConnection
    from redis.asyncio.retry import Retry


class AsyncSharedPool(redis.asyncio.ConnectionPool):
    """A pool for tasks: the same for every client, but with connections, and its bound, for each event loop apart.

    A loop's connections are closed when the loop shuts down, as `asyncio.run` makes it do.
    """

    def __init__(self, *, endpoint: str, max_connections: int, pool_timeout: float, **arguments: Any) -> None:
        self._endpoint = endpoint
        self._places = max_connections
        self._pool_timeout = pool_timeout
        self._pools: WeakKeyDictionary[asyncio.AbstractEventLoop, _LoopPool] = WeakKeyDictionary()
        super().__init__(max_connections=max_connections, **arguments)

    def __repr__(self) -> str:
        return portrait(self, self._endpoint, self._places)

    async def get_connection(self, *args: Any, **options: Any) -> AbstractConnection:
        """Take a connection of the running loop, waiting in turn while all are in use."""
        loop = asyncio.get_running_loop()
        pool = self._pools.get(loop)
        if pool is None or pool.pid != os.getpid():
            pool = self._open(loop)
            await anext(pool.keeper)
        return await pool.get_connection(*args, **options)

    async def release(self, connection: AbstractConnection) -> None:
        """Give back a connection; one of a loop that has ended was closed with it."""
        pool = self._pools.get(asyncio.get_running_loop())
        if pool is not None and pool.has_lent(connection):
            await pool.release(connection)

    async def disconnect(self, inuse_connections: bool = True) -> None:  # noqa: ARG002 - redis-py's signature
        """Close the running loop's connections that nobody uses; those in use belong to other clients of the pool."""
        pool = self._pools.get(asyncio.get_running_loop())
        if pool is not None:
            await pool.disconnect(inuse_connections=False)

    def set_retry(self, retry: Retry) -> None:
        """Set the retry policy of every connection, in every loop."""
        super().set_retry(retry)
        for _, pool in self._living():
            pool.connection_kwargs["retry"] = retry
            pool.set_retry(retry)

    async def ashut(self) -> None:
        """Close every connection, also those in use; what other loops hold, those loops close."""
        running = asyncio.get_running_loop()
        for loop, pool in self._living():
            if loop is running:
                await pool.end()
            else:
                _end_from_outside(loop, pool)

    def shut(self) -> None:
        """Close every connection, also those in use: a running loop does so soon, for another it is done at once."""
        for loop, pool in self._living():
            _end_from_outside(loop, pool)

    def at_exit(self) -> None:
        """Close what belongs to loops that neither run nor were closed; a daemon thread may still be running a loop."""
        for loop, pool in self._living():
            if not loop.is_running():
                _end_from_outside(loop, pool)

    def _open(self, loop: asyncio.AbstractEventLoop) -> _LoopPool:
        with guard:
            # An open connection refers to its loop, so that a closed loop's entry does not fall out by itself.
            for ended in [known for known in self._pools if known.is_closed()]:
                del self._pools[ended]
            pool = _LoopPool(
                endpoint=self._endpoint,
                pool_timeout=self._pool_timeout,
                connection_class=self.connection_class,
                max_connections=self._places,
                **self.connection_kwargs,
            )
            self._pools[loop] = pool
            return pool

    def _living(self) -> list[tuple[asyncio.AbstractEventLoop, _LoopPool]]:
        # A parent's entries are left alone: they share its sockets and its selector.
        with guard:
            known = list(self._pools.items())
        return [(loop, pool) for loop, pool in known if pool.pid == os.getpid() and not loop.is_closed()]


class _LoopPool(redis.asyncio.ConnectionPool):
    """The connections of one event loop in one process."""

    def __init__(self, *, endpoint: str, max_connections: int, pool_timeout: float, **arguments: Any) -> None:
        self.pid = os.getpid()
        self.keeper = self._keep()
        self._endpoint = endpoint
        self._pool_timeout = pool_timeout
        self._gate = AsyncGate(max_connections)
        self._lent: set[AbstractConnection] = set()
        self._outlived: set[AbstractConnection] = set()
        self._ending: asyncio.Task[None] | None = None
        super().__init__(max_connections=max_connections, **arguments)

    def __repr__(self) -> str:
        return portrait(self, self._endpoint, self.max_connections)

    async def _keep(self) -> AsyncGenerator[None, None]:
        """Close the pool with its loop: a loop that shuts down ends the asynchronous generators begun in it."""
        try:
            yield
        finally:
            await self.end()

    def has_lent(self, connection: AbstractConnection) -> bool:
        """Tell whether somebody has taken the connection and not given it back."""
        return connection in self._lent

    async def get_connection(self, *args: Any, **options: Any) -> AbstractConnection:
        """Take a connection, waiting in turn while all are in use."""
        if not await self._gate.enter(self._pool_timeout):
            raise full_pool(self._endpoint, self.max_connections, self._pool_timeout)
        try:
            # redis-py annotates this method in its synchronous half only.
            connection: AbstractConnection = await super().get_connection(*args, **options)  # type: ignore[no-untyped-call]
        except BaseException:
            self._gate.leave()
            raise
        self._lent.add(connection)
        return connection

    async def release(self, connection: AbstractConnection) -> None:
        """Give back a connection. redis-py also calls this for one that could not be opened and so was never lent."""
        lent = connection in self._lent
        self._lent.discard(connection)
        try:
            if connection in self._outlived:
                self._outlived.discard(connection)
                await connection.disconnect(nowait=True)
            await super().release(connection)
        finally:
            if lent:
                self._gate.leave()

    async def end(self) -> None:
        """Close every connection, also those in use. Nobody is left to be told of a server that is gone."""
        # Whoever holds one may open it again before giving it back.
        self._outlived |= self._lent
        with contextlib.suppress(RedisError, OSError):
            await self.aclose()

    def end_soon(self) -> None:
        """Close every connection in a task of the running loop."""
        self._ending = asyncio.get_running_loop().create_task(self.end())


def _end_from_outside(loop: asyncio.AbstractEventLoop, pool: _LoopPool) -> None:
    if loop.is_running():
        # The loop, another thread's, may close before the call reaches it.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(pool.end_soon)
    elif not _runs_a_loop_here():
        loop.run_until_complete(pool.end())


def _runs_a_loop_here() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
