"""Looking after what belongs to an event loop, about once a second, as `watching` does it for threads.

A timer neither keeps the loop alive nor outlives it, and does not hold what it looks after.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import Any, Protocol
from weakref import WeakMethod

from redis.exceptions import RedisError

from mooring.runtime.credentials import watching

__all__ = ["LoopTending", "end_from_outside"]


class Ending(Protocol):
    """What belongs to one event loop."""

    async def end(self) -> None:
        """Close it, in its loop."""

    def end_soon(self) -> None:
        """Close it in a task of its loop, which is running."""


def end_from_outside(loop: asyncio.AbstractEventLoop, ending: Ending) -> None:
    """Close what belongs to a loop from outside of it: soon if it runs, else at once."""
    if loop.is_running():
        # The loop, another thread's, may close before the call reaches it.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(ending.end_soon)
    elif not _runs_a_loop_here():
        loop.run_until_complete(ending.end())


def _runs_a_loop_here() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


class LoopTending:
    """Calls a method, held weakly, again and again, from the first `start` until `stop`."""

    def __init__(self, tend: Callable[[], Awaitable[None]]) -> None:
        self._tend: WeakMethod[Any] = WeakMethod(tend)
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def started(self) -> bool:
        """Whether it goes on."""
        return self._timer is not None

    def start(self) -> None:
        """Begin, in the running loop."""
        # In a context of its own: this task's deadline and trace are not those of the pool.
        self._timer = asyncio.get_running_loop().call_later(watching.INTERVAL, self._begin, context=Context())

    async def stop(self) -> None:
        """End, also what is under way."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def _begin(self) -> None:
        if self._tend() is not None:
            self._task = asyncio.get_running_loop().create_task(self._once())

    async def _once(self) -> None:
        tend = self._tend()
        if tend is not None:
            with contextlib.suppress(RedisError, OSError):
                await tend()
        del tend
        self.start()
