"""Samples → figures of both sides, the change between them and a verdict. Pure.

A time or a rate is the median over rounds of its value in each round. A verdict needs an interval that leaves out "no
change", and a change that matters: 5 % of a time or rate, one failure in a thousand calls, one connection in a hundred,
a twentieth of a second of outage. Calls during a fault count for that fault alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from mooring.prove.interval import Change, Rounds, difference, of_shares, rank, ratio
from mooring.prove.samples import Measurement, Outcome, Sample, Tally
from mooring.prove.scenarios import FAULTS, Scenario, Side

__all__ = ["Comparison", "Figure", "Verdict", "compare"]

_MATTERS_RATIO = 1.05
_MATTERS_FAILURES = 0.001
_MATTERS_CONNECTIONS = 0.01
_MATTERS_OUTAGE = 0.05
_MATTERS_FAULT = 0.01


class Figure(StrEnum):
    """What is compared."""

    P50 = "p50"  # seconds
    P99 = "p99"  # seconds
    THROUGHPUT = "throughput"  # good answers a second
    FAILURES = "failures"  # calls
    CONNECTIONS = "connections"  # opened at the Redis
    OUTAGE = "outage"  # seconds from a fault to the end of the last call that it made fail


class Verdict(StrEnum):
    """What the samples allow to be said."""

    BETTER = "better"
    WORSE = "worse"
    SAME = "no difference shown"
    UNMEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One figure of one service; `scenario` and `concurrency` are None for a figure of all calls of the load.

    A value is None where a side has nothing to measure; `calls` are those that each side's value rests on. The change
    is after / before for a time or rate, and after - before a call for failures and connections, in seconds for an
    outage.
    """

    service: str
    figure: Figure
    scenario: Scenario | None
    concurrency: int | None
    before: float | None
    after: float | None
    calls: tuple[int, int]
    change: Change | None
    verdict: Verdict


def compare(measurement: Measurement) -> tuple[Comparison, ...]:
    """Compare both sides of each service, figure by figure."""
    services = dict.fromkeys(contact.service for contact in measurement.contacts)
    return tuple(one for service in sorted(services) for one in _compare_service(measurement, service))


def _compare_service(measurement: Measurement, service: str) -> Iterator[Comparison]:
    samples = [sample for sample in measurement.samples if sample.service == service]
    tallies = [tally for tally in measurement.tallies if tally.service == service]
    for scenario, concurrency in dict.fromkeys((tally.scenario, tally.concurrency) for tally in tallies):
        if scenario in FAULTS:
            yield from _of_fault(service, scenario, concurrency, samples, tallies)
        elif scenario is not None:
            calls = [s for s in samples if (s.block.scenario, s.block.concurrency) == (scenario, concurrency)]
            blocks = [t for t in tallies if (t.scenario, t.concurrency) == (scenario, concurrency)]
            yield from _times_and_rate(service, scenario, concurrency, calls, blocks)
        if scenario is Scenario.START:
            calls = [s for s in samples if s.block.scenario is Scenario.CONNECT]
            yield from _times_and_rate(service, Scenario.CONNECT, concurrency, calls, [])
    yield _failures(service, [sample for sample in samples if sample.block.scenario not in FAULTS])
    yield _connections(service, [tally for tally in tallies if tally.scenario not in FAULTS])


def _of_fault(
    service: str, fault: Scenario, callers: int, samples: Sequence[Sample], tallies: Sequence[Tally]
) -> Iterator[Comparison]:
    """How many calls failed once the fault had struck, and for how long."""
    counted: dict[Side, tuple[int, int]] = {}
    shares: dict[Side, dict[int, float]] = {side: {} for side in Side}
    outages: dict[Side, dict[int, float]] = {side: {} for side in Side}
    for side in Side:
        for tally in tallies:
            if tally.side is side and tally.scenario is fault and tally.struck is not None:
                calls = _after_the_strike(samples, tally)
                failed = [call for call in calls if call.outcome is not Outcome.OK]
                earlier = counted.get(side, (0, 0))
                counted[side] = earlier[0] + len(calls), earlier[1] + len(failed)
                shares[side][tally.round] = len(failed) / len(calls) if calls else 1.0
                ends = [call.start + call.seconds for call in failed]
                outages[side][tally.round] = max(ends) - tally.struck if ends else 0.0
    made = (counted.get(Side.BEFORE, (0, 0))[0], counted.get(Side.AFTER, (0, 0))[0])
    bad = [float(counted[side][1]) if side in counted else None for side in Side]
    change = difference(shares[Side.BEFORE], shares[Side.AFTER])
    verdict = _verdict_of_difference(change, _MATTERS_FAULT)
    yield Comparison(service, Figure.FAILURES, fault, callers, bad[0], bad[1], made, change, verdict)
    middle = [median(outages[side].values()) if outages[side] else None for side in Side]
    change = difference(outages[Side.BEFORE], outages[Side.AFTER])
    verdict = _verdict_of_difference(change, _MATTERS_OUTAGE)
    yield Comparison(service, Figure.OUTAGE, fault, callers, middle[0], middle[1], made, change, verdict)


def _after_the_strike(samples: Sequence[Sample], tally: Tally) -> list[Sample]:
    """The calls of a round that were under way when the fault struck, or began later."""
    key = (tally.side, tally.scenario, tally.round)
    return [
        s
        for s in samples
        if (s.block.side, s.block.scenario, s.block.round) == key and s.start + s.seconds >= (tally.struck or 0.0)
    ]


def _times_and_rate(
    service: str, scenario: Scenario, concurrency: int, samples: Sequence[Sample], tallies: Sequence[Tally]
) -> Iterator[Comparison]:
    before, after = _times(samples, Side.BEFORE), _times(samples, Side.AFTER)
    calls = (_count(before), _count(after))
    rates = _rates(tallies, before, Side.BEFORE), _rates(tallies, after, Side.AFTER)
    for figure, (start, end), share in (
        (Figure.P50, (before, after), 0.5),
        (Figure.P99, (before, after), 0.99),
        (Figure.THROUGHPUT, rates, 0.5),
    ):
        if scenario.lone and figure is not Figure.P50:
            continue
        change = ratio(start, end, share)
        verdict = _verdict_of_ratio(change, rises_well=figure is Figure.THROUGHPUT)
        values = rank(start, share), rank(end, share)
        yield Comparison(service, figure, scenario, concurrency, *values, calls, change, verdict)


def _times(samples: Sequence[Sample], side: Side) -> Rounds:
    """Seconds of the good calls; round 0, first contact and warm-up, is no part of a time."""
    rounds: dict[int, list[float]] = defaultdict(list)
    for sample in samples:
        if sample.block.side is side and sample.block.round and sample.outcome is Outcome.OK:
            rounds[sample.block.round].append(sample.seconds)
    return {number: sorted(values) for number, values in rounds.items()}


def _rates(tallies: Sequence[Tally], times: Rounds, side: Side) -> Rounds:
    own = [tally for tally in tallies if tally.side is side and tally.round in times]
    return {tally.round: [len(times[tally.round]) / tally.seconds] for tally in own}


def _failures(service: str, samples: Sequence[Sample]) -> Comparison:
    own = {side: [sample.outcome for sample in samples if sample.block.side is side] for side in Side}
    made = (len(own[Side.BEFORE]), len(own[Side.AFTER]))
    failed = [sum(outcome is not Outcome.OK for outcome in own[side]) for side in Side]
    change = of_shares((failed[0], made[0]), (failed[1], made[1])) if all(made) else None
    before, after = (float(count) if calls else None for count, calls in zip(failed, made, strict=True))
    verdict = _verdict_of_difference(change, _MATTERS_FAILURES)
    return Comparison(service, Figure.FAILURES, None, None, before, after, made, change, verdict)


def _connections(service: str, tallies: Sequence[Tally]) -> Comparison:
    """Shown are all that were opened, start and warm-up included; the change is that of the rounds."""
    before, after = ([tally for tally in tallies if tally.side is side and tally.made] for side in Side)
    opened = [float(sum(tally.connections for tally in own)) if own else None for own in (before, after)]
    made = (sum(tally.made for tally in before), sum(tally.made for tally in after))
    change = difference(_opened_a_call(before), _opened_a_call(after))
    verdict = _verdict_of_difference(change, _MATTERS_CONNECTIONS)
    return Comparison(service, Figure.CONNECTIONS, None, None, opened[0], opened[1], made, change, verdict)


def _opened_a_call(tallies: Sequence[Tally]) -> dict[int, float]:
    opened: dict[int, int] = defaultdict(int)
    made: dict[int, int] = defaultdict(int)
    for tally in tallies:
        if tally.round:
            opened[tally.round] += tally.connections
            made[tally.round] += tally.made
    return {number: opened[number] / made[number] for number in made}


def _verdict_of_ratio(change: Change | None, *, rises_well: bool) -> Verdict:
    if change is None:
        return Verdict.UNMEASURED
    shown = (change.low > 1 or change.high < 1) and max(change.value, 1 / change.value) >= _MATTERS_RATIO
    return _verdict(shown, (change.value > 1) is rises_well)


def _verdict_of_difference(change: Change | None, matters: float) -> Verdict:
    if change is None:
        return Verdict.UNMEASURED
    return _verdict((change.low > 0 or change.high < 0) and abs(change.value) >= matters, change.value < 0)


def _verdict(shown: bool, good: bool) -> Verdict:
    if not shown:
        return Verdict.SAME
    return Verdict.BETTER if good else Verdict.WORSE


def _count(rounds: Rounds) -> int:
    return sum(map(len, rounds.values()))
