"""How long a connection may be kept: no longer than its maximum age, and no longer idle than its maximum idle time.

A connection that lives for ever keeps what it was opened with: a server that DNS no longer names, a token, a state in
some NAT or load balancer that is about to be dropped. Ages are jittered, so that connections opened together at a
start do not all end together.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

__all__ = ["AGE", "IDLE", "Life", "Lifespan"]

AGE = "age"
IDLE = "idle"

# Of the maximum age, which is so a bound and not an average.
_YOUNGEST = 0.8


@dataclass(frozen=True, slots=True)
class Lifespan:
    """The longest age and idle time of a pool's connections in seconds, None for no bound."""

    max_age: float | None = None
    max_idle: float | None = None


class Life:
    """What a pool knows of one of its connections, in seconds by `time.monotonic`.

    `opened` is when it was last connected and `used` when it was last given back; `generation` is that of the login
    which it showed, and `auth_after` when it may try the next one. One that is `outlived`, by its pool's closing, is
    closed as soon as whoever holds it gives it back.
    """

    __slots__ = ("_ends", "_max_idle", "_reason", "_span", "auth_after", "generation", "opened", "outlived", "used")

    def __init__(self, span: Lifespan) -> None:
        self.opened = 0.0
        self.used = 0.0
        self.generation = -1
        self.auth_after = 0.0
        self.outlived = False
        self._span = span
        self._max_idle = math.inf if span.max_idle is None else span.max_idle
        self._ends = math.inf
        self._reason = AGE

    def begin(self, now: float, generation: int) -> None:
        """Note that the connection is opened now."""
        self.opened = self.used = now
        self.generation = generation
        self.auth_after = 0.0
        age = self._span.max_age
        # Not for secrets: it only keeps connections from ending together.
        self._ends = math.inf if age is None else now + age * random.uniform(_YOUNGEST, 1.0)  # noqa: S311
        self._reason = AGE

    def end_by(self, moment: float, reason: str) -> None:
        """Let it end at a moment, if it would not have earlier; the reason is one word."""
        if moment < self._ends:
            self._ends, self._reason = moment, reason

    def over(self, now: float) -> str | None:
        """Tell why a connection that nobody uses should be closed, if it should."""
        if now >= self._ends:
            return self._reason
        return IDLE if now - self.used >= self._max_idle else None
