"""What a pool for threads does about once a second, off its callers' path. `watching` says when.

Connections in somebody's hands are left alone: they end, or show a changed login, when they are given back.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

import redis
from redis.exceptions import RedisError

from mooring.config.nodes import Node
from mooring.runtime import hooks
from mooring.runtime.credentials.rotation import Credentials
from mooring.runtime.credentials.tls import CertificateWatch
from mooring.runtime.credentials.watching import PATIENCE
from mooring.runtime.deadline import deadline
from mooring.runtime.numbers import PoolNumbers
from mooring.runtime.pools.ledger import Ledger, life_of
from mooring.runtime.pools.turnstile import ThreadGate
from mooring.runtime.recovery.failover import MasterWatch

__all__ = ["TendedPool", "close_if_over", "is_open"]


class TendedPool(redis.ConnectionPool):
    """The part of `SharedPool` that looks after its idle connections."""

    endpoint: str
    credentials: Credentials
    _certificates: CertificateWatch
    _gate: ThreadGate
    _ledger: Ledger
    _master: MasterWatch | None

    def tend(self) -> None:
        """Close idle connections whose time is over, and let the others show a login that has changed."""
        if self.pid != os.getpid():
            return
        if self._certificates.differs() and self._certificates.accept():
            self._retire()
        if self._master is not None:
            self._follow(self._master)
        self._shed()
        for connection in self._behind():
            self._bring_up_to_date(connection)

    def numbers(self) -> PoolNumbers:
        """Count connections and callers in line, as of now; without I/O."""
        if self.pid != os.getpid():
            return PoolNumbers(max_connections=self.max_connections)
        with self._lock:
            idle = [life_of(connection) for connection in self._available_connections if is_open(connection)]
        return self._ledger.numbers(idle, self._gate.waiting)

    def _shed(self) -> None:
        now = time.monotonic()
        with self._lock:
            for connection in self._available_connections:
                close_if_over(connection, now)
            # The next to be taken is the last.
            self._available_connections.sort(key=is_open)

    def _retire(self) -> None:
        with self._lock:
            self._ledger.retire(map(life_of, self._available_connections))
        if hooks.active is not None:
            hooks.active.rotated(self.endpoint, "certificate")

    def _follow(self, watch: MasterWatch) -> None:
        if not self.numbers().size:
            watch.close()
        elif (master := watch.moved()) is not None:
            self._leave_all_but(master)

    def _leave_all_but(self, master: Node) -> None:
        now = time.monotonic()
        with self._lock:
            for connection in (*self._available_connections, *self._in_use_connections):
                if is_open(connection) and (connection.host, connection.port) != master:
                    life_of(connection).end_by(now, "failover")

    def _behind(self) -> Iterator[Any]:
        """Take, one after the other, idle connections that have not shown the present login, while places are free."""
        while (stale := self._next_behind()) is not None:
            yield stale

    def _next_behind(self) -> Any:
        generation, now = self.credentials.generation, time.monotonic()
        if not self._gate.admit():
            return None
        with self._lock:
            for connection in self._available_connections:
                life = life_of(connection)
                if is_open(connection) and life.generation != generation and now >= life.auth_after:
                    self._available_connections.remove(connection)
                    self._in_use_connections.add(connection)
                    self._ledger.lend(life)
                    return connection
        self._gate.leave()
        return None

    def _bring_up_to_date(self, connection: Any) -> None:
        life = life_of(connection)
        used = life.used
        try:
            with deadline(PATIENCE):
                getattr(connection, "_conn", connection).show_login()
        except (RedisError, OSError):
            connection.disconnect()
        finally:
            self.release(connection)
            life.used = used


def is_open(connection: Any) -> bool:
    """Tell whether a connection for threads is open."""
    return getattr(connection, "_conn", connection)._sock is not None


def close_if_over(connection: Any, now: float) -> None:
    """Close a connection that nobody uses, if its time is over."""
    if is_open(connection) and (reason := life_of(connection).over(now)) is not None:
        getattr(connection, "_conn", connection).leave(reason)
        # The outer one: redis-py's client-side cache must hear of it.
        connection.disconnect()
