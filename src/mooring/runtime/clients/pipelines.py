"""Pipelines that keep their deadline. A pipeline is one call: all of it is sent again, or nothing.

One that was never sent is always safe to send. After that it is sent again only where all its commands read, or have
been declared idempotent, or where the server has refused every one that writes. Once it has watched a key it is not
sent again at all: the caller, who has to look at the key anew, gets redis-py's `WatchError`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from redis.asyncio.client import Pipeline as AsyncPipeline
from redis.client import Pipeline
from redis.exceptions import BusyLoadingError
from redis.exceptions import ConnectionError as RedisConnectionError

from mooring.runtime.clients.persistence import akeep_trying, call, keep_trying
from mooring.runtime.commands import Traits, patience, traits
from mooring.runtime.deadline import UNTIL
from mooring.runtime.recovery.kinds import Kind, kind_of, refuses
from mooring.runtime.recovery.recovery import Recovery

__all__ = ["AsyncPooledPipeline", "PooledPipeline"]

_Stack = Sequence[tuple[Any, Any]]
# What a pipeline asks at once may be asked again: before a first WATCH nothing is watched.
_PREPARES = frozenset({"WATCH", "UNWATCH", "SCRIPT LOAD"})


def _whole(stack: _Stack, transaction: bool) -> Traits:
    """Tell of a pipeline what is told of a command. One that waits at the server is given all the time for one try."""
    reads = all(traits(arguments).read_only for arguments, _ in stack)
    return Traits("MULTI" if transaction else "PIPELINE", reads and not _waits(stack, transaction))


def _waits(stack: _Stack, transaction: bool) -> float:
    """Tell how many seconds its commands wait at the server; in a transaction none does."""
    if transaction:
        return 0.0
    known = ((arguments, traits(arguments).wait) for arguments, _ in stack)
    return sum(patience(arguments, wait) or 0.0 for arguments, wait in known if wait is not None)


def _refusal(stack: _Stack, replies: Sequence[Any]) -> Exception | None:
    """Return the error for which all of it may be sent again: a write was refused, and none has run."""
    refused = [reply for reply in replies if isinstance(reply, Exception) and refuses(reply)]
    ran = (
        arguments
        for (arguments, _), reply in zip(stack, replies, strict=True)
        if not (isinstance(reply, Exception) and refuses(reply))
    )
    return refused[0] if refused and all(traits(arguments).read_only for arguments in ran) else None


def _at_once(arguments: Sequence[Any]) -> Traits:
    known = traits(arguments)
    return known._replace(read_only=known.read_only or known.name in _PREPARES)


class PooledPipeline(Pipeline):
    """A pipeline of `PooledRedis`."""

    def __init__(self, recovery: Recovery, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._recovery = recovery
        self._sent = False
        self._command = Traits("PIPELINE")

    def execute(self, raise_on_error: bool = True) -> list[Any]:
        """Execute all commands and return their replies, in time. Raises as redis-py's, and `DeadlineExceeded`."""
        stack = list(self.command_stack)
        if not stack and not self.watching:
            return super().execute(raise_on_error)
        scripts, explicit, watched = set(self.scripts), self.explicit_transaction, self.watching
        # What is a method of the client is a flag here.
        transaction = bool(cast(bool, self.transaction) or explicit)

        def attempt() -> list[Any]:
            self._sent = False
            self.command_stack, self.scripts, self.explicit_transaction = list(stack), set(scripts), explicit
            replies = super(PooledPipeline, self).execute(raise_on_error=False)
            if not watched and (refusal := _refusal(stack, replies)) is not None:
                raise refusal
            return replies

        self._command = _whole(stack, transaction)
        with call(self._recovery, self._command, _waits(stack, transaction)) as attempts:
            replies = attempt() if watched else keep_trying(attempts, attempt, self._leave, self._recovery)
        if raise_on_error:
            self.raise_first_error(stack, replies)  # type: ignore[no-untyped-call]
        return replies

    def immediate_execute_command(self, *args: Any, **options: Any) -> Any:
        """Execute a command at once, as those of a pipeline that watches are."""

        def attempt() -> Any:
            return super(PooledPipeline, self).immediate_execute_command(*args, **options)  # type: ignore[no-untyped-call]

        with call(self._recovery, _at_once(args)) as attempts:
            if self.watching:
                return attempt()
            return keep_trying(attempts, attempt, self._leave_connection, self._recovery)

    def _execute_transaction(self, *arguments: Any) -> list[Any]:
        self._sent = True
        with _attempt(self._recovery, self._command):
            return super()._execute_transaction(*arguments)

    def _execute_pipeline(self, *arguments: Any) -> list[Any]:
        self._sent = True
        with _attempt(self._recovery, self._command), _while_loading():
            replies: list[Any] = super()._execute_pipeline(*arguments)  # type: ignore[no-untyped-call]
        return replies

    def _leave(self, error: Exception) -> bool:
        self.reset()
        if kind_of(error) is Kind.DEMOTED:
            self.connection_pool.disconnect()
        return self._sent

    def _leave_connection(self, error: Exception) -> bool:
        connection, self.connection = self.connection, None
        if connection is None:
            return False
        if kind_of(error) is not Kind.FINAL:
            connection.disconnect()
        self.connection_pool.release(connection)
        return True


class AsyncPooledPipeline(AsyncPipeline):
    """A pipeline of `AsyncPooledRedis`."""

    def __init__(self, recovery: Recovery, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._recovery = recovery
        self._sent = False
        self._command = Traits("PIPELINE")

    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        """Execute all commands and return their replies, in time. Raises as redis-py's, and `DeadlineExceeded`."""
        stack = list(self.command_stack)
        if not stack and not self.watching:
            return await super().execute(raise_on_error)
        scripts, explicit, watched = set(self.scripts), self.explicit_transaction, self.watching
        transaction = bool(self.is_transaction or explicit)

        async def attempt() -> list[Any]:
            self._sent = False
            self.command_stack, self.scripts, self.explicit_transaction = list(stack), set(scripts), explicit
            replies = await super(AsyncPooledPipeline, self).execute(raise_on_error=False)
            if not watched and (refusal := _refusal(stack, replies)) is not None:
                raise refusal
            return replies

        self._command = _whole(stack, transaction)
        with call(self._recovery, self._command, _waits(stack, transaction)) as attempts:
            if watched:
                replies = await attempt()
            else:
                replies = await akeep_trying(attempts, attempt, self._leave, self._recovery)
        if raise_on_error:
            self.raise_first_error(stack, replies)
        return replies

    async def immediate_execute_command(self, *args: Any, **options: Any) -> Any:
        """Execute a command at once, as those of a pipeline that watches are."""

        async def attempt() -> Any:
            if self.connection is None:
                self.connection = await self.connection_pool.get_connection()
            with _attempt(self._recovery, _at_once(args), self.connection):
                return await super(AsyncPooledPipeline, self).immediate_execute_command(*args, **options)  # type: ignore[no-untyped-call]

        with call(self._recovery, _at_once(args)) as attempts:
            if self.watching:
                return await attempt()
            return await akeep_trying(attempts, attempt, self._leave_connection, self._recovery)

    async def _execute_transaction(self, connection: Any, *arguments: Any) -> list[Any]:
        self._sent = True
        with _attempt(self._recovery, self._command, connection):
            replies: list[Any] = await super()._execute_transaction(connection, *arguments)
        return replies

    async def _execute_pipeline(self, connection: Any, *arguments: Any) -> list[Any]:
        self._sent = True
        with _attempt(self._recovery, self._command, connection), _while_loading():
            replies: list[Any] = await super()._execute_pipeline(connection, *arguments)
        return replies

    async def _leave(self, error: Exception) -> bool:
        await self.reset()  # type: ignore[no-untyped-call]
        if kind_of(error) is Kind.DEMOTED:
            await self.connection_pool.disconnect()
        return self._sent

    async def _leave_connection(self, error: Exception) -> bool:
        connection, self.connection = self.connection, None
        if connection is None:
            return False
        if kind_of(error) is not Kind.FINAL:
            await connection.disconnect(nowait=True)
        await self.connection_pool.release(connection)
        return True


@contextmanager
def _while_loading() -> Iterator[None]:
    """Say of a pipeline one of whose commands was refused by a server that loads its data that the others may have run.

    It may have been ready for those that came after it; redis-py reads no further.
    """
    try:
        yield
    except BusyLoadingError as error:
        raise RedisConnectionError(f"{error} The rest of the pipeline may have run.") from error


@contextmanager
def _attempt(recovery: Recovery, command: Traits, watched: Any = None) -> Iterator[None]:
    """Bound one attempt of the running call, for asyncio by having its connection break in time."""
    until = UNTIL.get()
    end = recovery.attempt_until(command, math.inf if until is None else until, time.monotonic())
    UNTIL.set(end)
    if watched is not None:
        watched.watch(end)
    try:
        yield
    finally:
        UNTIL.set(until)
        if watched is not None:
            watched.watch(math.inf)
