"""What both twins of the cache share: it does no I/O."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterable

from msgspec.structs import replace

from mooring.cache import events
from mooring.cache.flow import plain
from mooring.cache.names import check_service, entry_name, tag_name
from mooring.cache.policy import Freshness, Policy
from mooring.cache.priority import Priority, current_priority
from mooring.cache.result import Cached, Key, State
from mooring.cache.steps import Outcome, Request, View
from mooring.cache.tags import Debts, tag_names

__all__ = ["Caching", "at_hand", "behind"]


class Caching:
    """Names what is asked for, and judges what is at hand."""

    def __init__(self, service: str, tag_space: str | None, policy: Policy | None) -> None:
        self.service = check_service(service)
        self._space = check_service(tag_space or service)
        self._policy = policy or Policy()
        self._debts = Debts(self._space)
        # Where Redis cannot tell what was before a write and what came after, this does, for this process.
        self._count = itertools.count(1)
        self._writes = 0

    def request(
        self, key: Key, account: str, policy: Policy | None, tags: Iterable[str], max_age: float | None
    ) -> Request:
        """Name what is asked for."""
        if not account:
            raise ValueError("an account has a name; give None if it is unknown")
        return Request(
            self.service,
            entry_name(self.service, account, key),
            tag_names(self._space, tags),
            policy or self._policy,
            max_age,
            current_priority(),
        )

    def uncached(self, answer: object) -> Cached[object]:
        """Hand on the answer of a loader that was called without a cache."""
        loaded = plain(answer)
        if events.active:
            events.tell("served", self.service, "uncached")
        return Cached(loaded.value, State.MISS, 0.0, loaded.negative)

    def served(self, outcome: Outcome, joined: bool = False) -> Outcome:
        """Tell that an answer is given."""
        if events.active:
            if joined:
                events.tell("joined", self.service)
            events.tell("served", self.service, outcome.state.value)
        return outcome

    def flight(self, request: Request, view: View | None) -> Hashable:
        """Name the flight that a request may share: who reads after a write has another stamp than who read before."""
        stamp = self._writes if view is None else view.stamp
        return request.entry, stamp, request.priority, request.max_age

    def touched(self, tags: Iterable[str]) -> int:
        """Remember what a write touched until Redis is told; returns how many tags that are."""
        names = {tag_name(self._space, tag) for tag in tags}
        self._writes = next(self._count)
        self._debts.owe(names)
        return len(names)

    def tell_touched(self, tags: int, told: bool) -> bool:
        """Tell that a write touched tags, and whether Redis knows."""
        if events.active:
            events.tell("invalidated", self.service, "told" if told else "owed", tags)
        return told


def at_hand(request: Request, view: View | None) -> Outcome | None:
    """Return the answer that may be served without asking; a stale one has to be refreshed then."""
    if view is None:
        return None
    match view.freshness(request):
        case Freshness.FRESH:
            return view.serve(State.HIT)
        case Freshness.STALE:
            return view.serve(State.STALE)
    return None


def behind(request: Request) -> Request:
    """Turn a request into that for its refresh, for which nobody waits."""
    return replace(request, max_age=None, priority=Priority.BACKGROUND)
