"""What the vendor last said is left, and how much of the traffic may be repetitions."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import replace

from mooring.servers.freshness import Quota

__all__ = ["Quotas", "RetryBudget"]

_REMEMBERED = 1_000


class Quotas:
    """Remembers the last word on the limits of 1,000 accounts."""

    def __init__(self) -> None:
        self._last: OrderedDict[tuple[str, str], tuple[float, Quota]] = OrderedDict()

    def heard(self, owner: str, budget: str, quota: Quota) -> None:
        """Take note of what an answer said."""
        self._last[owner, budget] = (time.monotonic(), quota)
        self._last.move_to_end((owner, budget))
        while len(self._last) > _REMEMBERED:
            self._last.popitem(last=False)

    def of(self, owner: str, budget: str) -> Quota | None:
        """Return what was said last of a budget, or None if it was nothing that still holds."""
        known = self._last.get((owner, budget))
        if known is None or known[1].reset_seconds is None:
            return known[1] if known else None
        left = known[1].reset_seconds - (time.monotonic() - known[0])
        return replace(known[1], reset_seconds=left) if left > 0 else None


class RetryBudget:
    """Lets at most a tenth of all requests be repetitions, ten in reserve: a vendor in trouble is not hit thrice.

    The share is that of Google's SRE book, chapter "Handling Overload" (per-client retry budget, 10 %).
    """

    def __init__(self, share: float = 0.1, reserve: float = 10.0) -> None:
        self._share = share
        self._reserve = reserve
        self._left = reserve

    def earn(self) -> None:
        """A first attempt was made."""
        self._left = min(self._reserve, self._left + self._share)

    def spend(self) -> bool:
        """Whether one repetition may be made; counts it."""
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True
