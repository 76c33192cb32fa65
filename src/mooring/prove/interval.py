"""How sure a change is. Pure.

Rounds are few and calls within one are alike, so a change is judged by its rounds, each with both its sides: a t
interval over what each round says by itself. (Drawing single calls anew, as a bootstrap does, finds differences between
two runs of the same program.) 99 of 100 such intervals hold the true change: a fleet has many figures, and of intervals
that held 95 some would mislead.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median, stdev

__all__ = ["Change", "Rounds", "difference", "of_shares", "percentile", "rank", "ratio", "share_bounds"]

Rounds = Mapping[int, Sequence[float]]
"""The sorted values of each round, by its number."""

_FEWEST = 3
"""Rounds below which nothing is said: two that agree by chance would look certain."""

# Two-sided 99 % quantiles of Student's t for 2, 3, … degrees of freedom; the last holds, a little too wide, beyond.
_T = (9.925, 5.841, 4.604, 4.032, 3.707, 3.499, 3.355, 3.250, 3.169, 3.106, 3.055, 3.012, 2.977, 2.947)
_Z = 2.576


@dataclass(frozen=True, slots=True)
class Change:
    """A change and the bounds of its interval."""

    value: float
    low: float
    high: float


def percentile(ranked: Sequence[float], share: float) -> float:
    """The smallest of the sorted values that at least `share` of them do not exceed (nearest rank)."""
    return ranked[max(1, math.ceil(share * len(ranked))) - 1]


def rank(rounds: Rounds, share: float) -> float | None:
    """The median over rounds of the percentile at `share`; None without a round."""
    return median(percentile(values, share) for values in rounds.values()) if rounds else None


def ratio(before: Rounds, after: Rounds, share: float) -> Change | None:
    """The change of the percentile at `share` as after / before; None where fewer than three rounds have both sides."""
    common = before.keys() & after.keys()
    logs = [math.log(percentile(after[n], share) / percentile(before[n], share)) for n in common]
    found = _t_interval(logs)
    return Change(math.exp(found.value), math.exp(found.low), math.exp(found.high)) if found else None


def difference(before: Mapping[int, float], after: Mapping[int, float]) -> Change | None:
    """The change as after - before of one value a round; None where fewer than three rounds have both sides."""
    return _t_interval([after[number] - before[number] for number in before.keys() & after.keys()])


def of_shares(before: tuple[int, int], after: tuple[int, int], quantile: float = _Z) -> Change:
    """The change, as after - before, of a share given as (events, calls), by Newcombe's method.

    `quantile` is that of the normal distribution, by default for 99 of 100.
    """
    start, low_start, high_start = _wilson(*before, quantile)
    end, low_end, high_end = _wilson(*after, quantile)
    change = end - start
    low = change - math.hypot(end - low_end, high_start - start)
    high = change + math.hypot(high_end - end, start - low_start)
    return Change(change, max(-1.0, low), min(1.0, high))


def share_bounds(events: int, calls: int, quantile: float = _Z) -> tuple[float, float]:
    """Between what bounds a share lies that was seen as `events` of `calls`, by Wilson's method."""
    _, low, high = _wilson(events, calls, quantile)
    return low, high


def _t_interval(values: Sequence[float]) -> Change | None:
    count = len(values)
    if count < _FEWEST:
        return None
    quantile = _T[min(count - _FEWEST, len(_T) - 1)]
    half = quantile * stdev(values) / math.sqrt(count)
    middle = mean(values)
    return Change(middle, middle - half, middle + half)


def _wilson(events: int, calls: int, quantile: float) -> tuple[float, float, float]:
    share = events / calls
    spread = quantile * quantile / calls
    middle = (share + spread / 2) / (1 + spread)
    half = quantile * math.sqrt(share * (1 - share) / calls + spread / (4 * calls)) / (1 + spread)
    return share, max(0.0, middle - half), min(1.0, middle + half)
