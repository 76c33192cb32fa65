"""What the pool of an event loop does about once a second, off its callers' path: `tended_pool` for asyncio."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import redis.asyncio
from redis.exceptions import RedisError

from mooring.runtime import hooks
from mooring.runtime.credentials import watching

if TYPE_CHECKING:
    from mooring.config.nodes import Node
    from mooring.runtime.credentials.rotation import Credentials
    from mooring.runtime.credentials.tls import CertificateWatch
    from mooring.runtime.numbers import PoolNumbers
    from mooring.runtime.pools.ledger import Ledger
    from mooring.runtime.pools.turnstile import AsyncGate
    from mooring.runtime.recovery.failover import AsyncMasterWatch

__all__ = ["TendedLoopPool", "close_if_over"]


class TendedLoopPool(redis.asyncio.ConnectionPool):
    """The part of `LoopPool` that looks after its idle connections, and after its subscribers."""

    endpoint: str
    credentials: Credentials
    _certificates: CertificateWatch
    _gate: AsyncGate
    _ledger: Ledger
    _master: AsyncMasterWatch | None

    async def tend(self) -> None:
        """Close idle connections whose time is over, and let the others show a login that has changed."""
        if self._certificates.differs() and await asyncio.to_thread(self._certificates.accept):
            self._retire()
        if self._master is not None:
            await self._follow(self._master)
        await self._shed()
        while (connection := self._next_behind()) is not None:
            await self._bring_up_to_date(connection)
        for connection in self._lent():
            await connection.tend_subscriber()

    def numbers(self) -> PoolNumbers:
        """Count connections and callers in line, as of now; from any thread, without I/O."""
        idle = [connection.life for connection in self._idle() if connection.is_connected]
        return self._ledger.numbers(idle, self._gate.waiting)

    async def _shed(self) -> None:
        now = time.monotonic()
        for connection in self._idle():
            # Whoever was given one meanwhile keeps it.
            if connection in self._available_connections:
                await close_if_over(connection, now)
        # The next to be taken is the last.
        self._available_connections.sort(key=lambda connection: connection.is_connected)

    def _retire(self) -> None:
        self._ledger.retire(connection.life for connection in self._idle())
        if hooks.active is not None:
            hooks.active.rotated(self.endpoint, "certificate")

    async def _follow(self, watch: AsyncMasterWatch) -> None:
        if not self.numbers().size:
            await watch.close()
        elif (master := await watch.moved()) is not None:
            self._leave_all_but(master)

    def _leave_all_but(self, master: Node) -> None:
        now = time.monotonic()
        for connection in (*self._idle(), *self._lent()):
            if connection.is_connected and (connection.host, connection.port) != master:
                connection.life.end_by(now, "failover")

    def _next_behind(self) -> Any:
        """Take an idle connection that has not shown the present login, if a place is free."""
        generation, now = self.credentials.generation, time.monotonic()
        if not self._gate.admit():
            return None
        for connection in self._idle():
            life = connection.life
            if connection.is_connected and life.generation != generation and now >= life.auth_after:
                self._available_connections.remove(connection)
                self._in_use_connections.add(connection)
                self._ledger.lend(life)
                return connection
        self._gate.leave()
        return None

    async def _bring_up_to_date(self, connection: Any) -> None:
        used = connection.life.used
        try:
            async with asyncio.timeout(watching.PATIENCE):
                await connection.show_login()
        except (RedisError, OSError):
            await connection.disconnect(nowait=True)
        finally:
            await self.release(connection)
            connection.life.used = used

    # Any, for redis-py's base class knows nothing of moorings and addresses.
    def _idle(self) -> list[Any]:
        return list(self._available_connections)

    def _lent(self) -> list[Any]:
        return list(self._in_use_connections)


async def close_if_over(connection: Any, now: float) -> None:
    """Close a connection that nobody uses, if its time is over."""
    if connection.is_connected and (reason := connection.life.over(now)) is not None:
        connection.leave(reason)
        await connection.disconnect(nowait=True)
