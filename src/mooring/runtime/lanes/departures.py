"""When the commands under way on a lane were sent, and who is told when the oldest has waited for too long."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable

__all__ = ["Departures"]


class Departures:
    """Batches in the order of their sending, each with the count of commands sent until then, and its time.

    `doubted` is called when the oldest command has had no reply for `doubt` seconds, `overdue` after `patience`
    seconds; infinity is for never. Nothing under way needs no timer.
    """

    def __init__(
        self, *, doubt: float, doubted: Callable[[], None], patience: float, overdue: Callable[[], None]
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._sent = self._answered = 0
        self._batches: deque[tuple[int, float]] = deque()
        self._doubt, self._doubted = min(doubt, patience), doubted
        self._patience, self._overdue = patience, overdue
        self._timer: asyncio.TimerHandle | None = None

    def note(self, count: int) -> None:
        """Note that some commands are sent now."""
        self._sent += count
        now = self._loop.time()
        self._batches.append((self._sent, now))
        if self._timer is None and self._doubt < math.inf:
            self._timer = self._loop.call_at(now + self._doubt, self._look)

    def settle(self, count: int) -> None:
        """Note that the oldest commands are answered."""
        self._answered += count
        batches = self._batches
        while batches and batches[0][0] <= self._answered:
            batches.popleft()

    def oldest(self) -> float | None:
        """Tell when the oldest command without a reply was sent, by the loop's clock; None if all are answered."""
        return self._batches[0][1] if self._batches else None

    def clear(self) -> None:
        """Forget those under way."""
        self._answered = self._sent
        self._batches.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        oldest = self.oldest()
        if oldest is None:
            return
        waited = self._loop.time() - oldest
        if waited >= self._patience:
            self._overdue()
            return
        if waited >= self._doubt:
            self._doubted()
        following = self._patience if waited >= self._doubt else self._doubt
        if following < math.inf:
            self._timer = self._loop.call_at(oldest + following, self._look)
