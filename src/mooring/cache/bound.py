"""How long an answer of Redis is waited for, by a clock that stands still while the event loop is busy."""

from __future__ import annotations

import asyncio
from types import TracebackType

__all__ = ["Bound"]

_PARTS = 5
"""Turns of the event loop, at least, in which the answer might have been read."""


class Bound:
    """`async with Bound(0.1)` raises TimeoutError for what takes longer than 0.1 s.

    Time in which the event loop was busy with others hardly counts: the answer may long have come, and nobody has read
    it. `asyncio.timeout` would take a Redis for gone because this process is under load, when it is needed most.
    """

    __slots__ = ("_handle", "_left", "_loop", "_part", "_timeout")

    def __init__(self, seconds: float) -> None:
        self._part = seconds / _PARTS
        self._left = _PARTS

    async def __aenter__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._timeout = asyncio.timeout(None)
        await self._timeout.__aenter__()
        self._handle = self._loop.call_later(self._part, self._passed)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._handle.cancel()
        await self._timeout.__aexit__(kind, error, traceback)

    def _passed(self) -> None:
        self._left -= 1
        if self._left:
            self._handle = self._loop.call_later(self._part, self._passed)
        else:
            self._timeout.reschedule(self._loop.time())
