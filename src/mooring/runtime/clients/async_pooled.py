"""The client for asyncio: redis-py's, with commands that keep their deadline and recover from what can be recovered.

`recovery` decides, as for `pooled`. A command has no timer of its own: its connection has one, which most commands
never see (`AsyncDialed.watch`).
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Sequence
from typing import Any

import redis.asyncio

from mooring.runtime import hooks
from mooring.runtime.clients.pipelines import AsyncPooledPipeline
from mooring.runtime.clients.subscriptions import AsyncPooledPubSub
from mooring.runtime.commands import Traits, traits
from mooring.runtime.deadline import UNTIL
from mooring.runtime.pools.ledger import life_of
from mooring.runtime.recovery.kinds import Kind, kind_of
from mooring.runtime.recovery.recovery import Attempts, Policy, Recovery

__all__ = ["AsyncPooledRedis"]


class AsyncPooledRedis(redis.asyncio.Redis):
    """An asyncio client on a shared pool; `recovery` is how it tries. Made by `RedisConnectionManager`."""

    def __init__(self, *, recovery: Recovery, **options: Any) -> None:
        self._recovery = recovery
        super().__init__(**options)

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Execute a command and return its reply, in time.

        Raises redis-py's errors, `DeadlineExceeded` and `CircuitOpen`.
        """
        command = traits(args)
        began = time.monotonic()
        stated = UNTIL.get()
        until = self._recovery.until(command, args, began) if stated is None else stated
        UNTIL.set(until)
        try:
            if self.single_connection_client:
                async with self._single_conn_lock:
                    reply = await self._run(command, args, options, began, until)
            else:
                reply = await self._run(command, args, options, began, until)
        except BaseException as error:
            if hooks.active is not None:
                hooks.active.command(self._recovery.name, command.name, time.monotonic() - began, error)
            raise
        finally:
            UNTIL.set(stated)
        if hooks.active is not None:
            hooks.active.command(self._recovery.name, command.name, time.monotonic() - began, None)
        return reply

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> AsyncPooledPipeline:
        """Return a pipeline. As a whole it is one call, and sent again only if all its commands may be."""
        return AsyncPooledPipeline(
            self._recovery, self.connection_pool, self.response_callbacks, transaction, shard_hint
        )

    def pubsub(self, **options: Any) -> AsyncPooledPubSub:
        """Return a subscriber, which connects and subscribes again after an outage that is not longer than a call."""
        if hasattr(self, "_event_dispatcher"):
            options.setdefault("event_dispatcher", self._event_dispatcher)
        return AsyncPooledPubSub(self._recovery, self.connection_pool, **options)

    def client(self) -> AsyncPooledRedis:
        """Return a client that keeps one connection until it is closed."""
        return type(self)(recovery=self._recovery, connection_pool=self.connection_pool, single_connection_client=True)

    def set_retry(self, retry: Any) -> None:
        """Bound this client's retries as redis-py's policy says, or by the deadline alone for None."""
        policy = Policy() if retry is None else Policy.from_retry(retry)
        self._recovery = self._recovery.with_policy(policy)

    async def _run(
        self, command: Traits, args: Sequence[Any], options: dict[str, Any], began: float, until: float
    ) -> Any:
        recovery = self._recovery
        breaker = recovery.endpoint.breaker
        attempts: Attempts | None = None
        while True:
            if breaker.troubled:
                breaker.check()
            connection: Any = None
            sent = False
            try:
                connection = await self._take()
                connection.watch(recovery.attempt_until(command, until, time.monotonic()))
                if connection.health_check_interval:
                    await connection.check_health()
                # What is written may be on its way before an error tells that the rest is not.
                sent = True
                if command.name == "HIMPORT":
                    # redis-py prepares the connection for it, where it knows the command.
                    reply = await self._send_command_parse_response(connection, args[0], *args, **options)  # type: ignore[no-untyped-call]
                else:
                    await connection.send_command(*args, check_health=False)
                    reply = await self.parse_response(connection, args[0], **options)
            except Exception as error:  # noqa: BLE001 - decided by its kind
                attempts = attempts or Attempts(recovery, command, until, began)
                pause = await self._after(attempts, error, connection, sent)
            else:
                if breaker.troubled:
                    breaker.succeeded()
                return reply
            finally:
                if connection is not None:
                    await self._give_back(connection)
            await asyncio.sleep(pause)

    async def _take(self) -> Any:
        if self.connection is not None:
            await self.connection.connect()
            return self.connection
        connection: Any = await self.connection_pool.get_connection()
        if self.single_connection_client:
            self.connection = connection
        return connection

    async def _give_back(self, connection: Any) -> None:
        connection.watch(math.inf)
        if connection is not self.connection:
            await self.connection_pool.release(connection)

    async def _after(self, attempts: Attempts, error: Exception, connection: Any, sent: bool) -> float:
        """Leave what the error says is of no use; return the pause before the next attempt if there is to be one."""
        pool: Any = self.connection_pool
        kind = kind_of(error)
        fresh = kind is Kind.LOGIN and sent and await pool.credentials.arefresh(life_of(connection).generation)
        if connection is not None and (kind in {Kind.REFUSED, Kind.DEMOTED, Kind.LOST} or fresh):
            await connection.disconnect(nowait=True)
        if kind is Kind.DEMOTED:
            await pool.disconnect()
        return attempts.failed(error, sent, time.monotonic(), fresh)
