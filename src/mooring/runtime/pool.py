"""The pools that clients share: redis-py's own, entered through a turnstile and kept per process.

What redis-py does with a connection stays redis-py's. These pools add two things: a full pool makes its callers wait
their turn instead of failing, and no client can close what the others use. `async_pool` has the twin for asyncio.
"""

from __future__ import annotations

import os
import threading
from typing import Any

import redis
from redis.exceptions import ConnectionError as RedisConnectionError

from mooring.runtime.turnstile import ThreadGate

guard = threading.RLock()
"""Held while a pool, a manager or the state of an event loop comes into being; a fork waits until that is done."""

os.register_at_fork(before=guard.acquire, after_in_parent=guard.release, after_in_child=guard.release)


class SharedPool(redis.ConnectionPool):
    """A pool for threads. Whoever waits longer than `pool_timeout` seconds gets redis-py's ConnectionError."""

    def __init__(self, *, endpoint: str, max_connections: int, pool_timeout: float, **arguments: Any) -> None:
        self._endpoint = endpoint
        self._places = max_connections
        self._pool_timeout = pool_timeout
        super().__init__(max_connections=max_connections, **arguments)

    def __repr__(self) -> str:
        return portrait(self, self._endpoint, self._places)

    def reset(self) -> None:
        """Forget every connection: redis-py calls this on a new pool, and in a child process before its first use."""
        # Until a first reset, `pid` is not there.
        if getattr(self, "pid", None) not in (None, os.getpid()):
            # A thread that the child does not have may hold the lock. Closing leaves the parent's end open.
            self._lock = threading.RLock()
            for connection in self._available_connections:
                connection.disconnect()
        self._gate = ThreadGate(self._places)
        self._lent: set[redis.Connection] = set()
        self._outlived: set[redis.Connection] = set()
        super().reset()

    def get_connection(self, *args: Any, **options: Any) -> redis.Connection:
        """Take a connection, waiting in turn while all are in use."""
        self._checkpid()
        gate = self._gate
        if not gate.enter(self._pool_timeout):
            raise full_pool(self._endpoint, self._places, self._pool_timeout)
        try:
            connection = super().get_connection(*args, **options)
        except BaseException:
            gate.leave()
            raise
        self._lent.add(connection)
        return connection

    # Any, for redis-py's base classes disagree on the type.
    def release(self, connection: Any) -> None:
        """Give back a connection. One that was taken before a fork is the parent's, and is only let go.

        redis-py also calls this for a connection that could not be opened and so was never lent.
        """
        self._checkpid()
        if not self.owns_connection(connection):
            connection.disconnect()
            return
        lent = connection in self._lent
        self._lent.discard(connection)
        try:
            if connection in self._outlived:
                self._outlived.discard(connection)
                connection.disconnect()
            super().release(connection)
        finally:
            if lent:
                self._gate.leave()

    def disconnect(self, inuse_connections: bool = True) -> None:  # noqa: ARG002 - redis-py's signature
        """Close the connections that nobody uses; those in use belong to other clients of the pool."""
        super().disconnect(inuse_connections=False)

    def shut(self) -> None:
        """Close every connection, also those in use. The pool opens new ones when it is used again."""
        # Whoever holds one may open it again before giving it back.
        self._outlived |= self._lent
        super().disconnect(inuse_connections=True)

    def at_exit(self) -> None:
        """Close what is idle; a daemon thread may still be reading from the rest."""
        self.disconnect()


def full_pool(endpoint: str, places: int, waited: float) -> RedisConnectionError:
    """Make the error of one who waited in vain for `waited` seconds."""
    return RedisConnectionError(
        f"All {places} connections to {endpoint} stayed in use for {waited:g} s. Raise max_connections or pool_timeout,"
        " or find what holds them: each open pub/sub, watching pipeline or blocking command keeps one."
    )


def portrait(pool: object, endpoint: str, places: int) -> str:
    """Make the repr of a pool, without credentials; redis-py's own shows every argument."""
    return f"<{type(pool).__module__}.{type(pool).__qualname__}({endpoint}, max_connections={places})>"
