"""What the cache and the governor tell of themselves, and who listens.

As in `mooring.runtime.hooks`: whoever makes an event reads one global and goes on when nobody listens.

| kind | outcome | amount |
|---|---|---|
| `served` | `hit`, `miss`, `revalidated`, `stale`; `uncached` for no account | |
| `joined` | a caller shared the answer of another of its process | |
| `waited` | for another replica that was asking: `answered`, `in vain` | seconds |
| `loaded` | the upstream was asked: `loaded`, `negative`, `revalidated`, `failed` | |
| `stored` | | bytes |
| `refused` | was not stored: `size`, `value` (no plain one), `late` (another is newer), `unkept` (by wish) | bytes |
| `invalidated` | `told` to Redis, or `owed` | tags |
| `failed open` | Redis did not serve: the error's name, or `spared` (not even asked, having just failed) | |
| `admitted` | the name of the budget | seconds waited |
| `admitted locally` | the same, while Redis was away | seconds waited |
| `throttled` | the name of the budget | seconds until it has room |
| `frozen` | the name of the budget: the upstream asked for a pause | seconds |
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["Event", "Listener", "Tally", "active", "install", "tell", "uninstall"]

_log = logging.getLogger("mooring")


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened. It carries the service's name, never an account, a key, a tag or a value.

    Its `kind`, and what `outcome` and `amount` (default 1) then mean, are in the table of this module.
    """

    kind: str
    service: str
    outcome: str = ""
    amount: float = 1.0


Listener: TypeAlias = Callable[[Event], None]
"""Is called at once, in the caller's task or thread: it must neither wait nor do I/O. If it raises, that is logged."""

active: tuple[Listener, ...] = ()
"""Who listens. To be read as `events.active`, each time."""


def install(listener: Listener) -> None:
    """Tell events to this listener too, from now on, once however often it is installed."""
    global active  # noqa: PLW0603 - the one place that tells who listens
    if listener not in active:
        active = (*active, listener)


def uninstall(listener: Listener) -> None:
    """Tell it no more; nothing happens if it was not installed."""
    global active  # noqa: PLW0603
    active = tuple(known for known in active if known != listener)


def tell(kind: str, service: str, outcome: str = "", amount: float = 1.0) -> None:
    """Tell an event to all who listen; `amount` is 1 where the table of this module names none."""
    event = Event(kind, service, outcome, amount)
    for listener in active:
        try:
            listener(event)
        except Exception:  # noqa: BLE001 - whatever a stranger raises
            _log.exception("A listener to cache events failed")


class Tally:
    """A listener that counts: `tally.counts["github", "served", "hit"]`, and `tally.amounts` of the same.

    It counts from when `mooring.cache.events.install(tally)` was called, all services of the process.
    """

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str, str]] = Counter()
        self.amounts: dict[tuple[str, str, str], float] = {}

    def __call__(self, event: Event) -> None:
        """Count an event."""
        key = (event.service, event.kind, event.outcome)
        self.counts[key] += 1
        self.amounts[key] = self.amounts.get(key, 0.0) + event.amount

    def hit_ratio(self, service: str) -> float | None:
        """Tell the share of cached answers that did not wait for the upstream; None before the first."""
        states = {state: self.counts[service, "served", state] for state in ("hit", "stale", "miss", "revalidated")}
        total = sum(states.values())
        return (states["hit"] + states["stale"]) / total if total else None

    def calls_saved(self, service: str) -> int:
        """Tell how many answers more were given than the upstream was asked for."""
        served = sum(self.counts[service, "served", state] for state in ("hit", "stale", "miss", "revalidated"))
        asked = sum(self.counts[service, "loaded", what] for what in ("loaded", "negative", "revalidated", "failed"))
        return max(0, served - asked)
