"""The client for threads: redis-py's, with commands that keep their deadline and recover from what can be recovered.

`recovery` decides; here a connection is taken, a command sent and a reply read. `async_pooled` is the twin.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import redis

from mooring.runtime import hooks
from mooring.runtime.clients.pipelines import PooledPipeline
from mooring.runtime.clients.subscriptions import PooledPubSub
from mooring.runtime.commands import Traits, traits
from mooring.runtime.deadline import UNTIL
from mooring.runtime.pools.ledger import life_of
from mooring.runtime.recovery.kinds import Kind, kind_of
from mooring.runtime.recovery.recovery import Attempts, Policy, Recovery

__all__ = ["PooledRedis"]


class PooledRedis(redis.Redis):
    """A client on a shared pool; `recovery` is how it tries. Made by `RedisConnectionManager`."""

    def __init__(self, *, recovery: Recovery, **options: Any) -> None:
        # Before redis-py's, which takes a connection where the client is to keep one.
        self._recovery = recovery
        super().__init__(**options)

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Execute a command and return its reply, in time.

        Raises redis-py's errors, `DeadlineExceeded` and `CircuitOpen`.
        """
        command = traits(args)
        began = time.monotonic()
        stated = UNTIL.get()
        until = self._recovery.until(command, args, began) if stated is None else stated
        UNTIL.set(until)
        try:
            if self.connection is None:
                reply = self._run(command, args, options, began, until)
            else:
                # 5.0 has no lock here: such a client is for one thread.
                with getattr(self, "single_connection_lock", None) or nullcontext():
                    reply = self._run(command, args, options, began, until)
        except BaseException as error:
            if hooks.active is not None:
                hooks.active.command(self._recovery.name, command.name, time.monotonic() - began, error)
            raise
        finally:
            UNTIL.set(stated)
        if hooks.active is not None:
            hooks.active.command(self._recovery.name, command.name, time.monotonic() - began, None)
        return reply

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> PooledPipeline:
        """Return a pipeline. As a whole it is one call, and sent again only if all its commands may be."""
        return PooledPipeline(self._recovery, self.connection_pool, self.response_callbacks, transaction, shard_hint)

    def pubsub(self, **options: Any) -> PooledPubSub:
        """Return a subscriber, which connects and subscribes again after an outage that is not longer than a call."""
        if hasattr(self, "_event_dispatcher"):
            options.setdefault("event_dispatcher", self._event_dispatcher)
        return PooledPubSub(self._recovery, self.connection_pool, **options)

    def client(self) -> PooledRedis:
        """Return a client that keeps one connection until it is closed."""
        return type(self)(recovery=self._recovery, connection_pool=self.connection_pool, single_connection_client=True)

    def set_retry(self, retry: Any) -> None:
        """Bound this client's retries as redis-py's policy says, or by the deadline alone for None."""
        policy = Policy() if retry is None else Policy.from_retry(retry)
        self._recovery = self._recovery.with_policy(policy)

    def _run(self, command: Traits, args: Sequence[Any], options: dict[str, Any], began: float, until: float) -> Any:
        recovery = self._recovery
        breaker = recovery.endpoint.breaker
        attempts: Attempts | None = None
        while True:
            if breaker.troubled:
                breaker.check()
            connection: Any = None
            sent = False
            try:
                connection = self._take()
                UNTIL.set(recovery.attempt_until(command, until, time.monotonic()))
                if command.name == "HIMPORT":
                    # redis-py prepares the connection for it, where it knows the command.
                    sent = True
                    reply = self._send_command_parse_response(connection, args[0], *args, **options)  # type: ignore[no-untyped-call]
                else:
                    connection.send_command(*args, **options)
                    sent = True
                    reply = self.parse_response(connection, args[0], **options)  # type: ignore[no-untyped-call]
            except Exception as error:  # noqa: BLE001 - decided by its kind
                attempts = attempts or Attempts(recovery, command, until, began)
                pause = self._after(attempts, error, connection, sent)
            except BaseException:
                # A signal's, perhaps before the reply was read.
                if connection is not None:
                    connection.disconnect()
                raise
            else:
                if breaker.troubled:
                    breaker.succeeded()
                return reply
            finally:
                if connection is not None:
                    self._give_back(connection)
                UNTIL.set(until)
            time.sleep(pause)

    def _take(self) -> Any:
        own = self.connection
        if own is None:
            return self.connection_pool.get_connection()
        own.connect()
        return own

    def _give_back(self, connection: Any) -> None:
        if connection is not self.connection:
            self.connection_pool.release(connection)

    def _after(self, attempts: Attempts, error: Exception, connection: Any, sent: bool) -> float:
        """Leave what the error says is of no use; return the pause before the next attempt if there is to be one."""
        pool: Any = self.connection_pool
        kind = kind_of(error)
        fresh = kind is Kind.LOGIN and sent and pool.credentials.refresh(life_of(connection).generation)
        if connection is not None and (kind in {Kind.REFUSED, Kind.DEMOTED, Kind.LOST} or fresh):
            connection.disconnect()
        if kind is Kind.DEMOTED:
            pool.disconnect()
        return attempts.failed(error, sent, time.monotonic(), fresh)
