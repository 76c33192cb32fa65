"""When the commands under way on a lane were sent: enough to tell how long the oldest has waited."""

from __future__ import annotations

from collections import deque

__all__ = ["Departures"]


class Departures:
    """Batches in the order of their sending, each with the count of commands sent until then, and its time."""

    __slots__ = ("_answered", "_batches", "_sent")

    def __init__(self) -> None:
        self._sent = self._answered = 0
        self._batches: deque[tuple[int, float]] = deque()

    def note(self, count: int, now: float) -> None:
        """Note that some commands are sent."""
        self._sent += count
        self._batches.append((self._sent, now))

    def settle(self, count: int) -> None:
        """Note that the oldest commands are answered."""
        self._answered += count
        batches = self._batches
        while batches and batches[0][0] <= self._answered:
            batches.popleft()

    def oldest(self) -> float | None:
        """Tell when the oldest command without a reply was sent; None if all are answered."""
        return self._batches[0][1] if self._batches else None

    def clear(self) -> None:
        """Forget those under way."""
        self._answered = self._sent
        self._batches.clear()
