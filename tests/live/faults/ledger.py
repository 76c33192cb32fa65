"""What was asked, what was acknowledged, and what the server holds in the end: lost, doubled, late, failed.

Every write carries an id of its own, so that the server's data tell whether it ran, and how often.
"""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

__all__ = ["Call", "Held", "Kind", "Ledger", "Verdict", "judge", "recovery"]


class Kind(Enum):
    """What a call does, and so how it shows in the data."""

    PUSH = "RPUSH"
    ADD = "XADD"
    SET = "SET"
    COUNT = "INCR"
    READ = "GET"


@dataclass(frozen=True, slots=True)
class Call:
    """One call, from the caller's side.

    Times are seconds of `time.monotonic`; `late` is what the machine itself was late by meanwhile. `wrong` is a call
    that got what it did not ask for: another's reply, or an error that is not one of redis-py's.
    """

    number: int
    kind: Kind
    began: float
    ended: float
    allowed: float
    error: str | None = None
    late: float = 0.0
    wrong: bool = False

    @property
    def overrun(self) -> float:
        """By how many seconds it missed its deadline, the machine's own lateness not counted."""
        return max(0.0, self.ended - self.began - self.allowed - self.late)


@dataclass(frozen=True, slots=True)
class Held:
    """What the server holds in the end: ids by kind, and the counter."""

    pushed: tuple[int, ...]
    added: tuple[int, ...]
    set: frozenset[int]
    count: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a load came to.

    `recovery` is the time from the end of the fault until calls of every kind have succeeded; none when they never did.
    """

    calls: int
    failures: int
    lost: int
    doubled: int
    wrong: int
    overrun: float
    recovery: float | None
    errors: Mapping[str, int]

    @property
    def failed_share(self) -> float:
        """Failed calls among all, from 0 to 1."""
        return self.failures / self.calls if self.calls else 0.0


@dataclass
class Ledger:
    """Collects the calls of all threads and tasks."""

    calls: list[Call] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def number(self) -> int:
        """Give an id that no other call has."""
        with self._guard:
            return next(self._numbers)

    def note(self, call: Call) -> None:
        """Write a call down."""
        self.calls.append(call)  # atomic in CPython


def judge(calls: Iterable[Call], held: Held, healed: float | None = None) -> Verdict:
    """Compare what was acknowledged with what is there; `healed` is when the fault ended.

    Lost is a write that was acknowledged and is not there; doubled one that is there twice, or an increment that
    nobody asked for.
    """
    calls = list(calls)
    good = {kind: {call.number for call in calls if call.kind is kind and call.error is None} for kind in Kind}
    asked = sum(call.kind is Kind.COUNT for call in calls)
    lost = sum(
        len(good[kind] - there)
        for kind, there in ((Kind.PUSH, set(held.pushed)), (Kind.ADD, set(held.added)), (Kind.SET, held.set))
    )
    twice = sum(times - 1 for ids in (held.pushed, held.added) for times in Counter(ids).values())
    return Verdict(
        calls=len(calls),
        failures=sum(call.error is not None for call in calls),
        lost=lost + max(0, len(good[Kind.COUNT]) - held.count),
        doubled=twice + max(0, held.count - asked),
        wrong=sum(call.wrong for call in calls),
        overrun=max((call.overrun for call in calls), default=0.0),
        recovery=None if healed is None else recovery(calls, healed),
        errors=Counter(call.error for call in calls if call.error is not None),
    )


def recovery(calls: Iterable[Call], healed: float) -> float | None:
    """Tell how many seconds after `healed` calls of every kind that was asked for had succeeded.

    Kinds, for they go to different keys, and so perhaps to different nodes.
    """
    seen, first = set(), dict[Kind, float]()
    for call in calls:
        seen.add(call.kind)
        if call.error is None and call.ended >= healed:
            first[call.kind] = min(call.ended, first.get(call.kind, call.ended))
    return max(first.values()) - healed if seen and first.keys() == seen else None
