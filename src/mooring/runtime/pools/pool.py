"""The pools that clients share: redis-py's own, entered through a turnstile and kept per process.

What redis-py does with a connection stays redis-py's. These pools add: a full pool makes its callers wait their turn
instead of failing, no client can close what the others use, connections end at their maximum age and idle time, show a
login that has changed, and come back from whoever forgot to give them back. `async_pool` has the twin for asyncio.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from typing import Any

import redis
from redis.exceptions import RedisError

from mooring.runtime import hooks
from mooring.runtime.credentials.login_source import LoginSource
from mooring.runtime.credentials.rotation import Credentials, credentials_of
from mooring.runtime.credentials.tls import CertificateWatch
from mooring.runtime.credentials.watching import look_after
from mooring.runtime.deadline import seconds_left
from mooring.runtime.failures import PoolExhausted
from mooring.runtime.pools.aging import Lifespan
from mooring.runtime.pools.leaks import warn_of_connection
from mooring.runtime.pools.ledger import Ledger, life_of
from mooring.runtime.pools.moored import Moored, moored
from mooring.runtime.pools.tended_pool import TendedPool, close_if_over, is_open
from mooring.runtime.pools.turnstile import ThreadGate
from mooring.runtime.recovery.failover import MasterWatch

# redis-py 7 and later reconnect when the server announces that it moves.
_FOLLOWS_MOVES = hasattr(redis.Connection, "should_reconnect")

guard = threading.RLock()
"""Held while a pool, a manager or the state of an event loop comes into being; a fork waits until that is done."""

os.register_at_fork(before=guard.acquire, after_in_parent=guard.release, after_in_child=guard.release)


class SharedPool(TendedPool):
    """A pool for threads. Whoever waits longer than `pool_timeout` seconds gets redis-py's ConnectionError.

    Connections are closed within `max_age` seconds of their opening, and after `max_idle` seconds without use; None is
    no bound. `login` tells where user name and password come from; without it they are redis-py's own arguments.
    """

    def __init__(
        self,
        *,
        endpoint: str,
        max_connections: int,
        pool_timeout: float,
        max_age: float | None = None,
        max_idle: float | None = None,
        login: LoginSource | Credentials | None = None,
        **arguments: Any,
    ) -> None:
        self.endpoint = endpoint
        self._pool_timeout = pool_timeout
        self._places = max_connections
        self._span = Lifespan(max_age, max_idle)
        self.credentials = credentials_of(login, endpoint, arguments)
        self._certificates = CertificateWatch(arguments)
        arguments["connection_class"] = moored(arguments.get("connection_class", redis.Connection), Moored)
        super().__init__(max_connections=max_connections, **arguments)

    def __repr__(self) -> str:
        return portrait(self, self.endpoint, self._places)

    def reset(self) -> None:
        """Forget every connection: redis-py calls this on a new pool, and in a child process before its first use."""
        # Until a first reset, `pid` is not there.
        if getattr(self, "pid", None) not in (None, os.getpid()):
            # A thread that the child does not have may hold the lock. Closing leaves the parent's end open.
            self._lock = threading.RLock()
            for connection in self._available_connections:
                connection.disconnect()
        self._gate = ThreadGate(self._places)
        self._ledger = Ledger(self, self._places, self._span)
        self._master = MasterWatch.of(self.connection_class, self.connection_kwargs)
        super().reset()
        # Not held strongly: what nobody else holds is lost, and must be noticed.
        self._in_use_connections = weakref.WeakSet()  # type: ignore[assignment]
        self.credentials.attend()
        look_after(self)

    def make_connection(self) -> Any:
        """Make a connection, not open yet."""
        connection = super().make_connection()
        inner: Any = getattr(connection, "_conn", connection)
        inner.moor(self._ledger, self.credentials)
        return connection

    def get_connection(self, *_: Any, **__: Any) -> redis.Connection:
        """Take a connection, waiting in turn while all are in use, and no longer than the running call may."""
        self._checkpid()
        gate = self._gate
        if not gate.admit():
            self._wait(gate)
        connection: Any = None
        try:
            with self._lock:
                idle = self._available_connections
                connection = idle.pop() if idle else self.make_connection()
                self._in_use_connections.add(connection)
            self._make_ready(connection)
        except BaseException:
            if connection is not None:
                self.release(connection)
            gate.leave()
            raise
        self._ledger.lend(life_of(connection))
        return connection  # type: ignore[no-any-return]

    # Any, for redis-py's base classes disagree on the type.
    def release(self, connection: Any) -> None:
        """Give back a connection. One that was taken before a fork is the parent's, and is only let go.

        redis-py also calls this for a connection that could not be opened and so was never lent.
        """
        self._checkpid()
        if not self.owns_connection(connection):
            connection.disconnect()
            return
        life = life_of(connection)
        lent = self._ledger.take_back(life)
        try:
            life.used = now = time.monotonic()
            if life.outlived:
                life.outlived = False
                connection.disconnect()
            else:
                close_if_over(connection, now)
            if _FOLLOWS_MOVES and connection.should_reconnect():
                connection.disconnect()
            with self._lock:
                # Else it was given back before.
                if connection in self._in_use_connections:
                    self._in_use_connections.discard(connection)
                    self._available_connections.append(connection)
        finally:
            if lent:
                self._gate.leave()

    def disconnect(self, inuse_connections: bool = True) -> None:  # noqa: ARG002 - redis-py's signature
        """Close the connections that nobody uses; those in use belong to other clients of the pool."""
        super().disconnect(inuse_connections=False)

    def shut(self) -> None:
        """Close every connection, also those in use. The pool opens new ones when it is used again."""
        self._ledger.outlive()
        super().disconnect(inuse_connections=True)
        if self._master is not None:
            self._master.close()

    def at_exit(self) -> None:
        """Close what is idle; a daemon thread may still be reading from the rest."""
        self.disconnect()

    def lost(self, connection: Any) -> None:
        """Take back the place of a connection that nobody holds any more; its own finalizer closes it."""
        if self.pid != os.getpid() or not self._ledger.take_back(connection.life):
            return
        with self._lock:
            self._created_connections -= 1
        self._gate.leave()
        if is_open(connection):
            warn_of_connection(self.endpoint, connection)

    def _wait(self, gate: ThreadGate) -> None:
        began = time.monotonic()
        patience = min(self._pool_timeout, seconds_left(self._pool_timeout))
        entered = gate.enter(patience)
        if hooks.active is not None:
            hooks.active.waited(self.endpoint, time.monotonic() - began, not entered)
        if not entered:
            raise PoolExhausted(self.endpoint, self._places, patience)

    def _make_ready(self, connection: Any) -> None:
        """Open a connection that is taken, anew if its time is over or the server has closed it."""
        inner = getattr(connection, "_conn", connection)
        if inner._sock is not None:
            close_if_over(connection, time.monotonic())
        connection.connect()
        if not (inner.is_clean() if inner is connection else _is_alive(connection)):
            connection.disconnect()
            connection.connect()


def portrait(pool: object, endpoint: str, places: int) -> str:
    """Make the repr of a pool, without credentials; redis-py's own shows every argument."""
    return f"<{type(pool).__module__}.{type(pool).__qualname__}({endpoint}, max_connections={places})>"


def _is_alive(connection: Any) -> bool:
    """Tell whether the server has not closed a connection with a cache, for which there may be something to read."""
    try:
        connection.can_read()
    except (RedisError, OSError):
        return False
    return True
