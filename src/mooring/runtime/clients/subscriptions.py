"""Subscribers that outlive an outage: they connect and subscribe again, and notice a connection that has gone silent.

redis-py does so for a bounded number of retries. Here an outage may last as long as a call: then the subscriber raises,
and whoever goes on listening tries again. Messages that are published meanwhile are lost, as Redis keeps none.

With `health_check_interval` on, the connection is asked for a PONG when nothing has come for that long, and taken for
dead when again nothing comes, also while somebody listens without a timeout; redis-py asks, but goes on waiting.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from typing import Any

from redis.asyncio.client import PubSub as AsyncPubSub
from redis.client import PubSub
from redis.exceptions import ConnectionError as RedisConnectionError

from mooring.runtime.clients.persistence import akeep_trying, call, keep_trying
from mooring.runtime.commands import Traits
from mooring.runtime.deadline import UNTIL
from mooring.runtime.failures import DeadlineExceeded
from mooring.runtime.recovery.kinds import Kind, kind_of
from mooring.runtime.recovery.recovery import Attempts, Recovery

__all__ = ["AsyncPooledPubSub", "Liveness", "PooledPubSub"]

# Subscribing twice is as good as once.
_LISTEN = Traits("SUBSCRIBE", read_only=True)


class Liveness:
    """Whether a subscriber's connection still lives: decided from the times at which something came. No I/O."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._mark: object = None
        self._heard = self._clock()
        self._asked: float | None = None

    def asks(self, interval: float, mark: object) -> bool:
        """Tell whether to send a PING now. `mark` changes whenever something has been read.

        Raises redis-py's `ConnectionError` when nothing has come for `interval` seconds after the last PING.
        """
        now = self._clock()
        if mark != self._mark:
            self._mark, self._heard, self._asked = mark, now, None
        if self._asked is None:
            if now - self._heard < interval:
                return False
            self._asked = now
            return True
        if now - self._asked >= interval:
            self._asked, self._heard = None, now
            raise RedisConnectionError(f"The server has not answered a subscriber's PING for {interval:g} s.")
        return False


class _Waiting:
    """How long a subscriber waits for a message, in slices after which its connection is looked at."""

    def __init__(self, block: bool, timeout: float, interval: float) -> None:
        stated = UNTIL.get()
        self._block = block
        self._began = time.monotonic()
        self._until = math.inf if block else self._began + (timeout or 0.0)
        if stated is not None:
            self._until = min(self._until, stated)
        self._slice = interval or math.inf

    def seconds(self) -> float:
        """Return how long to wait next; infinity for as long as it takes."""
        return min(self._slice, max(0.0, self._until - time.monotonic()))

    def is_over(self, recovery: Recovery) -> bool:
        """Tell whether to give up, having got nothing.

        Where nothing bounds the wait, what came was for redis-py alone, and it is its caller that goes on. Raises
        `DeadlineExceeded` where only a deadline does, for the caller would wait again.
        """
        if time.monotonic() < self._until:
            return self._until == self._slice == math.inf
        if self._block:
            waited = time.monotonic() - self._began
            raise DeadlineExceeded(recovery.endpoint.name, _LISTEN.name, waited, 1, "no message came", False)
        return True


class PooledPubSub(PubSub):
    """A subscriber of `PooledRedis`."""

    def __init__(self, recovery: Recovery, *arguments: Any, **options: Any) -> None:
        self._recovery = recovery
        self._liveness = Liveness()
        self._restoring = False
        super().__init__(*arguments, **options)

    def execute_command(self, *args: Any) -> None:
        """Subscribe or unsubscribe, in time."""
        if self._restoring:
            super().execute_command(*args)  # type: ignore[no-untyped-call]
            return
        with call(self._recovery, _LISTEN) as attempts:
            keep_trying(attempts, lambda: PubSub.execute_command(self, *args), self._leave, self._recovery)

    def on_connect(self, connection: Any) -> None:
        """Subscribe again on a connection that was opened anew. What fails is tried again with the connection."""
        self._restoring = True
        try:
            super().on_connect(connection)
        finally:
            self._restoring = False

    def parse_response(self, block: bool = True, timeout: float = 0) -> Any:
        """Wait for a message, connecting and subscribing again where need be; None if none came in time."""
        waiting = _Waiting(block, timeout, _interval(self.connection))
        while True:
            response = self._receive(waiting.seconds())
            if response is not None or waiting.is_over(self._recovery):
                return response

    def check_health(self) -> None:
        """Ask for a PONG when nothing has come for long. Raises redis-py's `ConnectionError` if none has come."""
        connection: Any = self.connection
        interval = _interval(self.connection)
        if interval and self._liveness.asks(interval, connection.next_health_check):
            connection.send_command("PING", self.HEALTH_CHECK_MESSAGE, check_health=False)
            self.health_check_response_counter += 1

    def _receive(self, seconds: float) -> Any:
        attempts: Attempts | None = None
        while True:
            try:
                if seconds == math.inf:
                    return super().parse_response(block=True)  # type: ignore[no-untyped-call]
                return super().parse_response(block=False, timeout=seconds)  # type: ignore[no-untyped-call]
            except Exception as error:  # noqa: BLE001 - decided by its kind
                self._leave(error)
                attempts = attempts or _outage(self._recovery)
                pause = attempts.failed(error, sent=False, now=time.monotonic())
            time.sleep(pause)

    def _leave(self, error: Exception) -> bool:
        if self.connection is not None and kind_of(error) is not Kind.FINAL:
            self.connection.disconnect()
        return False


class AsyncPooledPubSub(AsyncPubSub):
    """A subscriber of `AsyncPooledRedis`."""

    def __init__(self, recovery: Recovery, *arguments: Any, **options: Any) -> None:
        self._recovery = recovery
        self._liveness = Liveness()
        self._restoring = False
        super().__init__(*arguments, **options)

    async def execute_command(self, *args: Any) -> None:
        """Subscribe or unsubscribe, in time."""
        if self._restoring:
            await super().execute_command(*args)
            return
        with call(self._recovery, _LISTEN) as attempts:
            await akeep_trying(attempts, lambda: AsyncPubSub.execute_command(self, *args), self._leave, self._recovery)

    async def on_connect(self, connection: Any) -> None:
        """Subscribe again on a connection that was opened anew. What fails is tried again with the connection."""
        self._restoring = True
        try:
            await super().on_connect(connection)
        finally:
            self._restoring = False

    async def parse_response(self, block: bool = True, timeout: float = 0) -> Any:  # noqa: ASYNC109 - redis-py's
        """Wait for a message, connecting and subscribing again where need be; None if none came in time."""
        waiting = _Waiting(block, timeout, _interval(self.connection))
        while True:
            response = await self._receive(waiting.seconds())
            if response is not None or waiting.is_over(self._recovery):
                return response

    async def check_health(self) -> None:
        """Ask for a PONG when nothing has come for long. Raises redis-py's `ConnectionError` if none has come."""
        connection: Any = self.connection
        interval = _interval(connection)
        if interval and self._liveness.asks(interval, connection.next_health_check):
            await connection.send_command("PING", self.HEALTH_CHECK_MESSAGE, check_health=False)

    async def _receive(self, seconds: float) -> Any:
        attempts: Attempts | None = None
        while True:
            try:
                if seconds == math.inf:
                    return await super().parse_response(block=True)
                return await super().parse_response(block=False, timeout=seconds)
            except Exception as error:  # noqa: BLE001 - decided by its kind
                await self._leave(error)
                attempts = attempts or _outage(self._recovery)
                pause = attempts.failed(error, sent=False, now=time.monotonic())
            await asyncio.sleep(pause)

    async def _leave(self, error: Exception) -> bool:
        connection: Any = self.connection
        if connection is not None and kind_of(error) is not Kind.FINAL:
            await connection.disconnect(nowait=True)
        return False


def _interval(connection: Any) -> float:
    return float(getattr(connection, "health_check_interval", 0) or 0)


def _outage(recovery: Recovery) -> Attempts:
    now, stated = time.monotonic(), UNTIL.get()
    return Attempts(recovery, _LISTEN, now + recovery.deadline if stated is None else stated, now)
