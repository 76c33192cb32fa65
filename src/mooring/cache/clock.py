"""Redis's time, told by every replica alike. Pure.

Entries bear the time of the Redis that they are in, for the clocks of replicas differ. A replica knows it from the last
answer that told it, and its own monotonic clock since.
"""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["ServerClock"]

_TRUSTED_FOR = 60.0
"""Seconds: a quartz clock is off by a hundred millionths at most, so by 6 ms."""


class ServerClock:
    """Translates Redis's time, in microseconds since 1970. `monotonic` gives the seconds of this process."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._offset = 0.0
        self._learnt: float | None = None

    @property
    def doubtful(self) -> bool:
        """Whether Redis has to be asked for its time: never told, or long ago."""
        return self._learnt is None or self._monotonic() - self._learnt > _TRUSTED_FOR

    def learn(self, microseconds: int) -> None:
        """Take Redis's word, which has just come."""
        self._learnt = self._monotonic()
        self._offset = microseconds / 1e6 - self._learnt

    def here(self, microseconds: int) -> float:
        """Turn a time of Redis into the seconds of this process."""
        return microseconds / 1e6 - self._offset
