"""The pools that asyncio clients share: one for all event loops, with connections for each loop apart.

An asyncio client may be made anywhere and used in any loop, also in one after the other. For the rest these pools are
as those of `pool`.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import redis.asyncio

from mooring.runtime.credentials.rotation import credentials_of
from mooring.runtime.numbers import PoolNumbers, added_up
from mooring.runtime.pools.aging import Lifespan
from mooring.runtime.pools.leaks import warn_of_loop
from mooring.runtime.pools.loop_pool import LoopPool
from mooring.runtime.pools.loop_tending import end_from_outside
from mooring.runtime.pools.pool import guard, portrait

if TYPE_CHECKING:
    from redis.asyncio.connection import AbstractConnection
    from redis.asyncio.retry import Retry

    from mooring.runtime.credentials.login_source import LoginSource


class AsyncSharedPool(redis.asyncio.ConnectionPool):
    """A pool for tasks: the same for every client, but with connections, and its bound, for each event loop apart.

    A loop's connections are closed when the loop shuts down, as `asyncio.run` makes it do. Arguments are those of
    `SharedPool`.
    """

    def __init__(
        self,
        *,
        endpoint: str,
        max_connections: int,
        pool_timeout: float,
        max_age: float | None = None,
        max_idle: float | None = None,
        login: LoginSource | None = None,
        **arguments: Any,
    ) -> None:
        self.endpoint = endpoint
        self._places = max_connections
        self._pool_timeout = pool_timeout
        self._span = Lifespan(max_age, max_idle)
        self._pools: WeakKeyDictionary[asyncio.AbstractEventLoop, LoopPool] = WeakKeyDictionary()
        self.credentials = credentials_of(login, endpoint, arguments)
        super().__init__(max_connections=max_connections, **arguments)

    def __repr__(self) -> str:
        return portrait(self, self.endpoint, self._places)

    async def get_connection(self, *_: Any, **__: Any) -> AbstractConnection:
        """Take a connection of the running loop, waiting in turn while all are in use."""
        loop = asyncio.get_running_loop()
        pool = self._pools.get(loop)
        if pool is None or pool.pid != os.getpid():
            pool = self._open(loop)
            await pool.begin()
        connection: AbstractConnection = await pool.get_connection()
        return connection

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

    def numbers(self) -> PoolNumbers:
        """Count connections and callers in line of all event loops, as of now; from any thread, without I/O."""
        pools = [pool.numbers() for _, pool in self._living()]
        return added_up(pools) if pools else PoolNumbers(max_connections=self._places)

    async def ashut(self) -> None:
        """Close every connection, also those in use; what other loops hold, those loops close."""
        running = asyncio.get_running_loop()
        for loop, pool in self._living():
            if loop is running:
                await pool.end()
            else:
                end_from_outside(loop, pool)

    def shut(self) -> None:
        """Close every connection, also those in use: a running loop does so soon, for another it is done at once."""
        for loop, pool in self._living():
            end_from_outside(loop, pool)

    def at_exit(self) -> None:
        """Close what belongs to loops that neither run nor were closed; a daemon thread may still be running a loop."""
        for loop, pool in self._living():
            if not loop.is_running():
                end_from_outside(loop, pool)

    def _open(self, loop: asyncio.AbstractEventLoop) -> LoopPool:
        self.credentials.attend()
        with guard:
            self._forget_ended_loops()
            pool = LoopPool(
                endpoint=self.endpoint,
                max_connections=self._places,
                pool_timeout=self._pool_timeout,
                span=self._span,
                credentials=self.credentials,
                connection_class=self.connection_class,
                **self.connection_kwargs,
            )
            self._pools[loop] = pool
            return pool

    def _forget_ended_loops(self) -> None:
        # An open connection refers to its loop, so that a closed loop's entry does not fall out by itself.
        for ended in [known for known in self._pools if known.is_closed()]:
            pool = self._pools.pop(ended)
            left_open = pool.numbers().size
            if left_open and pool.pid == os.getpid():
                warn_of_loop(self.endpoint, left_open, pool)

    def _living(self) -> list[tuple[asyncio.AbstractEventLoop, LoopPool]]:
        # A parent's entries are left alone: they share its sockets and its selector.
        with guard:
            known = list(self._pools.items())
        return [(loop, pool) for loop, pool in known if pool.pid == os.getpid() and not loop.is_closed()]
