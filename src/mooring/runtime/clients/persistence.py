"""Trying again what is more than one command, a pipeline or a subscription: the loop around `recovery`'s decisions.

Single commands have the same loop in `pooled` and `async_pooled`, laid out for speed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from mooring.runtime import hooks
from mooring.runtime.commands import Traits
from mooring.runtime.deadline import UNTIL
from mooring.runtime.recovery.recovery import Attempts, Recovery

__all__ = ["akeep_trying", "call", "keep_trying"]

T = TypeVar("T")


@contextmanager
def call(recovery: Recovery, command: Traits, extra: float = 0.0) -> Iterator[Attempts]:
    """Bound what is done inside as one call, and tell listeners how it went; `extra` seconds are for waiting."""
    began = time.monotonic()
    stated = UNTIL.get()
    until = began + recovery.deadline + extra if stated is None else stated
    UNTIL.set(until)
    error: BaseException | None = None
    try:
        yield Attempts(recovery, command, until, began)
    except BaseException as met:
        error = met
        raise
    finally:
        UNTIL.set(stated)
        if hooks.active is not None:
            hooks.active.command(recovery.name, command.name, time.monotonic() - began, error)


def keep_trying(
    attempts: Attempts, attempt: Callable[[], T], leave: Callable[[Exception], bool], recovery: Recovery
) -> T:
    """Return what an attempt returns, the first that succeeds; raise what it raises when there is to be no other.

    After a failure `leave` lets go what is of no more use, and tells whether something may have reached the server.
    """
    breaker = recovery.endpoint.breaker
    while True:
        if breaker.troubled:
            breaker.check()
        try:
            reply = attempt()
        except Exception as error:  # noqa: BLE001 - decided by its kind
            pause = attempts.failed(error, leave(error), time.monotonic())
        else:
            if breaker.troubled:
                breaker.succeeded()
            return reply
        time.sleep(pause)


async def akeep_trying(
    attempts: Attempts,
    attempt: Callable[[], Awaitable[T]],
    leave: Callable[[Exception], Awaitable[bool]],
    recovery: Recovery,
) -> T:
    """Do the same for asyncio."""
    breaker = recovery.endpoint.breaker
    while True:
        if breaker.troubled:
            breaker.check()
        try:
            reply = await attempt()
        except Exception as error:  # noqa: BLE001 - decided by its kind
            pause = attempts.failed(error, await leave(error), time.monotonic())
        else:
            if breaker.troubled:
                breaker.succeeded()
            return reply
        await asyncio.sleep(pause)
