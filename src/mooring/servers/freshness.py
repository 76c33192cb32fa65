"""How old the data of a tool's result is, and where it came from: what a result's `_meta` tells."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

__all__ = ["META_KEY", "Freshness", "Quota", "combined"]

META_KEY = "mooring/freshness"
"""Where in `_meta` the freshness stands."""

# The worst of several reads is what their result is.
_RANK = ("hit", "revalidated", "miss", "uncached", "stale")


@dataclass(frozen=True, slots=True)
class Quota:
    """What the vendor says is left of a rate limit; seconds until it is whole again, None where it does not tell."""

    limit: int
    remaining: int
    reset_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Freshness:
    """One answer's state: `hit`, `revalidated` (304), `miss`, `stale` or `uncached`; its age in seconds."""

    state: str
    age: float = 0.0
    quota: Quota | None = None

    def told(self) -> dict[str, Any]:
        """Return it as data for `_meta`."""
        told: dict[str, Any] = {"state": self.state, "age_seconds": round(self.age, 1)}
        if self.quota is not None:
            told["quota"] = {"limit": self.quota.limit, "remaining": self.quota.remaining}
            if self.quota.reset_seconds is not None:
                told["quota"]["reset_seconds"] = round(self.quota.reset_seconds)
        return told


def combined(reads: Iterable[Freshness]) -> Freshness | None:
    """Return the freshness of a result that is made of several reads: the worst state, the greatest age."""
    all_reads = list(reads)
    if not all_reads:
        return None
    worst = max(all_reads, key=lambda read: _RANK.index(read.state))
    quotas = [read.quota for read in all_reads if read.quota is not None]
    scarcest = min(quotas, key=lambda quota: quota.remaining, default=None)
    return Freshness(worst.state, max(read.age for read in all_reads), scarcest)
