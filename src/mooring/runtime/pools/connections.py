"""redis-py's connections, with two things added: they are opened at the endpoint's pace, and end with the call's time.

`Dialed` and `AsyncDialed` go in front of a class of connections; `options` picks among the results.
"""

from __future__ import annotations

import asyncio
import math
import time
import weakref
from typing import Any

import redis
import redis.asyncio
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from mooring.runtime import hooks
from mooring.runtime.credentials.tls import AsyncTLSConnection, TLSConnection
from mooring.runtime.deadline import UNTIL, seconds_left
from mooring.runtime.pools.bound_socket import BoundSocket
from mooring.runtime.recovery.endpoints import Endpoint
from mooring.runtime.recovery.kinds import Kind, kind_of
from mooring.runtime.recovery.recovery import dial_bound
from mooring.runtime.recovery.sentinel import (
    AsyncSentinelConnection,
    AsyncSentinelTLSConnection,
    SentinelConnection,
    SentinelTLSConnection,
)

__all__ = [
    "OCSP",
    "TCP",
    "TLS",
    "AsyncDialed",
    "AsyncOCSP",
    "AsyncSentinel",
    "AsyncSentinelTLS",
    "AsyncTCP",
    "AsyncTLS",
    "AsyncUnix",
    "Dialed",
    "Sentinel",
    "SentinelTLS",
    "Unix",
]

# To a socket 0 would mean not to wait at all.
_SHORTEST = 0.001


class Dialed:
    """Opens a connection when it is its turn, within the running call's time, or `patience` seconds without one."""

    def __init__(self, *, dialed: Endpoint, patience: float, **arguments: Any) -> None:
        self._dialed = dialed
        self._patience = patience
        super().__init__(**arguments)

    @property
    def socket_connect_timeout(self) -> float | None:
        """How long connecting to one address may take now."""
        seconds = min(self._socket_connect_timeout or math.inf, seconds_left(math.inf))
        return None if seconds == math.inf else max(_SHORTEST, seconds)

    @socket_connect_timeout.setter
    def socket_connect_timeout(self, seconds: float | None) -> None:
        self._socket_connect_timeout = seconds

    def connect(self) -> None:
        """Connect if it is not connected. Raises redis-py's errors."""
        if self._sock is not None:  # type: ignore[attr-defined]
            return
        outer, left = UNTIL.get(), seconds_left(self._patience)
        dials = self._dialed.dials
        if not dials.enter(time.monotonic() + left):
            raise _no_turn(self._dialed, left)
        reached: bool | None = None
        UNTIL.set(time.monotonic() + dial_bound(seconds_left(self._patience)))
        try:
            super().connect()  # type: ignore[misc]
            reached = True
        except BaseException as error:
            reached = _failed(self, error)
            # Also one that is open but not fit for use: who was to subscribe again on it has not.
            self.disconnect()  # type: ignore[attr-defined]
            raise
        finally:
            UNTIL.set(outer)
            dials.leave(reached)

    def _connect(self) -> Any:
        return BoundSocket(super()._connect())  # type: ignore[misc]


class AsyncDialed:
    """The same for asyncio; `watch` bounds what is done on the open connection, with at most one timer."""

    hasty = False
    """Whether there is another server to turn to, so that after a failed dial no second one need be waited for."""

    _until = _due = math.inf
    _timer: asyncio.TimerHandle | None = None

    def __init__(self, *, dialed: Endpoint, patience: float, **arguments: Any) -> None:
        self._dialed = dialed
        self._patience = patience
        super().__init__(**arguments)

    async def connect(self) -> None:
        """Connect if it is not connected. Raises redis-py's errors."""
        if self.is_connected:  # type: ignore[attr-defined]
            return
        began, left = time.monotonic(), seconds_left(self._patience)
        queue = self._dialed.async_dials.here()
        if not await queue.enter(began + left, self.hasty):
            raise _no_turn(self._dialed, time.monotonic() - began)
        reached: bool | None = None
        try:
            async with asyncio.timeout(dial_bound(seconds_left(self._patience))):
                await super().connect()  # type: ignore[misc]
            reached = True
        except BaseException as error:
            reached = _failed(self, error)
            await self.disconnect(nowait=True)
            if isinstance(error, TimeoutError):
                raise RedisTimeoutError("Timeout connecting to server") from error
            raise
        finally:
            queue.leave(reached)

    async def disconnect(self, *args: Any, **options: Any) -> None:
        """Disconnect, and watch no more."""
        self._until = self._due = math.inf
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        await super().disconnect(*args, **options)  # type: ignore[misc]

    def watch(self, until: float) -> None:
        """Break the connection at `until`, by `time.monotonic`, unless it is told otherwise before.

        Infinity is for never. Whoever waits for it then finds it broken.
        """
        self._until = until
        if until < self._due:
            self._arm(until)

    def _arm(self, until: float) -> None:
        # The timer is left running from one command to the next, for most end in time: it then looks again.
        if self._timer is not None:
            self._timer.cancel()
        self._due = until
        left = max(0.0, until - time.monotonic())
        self._timer = asyncio.get_running_loop().call_later(left, _look, weakref.ref(self))

    def _look(self) -> None:
        self._timer, self._due = None, math.inf
        writer: asyncio.StreamWriter | None = self._writer  # type: ignore[attr-defined]
        if self._until == math.inf or writer is None:
            return
        if time.monotonic() < self._until:
            self._arm(self._until)
        else:
            writer.transport.abort()


def _look(known: weakref.ref[AsyncDialed]) -> None:
    connection = known()
    if connection is not None:
        connection._look()


def _no_turn(dialed: Endpoint, seconds: float) -> RedisTimeoutError:
    last = f" Others met: {dialed.last_failure}." if dialed.last_failure else ""
    return RedisTimeoutError(f"There was no turn to connect to {dialed.name} within {seconds:.3g} s.{last}")


def _failed(connection: Dialed | AsyncDialed, error: BaseException) -> bool | None:
    """Tell whether a dial that failed found a server that serves, as when it does not like the password.

    None for one that was given up by a cancellation or a signal.
    """
    if not isinstance(error, RedisError | OSError):
        return None
    connection._dialed.last_failure = f"{type(error).__name__}: {error}".rstrip(".")
    if hooks.active is not None:
        # A pool tells its connections what it is called.
        hooks.active.dial_failed(getattr(connection, "_endpoint", connection._dialed.name), error)
    return kind_of(error) in {Kind.FINAL, Kind.LOGIN}


class TCP(Dialed, redis.Connection):
    """To a host and port."""


class TLS(Dialed, TLSConnection):
    """The same over TLS."""


class OCSP(Dialed, redis.SSLConnection):
    """The same with the check that the certificate is not revoked, as redis-py makes it."""


class Unix(Dialed, redis.UnixDomainSocketConnection):
    """To a socket of this machine."""


class Sentinel(Dialed, SentinelConnection):
    """To whichever server the Sentinels call the master."""


class SentinelTLS(Dialed, SentinelTLSConnection):
    """The same over TLS."""


class AsyncTCP(AsyncDialed, redis.asyncio.Connection):
    """To a host and port, for asyncio."""


class AsyncTLS(AsyncDialed, AsyncTLSConnection):
    """The same over TLS."""


class AsyncOCSP(AsyncDialed, redis.asyncio.SSLConnection):
    """The same with the check that the certificate is not revoked, as redis-py makes it."""


class AsyncUnix(AsyncDialed, redis.asyncio.UnixDomainSocketConnection):
    """To a socket of this machine, for asyncio."""


class AsyncSentinel(AsyncDialed, AsyncSentinelConnection):
    """To whichever server the Sentinels call the master, for asyncio."""


class AsyncSentinelTLS(AsyncDialed, AsyncSentinelTLSConnection):
    """The same over TLS."""
