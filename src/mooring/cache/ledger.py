"""One replica's own account of a budget: all there is while Redis is away. Pure; times are seconds of one clock.

While the replicas cannot agree each takes its share, so that together they stay within the budget. What was spent so is
told to Redis once it is back.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque

from mooring.cache.priority import Priority
from mooring.cache.windows import Budget

__all__ = ["Ledger", "Ledgers"]

_MOST_LEDGERS = 10_000
_POLL = 0.02
"""Seconds after which to look again where only the end of a call can help."""


class Ledger:
    """Counts the calls of one account against one budget, for one of `replicas`. Safe for threads."""

    def __init__(self, budget: Budget, replicas: int) -> None:
        self._budget = budget
        self._replicas = replicas
        self._lock = threading.Lock()
        self._flying: dict[str, int] = {}
        self._done: deque[tuple[float, int]] = deque()
        self._untold: list[tuple[float, int]] = []
        self._frozen_until = 0.0
        self._longest = max(window.seconds for window in budget.windows)

    def freeze(self, now: float, seconds: float) -> None:
        """Allow nothing for so long: the upstream says so."""
        self._frozen_until = max(self._frozen_until, now + seconds)

    def frozen(self, now: float) -> float:
        """Tell for how long nothing is allowed."""
        return max(0.0, self._frozen_until - now)

    def admit(self, now: float, token: str, cost: int, rank: Priority) -> tuple[float, int]:
        """Take a call in and return 0 seconds and what is left, or return the seconds to wait."""
        with self._lock:
            wait, left = self._room(now, cost, rank)
            if wait:
                return wait, 0
            self._flying[token] = cost
            self._untold.append((now, cost))
            return 0.0, left - cost

    def end(self, now: float, token: str) -> None:
        """Count a call as ended."""
        with self._lock:
            if cost := self._flying.pop(token, 0):
                self._done.append((now, cost))

    def take_untold(self, now: float) -> list[tuple[float, int]]:
        """Hand over what Redis was not told of and still counts, to be given back if it could not be told either."""
        if not self._untold:
            return []
        with self._lock:
            untold, self._untold = self._untold, []
        return [(at, cost) for at, cost in untold if at > now - self._longest]

    def give_back(self, untold: list[tuple[float, int]]) -> None:
        """Take back what could not be told."""
        if untold:
            with self._lock:
                self._untold.extend(untold)

    def _room(self, now: float, cost: int, rank: Priority) -> tuple[float, int]:
        while self._done and self._done[0][0] <= now - self._longest:
            self._done.popleft()
        wait, left = self.frozen(now), self._share(self._budget.windows[0].limit)
        if self._budget.concurrency and len(self._flying) >= self._share(self._budget.concurrency):
            wait = max(wait, _POLL)
        for window in self._budget.windows:
            limit = self._share(window.limit)
            allowed = max(1, int(limit * (1 - self._budget.reserve))) if rank is Priority.BACKGROUND else limit
            recent = [(at, spent) for at, spent in self._done if at > now - window.seconds]
            used = sum(self._flying.values()) + sum(spent for _, spent in recent)
            over = used + cost - allowed
            if over > 0:
                wait = max(wait, _until_freed(recent, over, now, window.seconds))
            left = min(left, limit - used)
        return wait, left

    def _share(self, limit: int) -> int:
        return max(1, limit // self._replicas)


def _until_freed(recent: list[tuple[float, int]], over: int, now: float, seconds: float) -> float:
    """Tell when enough calls will have left the window. Those under way stay for all of it after their end."""
    for at, spent in recent:
        over -= spent
        if over <= 0:
            return at + seconds - now
    return seconds


class Ledgers:
    """The ledgers of all accounts, made when needed; of very many the one not used for longest is dropped."""

    def __init__(self, replicas: int) -> None:
        self._replicas = replicas
        self._lock = threading.Lock()
        self._ledgers: OrderedDict[tuple[str, str], Ledger] = OrderedDict()

    def of(self, account: str, name: str, budget: Budget) -> Ledger:
        """Return the ledger of an account and a budget."""
        with self._lock:
            ledger = self._ledgers.get((account, name))
            if ledger is None:
                ledger = self._ledgers[account, name] = Ledger(budget, self._replicas)
                if len(self._ledgers) > _MOST_LEDGERS:
                    self._ledgers.popitem(last=False)
            self._ledgers.move_to_end((account, name))
            return ledger
