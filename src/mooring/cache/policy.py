"""How long an answer may be used, and in which need for longer. Pure.

The life of an entry, its age on the axis::

    0 ──────── ttl ──────────── ttl + stale_while_revalidate ─────── ttl + stale_if_error ─────── + keep_validators
      FRESH         STALE: served at once, refreshed behind     FALLBACK: only if            GONE: its validators
                                                                the upstream fails           may still save a transfer
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import Enum, auto

__all__ = ["Freshness", "Policy", "judge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What holds for the answers of one kind of call. Times are in seconds.

    `ttl` (60): an answer is served without asking; each entry's own is shortened at random by up to the share `jitter`
    (0.1), so that what was filled together does not run out together.
    `stale_while_revalidate` (0): after that it is still served for so long while one replica asks anew.
    `stale_if_error` (0): after the ttl it is served for so long if asking fails with one of `stale_on` (`Exception`).
    `negative_ttl` (10): what does not exist is known not to exist for so long; with 0 that is never kept.
    `keep_validators` (3600): an entry with an ETag or the like is kept so much longer, to ask whether it changed.
    `max_bytes` (1,000,000): a bigger entry, as stored, is not kept.
    `lease` (10): one replica asks at a time; if it dies, another may after so long. Longer than the slowest answer, or
    the upstream is asked twice.
    `patience` (10): waiting for another replica's answer takes no longer; then the caller asks by itself.

    Raises `ValueError` for a negative time or a share outside 0 to 1.
    """

    ttl: float = 60.0
    jitter: float = 0.1
    stale_while_revalidate: float = 0.0
    stale_if_error: float = 0.0
    stale_on: tuple[type[Exception], ...] = (Exception,)
    negative_ttl: float = 10.0
    keep_validators: float = 3600.0
    max_bytes: int = 1_000_000
    lease: float = 10.0
    patience: float = 10.0

    def __post_init__(self) -> None:
        times = (self.ttl, self.stale_while_revalidate, self.stale_if_error, self.negative_ttl, self.keep_validators)
        if min(*times, self.patience) < 0 or self.lease <= 0 or self.max_bytes < 0:
            raise ValueError("a policy's times and sizes are not negative, and its lease is longer than 0 s")
        if not 0 <= self.jitter <= 1:
            raise ValueError(f"jitter is a share of the ttl, from 0 to 1, and not {self.jitter}")

    def own_ttl(self, ttl: float | None, negative: bool) -> float:
        """Draw one entry's own ttl; `ttl` is what its loader gave, if it did."""
        chosen = ttl if ttl is not None else self.negative_ttl if negative else self.ttl
        return chosen * (1 - random.uniform(0, self.jitter))  # noqa: S311 - spreads load, guards nothing

    def lifetime(self, ttl: float, negative: bool, validators: bool) -> float:
        """Tell for how long an entry with this ttl is of any use."""
        if negative:
            return ttl
        stale = max(self.stale_while_revalidate, self.stale_if_error)
        return ttl + max(stale, self.keep_validators if validators else 0.0)


class Freshness(Enum):
    """What an entry is good for."""

    FRESH = auto()
    STALE = auto()
    FALLBACK = auto()
    GONE = auto()


def judge(age: float, ttl: float, negative: bool, policy: Policy, max_age: float | None = None) -> Freshness:
    """Tell what an entry is good for. One older than `max_age` is at best a fallback."""
    wanted = max_age is None or age <= max_age
    if wanted and age < ttl:
        return Freshness.FRESH
    if negative:
        return Freshness.GONE
    if wanted and age < ttl + policy.stale_while_revalidate:
        return Freshness.STALE
    return Freshness.FALLBACK if age < ttl + policy.stale_if_error else Freshness.GONE
