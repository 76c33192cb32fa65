"""What the owner of a fleet wants of it, and whether the samples show it: met, missed or not measured. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from mooring.errors import UsageError
from mooring.prove.compare import Comparison, Figure
from mooring.prove.interval import share_bounds
from mooring.prove.samples import Measurement, Outcome
from mooring.prove.scenarios import FAULTS, Scenario, Side

__all__ = ["Aim", "Answer", "Answered", "Target", "answer", "read_target"]

_QUANTILE = 1.960
"""Of the normal distribution, for a bound that 95 of 100 intervals keep."""


class Aim(StrEnum):
    """What can be wanted."""

    HIT = "hit"  # milliseconds
    MISS = "miss"  # milliseconds
    FAILURES = "failures"  # % of the calls of the load
    CONNECTIONS = "connections"  # % of change of the connections opened
    RESPONSE = "response"  # % of change of the typical response time


class Answer(StrEnum):
    """What the samples allow to be said of a target."""

    MET = "met"
    MISSED = "missed"
    UNMEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class Target:
    """A bound that a figure after the fix must not exceed, in the unit of its aim."""

    aim: Aim
    limit: float


@dataclass(frozen=True, slots=True)
class Answered:
    """A target with its answer: `value` is the figure in its unit, None where there is none; `why` says what it is."""

    target: Target
    value: float | None
    answer: Answer
    why: str


def read_target(text: str) -> Target:
    """`hit=10`, `miss=30`, `failures=0.1`, `connections=-60`, `response=-30`. Raises `UsageError` for anything else."""
    name, _, limit = text.partition("=")
    try:
        target = Target(Aim(name.strip()), float(limit))
    except ValueError:
        raise UsageError(
            f"--target {text}: name one of {', '.join(Aim)} and its bound, as in hit=10 (ms), failures=0.1 (%) or "
            "connections=-60 (% of change)"
        ) from None
    if not math.isfinite(target.limit):
        raise UsageError(f"--target {text}: the bound must be a finite number")
    return target


def answer(
    targets: Iterable[Target], measurement: Measurement, comparisons: Sequence[Comparison]
) -> tuple[Answered, ...]:
    """Answer each target from what was measured."""
    answers: Mapping[Aim, Callable[[Target], Answered]] = {
        Aim.HIT: lambda target: _time(target, Scenario.HIT, comparisons),
        Aim.MISS: lambda target: _time(target, Scenario.MISS, comparisons),
        Aim.FAILURES: lambda target: _failures(target, measurement),
        Aim.CONNECTIONS: lambda target: _connections(target, measurement),
        Aim.RESPONSE: lambda target: _response(target, comparisons),
    }
    return tuple(answers[target.aim](target) for target in targets)


def _time(target: Target, scenario: Scenario, comparisons: Sequence[Comparison]) -> Answered:
    """The median time of the slowest service, one call at a time: a fleet is as fast as that."""
    own = [c for c in comparisons if c.figure is Figure.P50 and c.scenario is scenario and c.after is not None]
    least = min((c.concurrency or 1 for c in own), default=None)
    times = sorted((c.after * 1000, c.service) for c in own if c.after is not None and c.concurrency == least)
    if not times:
        return Answered(target, None, Answer.UNMEASURED, f"no {scenario} was answered well after the fix")
    slowest, service = times[-1]
    good = sum(time < target.limit for time, _ in times)
    why = (
        f"median of the slowest service, {service}; {good} of {len(times)} services below, half of them below "
        f"{median(time for time, _ in times):.2g} ms"
    )
    return Answered(target, slowest, _met(good == len(times)), why)


def _failures(target: Target, measurement: Measurement) -> Answered:
    """The share of failed calls; met only where chance alone cannot have kept it below the bound."""
    outcomes = [s.outcome for s in measurement.samples if s.block.side is Side.AFTER and _of_load(s.block.scenario)]
    if not outcomes:
        return Answered(target, None, Answer.UNMEASURED, "no call was made after the fix")
    failed = sum(outcome is not Outcome.OK for outcome in outcomes)
    share = 100 * failed / len(outcomes)
    high = 100 * share_bounds(failed, len(outcomes), _QUANTILE)[1]
    told = f"{failed:,} of {len(outcomes):,} calls failed; by chance it may be up to {high:.2g} % (95 % interval)"
    if share >= target.limit:
        return Answered(target, share, Answer.MISSED, told)
    if high >= target.limit:
        return Answered(target, share, Answer.UNMEASURED, f"{told}: too few calls to tell; ask for more with --calls")
    return Answered(target, share, Answer.MET, told)


def _connections(target: Target, measurement: Measurement) -> Answered:
    """Connections opened for each call, start and warm-up included, on services that carry the load on both sides."""
    own = [tally for tally in measurement.tallies if tally.scenario is None or _of_load(tally.scenario)]
    both = {t.service for t in own if t.side is Side.BEFORE} & {t.service for t in own if t.side is Side.AFTER}
    rates = []
    for side in Side:
        tallies = [tally for tally in own if tally.side is side and tally.service in both]
        made = sum(tally.made for tally in tallies)
        rates.append(sum(tally.connections for tally in tallies) / made if made else 0.0)
    if not rates[0]:
        return Answered(target, None, Answer.UNMEASURED, "no service carries the load on both sides")
    change = 100 * (rates[1] / rates[0] - 1)
    why = f"{100 * rates[0]:.3g} → {100 * rates[1]:.3g} in 100 calls, over {_services(both)} on both sides"
    return Answered(target, change, _met(change <= target.limit), why)


def _response(target: Target, comparisons: Sequence[Comparison]) -> Answered:
    """The mean (geometric) change of median times over services and loads that have both sides."""
    own = [c for c in comparisons if c.figure is Figure.P50 and c.scenario and not c.scenario.lone]
    logs = {c: math.log(c.after / c.before) for c in own if c.before and c.after}
    if not logs:
        return Answered(target, None, Answer.UNMEASURED, "no service carries the load on both sides")
    change = 100 * (math.exp(sum(logs.values()) / len(logs)) - 1)
    services = {comparison.service for comparison in logs}
    why = f"mean change of {len(logs)} median times of {_services(services)} that answer on both sides"
    return Answered(target, change, _met(change <= target.limit), why)


def _of_load(scenario: Scenario) -> bool:
    return scenario not in FAULTS


def _services(names: set[str]) -> str:
    return f"{len(names)} service{'' if len(names) == 1 else 's'}"


def _met(well: bool) -> Answer:
    return Answer.MET if well else Answer.MISSED
