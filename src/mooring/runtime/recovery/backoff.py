"""How long to wait before the next try: doubling, bounded, and with full jitter, so that many callers spread out.

Full jitter (a uniform pause between nothing and the bound) makes the fewest tries for the same time to recovery:
https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/.
"""

from __future__ import annotations

import random
from collections.abc import Callable

__all__ = ["CAP", "jittered", "jittered_pause"]

_BASE = 0.008
CAP = 0.4
"""The longest pause, in seconds: a server that returns is found within half a second."""

_DOUBLINGS = 16


def jittered_pause(failures: int) -> float:
    """Return a pause in seconds after that many failures in a row, 1 at least: from 0 to 0.016 s at first, then 0.4."""
    return random.uniform(0, min(CAP, _BASE * 2.0 ** min(failures, _DOUBLINGS)))  # noqa: S311 - not for secrets


def jittered(seconds: float, chance: Callable[[], float] = random.random) -> float:
    """Return between half of `seconds` and all of it."""
    return seconds * (0.5 + 0.5 * chance())
