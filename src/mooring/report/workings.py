"""What the figures of a whole fleet rest on: a list of services, each of which leads to its samples. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mooring.prove import FAULTS, Aim, Comparison, Figure, Outcome, Proof, Sample, Scenario, Side, Tally
from mooring.report.cells import count, milliseconds
from mooring.report.charts import answers_of, quantiles
from mooring.report.digest import Digest, Stretch, is_load
from mooring.report.raw import anchor
from mooring.report.timelines import failing, struck

__all__ = [
    "ABLE",
    "ANSWERED",
    "CONNECTIONS",
    "FAILURES",
    "RESPONSE",
    "Part",
    "Working",
    "of_aim",
    "of_fault",
    "of_share",
    "of_times",
    "of_typical",
    "workings",
]

ABLE, ANSWERED, FAILURES, CONNECTIONS, RESPONSE = (
    f"from-{name}" for name in ("able", "answered", "failures", "connections", "response")
)


@dataclass(frozen=True, slots=True)
class Part:
    """What one service brings to a figure; `anchor` is where its samples stand."""

    service: str
    told: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Working:
    """How a figure comes about: `how` says it in a sentence."""

    anchor: str
    title: str
    how: str
    parts: tuple[Part, ...]


def of_typical(stretch: Stretch) -> str:
    """The anchor of the typical times of a stretch."""
    return _anchor("typical", stretch)


def of_share(stretch: Stretch) -> str:
    """The anchor of the chart of how many lookups are answered."""
    return _anchor("share", stretch)


def of_times(stretch: Stretch) -> str:
    """The anchor of the chart of times."""
    return _anchor("times", stretch)


def of_fault(fault: Scenario) -> str:
    """The anchor of the timeline of a fault."""
    return f"from-fault-{fault}"


def of_aim(aim: Aim, proof: Proof) -> str:
    """The anchor of what answers a target."""
    timed = {Aim.HIT: Scenario.HIT, Aim.MISS: Scenario.MISS}
    if aim in timed:
        own = [
            c for c in proof.comparisons if c.scenario is timed[aim] and c.figure is Figure.P50 and c.after is not None
        ]
        return of_typical(Stretch(timed[aim], min((c.concurrency or 1 for c in own), default=1)))
    return {
        Aim.FAILURES: FAILURES,
        Aim.CONNECTIONS: CONNECTIONS,
        Aim.RESPONSE: RESPONSE,
    }[aim]


def workings(proof: Proof, told: Digest) -> list[Working]:
    """Of every figure of the whole fleet, in the order of the page."""
    load = [sample for sample in proof.measurement.samples if is_load(sample)]
    charted = [stretch for stretch in told.stretches if not stretch.scenario.lone]
    return [
        Working(
            ABLE,
            "Servers that use their Redis",
            "What first contact with each server came to.",
            tuple(_able(told)),
        ),
        Working(
            ANSWERED,
            "Lookups answered well",
            "Of the load on each server; a server that never connected has answered none. Each counts alike.",
            tuple(_answered(proof, load)),
        ),
        *(
            Working(
                of_typical(stretch),
                f"Typical time, {stretch.label}",
                "Milliseconds: the median over rounds of the median of each round.",
                tuple(_typical(proof, stretch)),
            )
            for stretch in told.stretches
        ),
        Working(
            FAILURES,
            "Failed calls after the fix",
            "Of all calls but those during a fault.",
            tuple(_failed(proof, load)),
        ),
        Working(
            CONNECTIONS,
            "Connections opened",
            "By all calls but those during a fault, start and warm-up included, where a service has both sides.",
            tuple(_opened(proof)),
        ),
        Working(
            RESPONSE,
            "Response time",
            "Typical times in milliseconds where a service has both sides; the change is their geometric mean.",
            tuple(part for stretch in charted for part in _typical(proof, stretch, both=True)),
        ),
        *(
            Working(
                of_share(stretch),
                f"Chart of answers: {stretch.label}",
                "Lookups answered well, in all rounds.",
                tuple(_share(proof, stretch)),
            )
            for stretch in charted
        ),
        *(
            Working(
                of_times(stretch),
                f"Chart of times: {stretch.label}",
                "Milliseconds of the calls of all rounds: percentiles 1, 25, 50, 75 and 99.",
                tuple(_times(proof, stretch)),
            )
            for stretch in charted
        ),
        *(
            Working(
                of_fault(fault),
                f"Timeline: {fault}",
                "Of the first round, in pieces of a twentieth of a second.",
                tuple(_struck(proof, fault)),
            )
            for fault in proof.load.faults
        ),
    ]


def _able(told: Digest) -> Iterator[Part]:
    for row in told.rows:
        yield Part(row.subject.name, _both(*(row.contacts[side].state for side in Side)), anchor(row.subject.name))


def _answered(proof: Proof, load: list[Sample]) -> Iterator[Part]:
    for subject in proof.drivable:
        cells = []
        for side in Side:
            own = [s for s in load if s.service == subject.name and s.block.side is side and s.block.round]
            good = sum(sample.outcome is Outcome.OK for sample in own)
            cells.append(f"{count(good)} of {count(len(own))}" if own else "none")
        yield Part(subject.name, _both(*cells), anchor(subject.name))


def _typical(proof: Proof, stretch: Stretch, *, both: bool = False) -> Iterator[Part]:
    for one in proof.comparisons:
        if _is_typical(one, stretch) and (one.after is not None or one.before is not None):
            if both and (one.before is None or one.after is None):
                continue
            cells = ("none" if value is None else milliseconds(value) for value in (one.before, one.after))
            told = f"{stretch.label}: {_both(*cells)}" if both else _both(*cells)
            yield Part(one.service, told, anchor(one.service, stretch.scenario, stretch.concurrency))


def _is_typical(one: Comparison, stretch: Stretch) -> bool:
    return one.figure is Figure.P50 and (one.scenario, one.concurrency) == (stretch.scenario, stretch.concurrency)


def _failed(proof: Proof, load: list[Sample]) -> Iterator[Part]:
    for subject in proof.subjects:
        own = [s.outcome for s in load if s.service == subject.name and s.block.side is Side.AFTER]
        if own:
            failed = sum(outcome is not Outcome.OK for outcome in own)
            yield Part(subject.name, f"{count(failed)} of {count(len(own))}", anchor(subject.name))


def _opened(proof: Proof) -> Iterator[Part]:
    for subject in proof.subjects:
        own = [t for t in proof.measurement.tallies if t.service == subject.name and t.scenario not in FAULTS]
        sides = [[tally for tally in own if tally.side is side] for side in Side]
        if all(sides):
            cells = (
                f"{count(sum(t.connections for t in side))} in {count(sum(t.made for t in side))} calls"
                for side in sides
            )
            yield Part(subject.name, _both(*cells), anchor(subject.name))


def _share(proof: Proof, stretch: Stretch) -> Iterator[Part]:
    for subject in proof.drivable:
        sides = [answers_of(proof, subject.name, stretch, side) for side in Side]
        cells = (f"{count(len(times))} of {count(calls)}" if calls else "none" for times, calls in sides)
        asked = any(calls for _, calls in sides)
        where = (stretch.scenario, stretch.concurrency) if asked else ()
        yield Part(subject.name, _both(*cells), anchor(subject.name, *where))


def _times(proof: Proof, stretch: Stretch) -> Iterator[Part]:
    for subject in proof.drivable:
        for side in Side:
            times, _ = answers_of(proof, subject.name, stretch, side)
            if times:
                told = ", ".join(milliseconds(value / 1000) for value in quantiles(times).values())
                where = anchor(subject.name, stretch.scenario, stretch.concurrency)
                yield Part(subject.name, f"{side}: {told}", where)


def _struck(proof: Proof, fault: Scenario) -> Iterator[Part]:
    for (service, side), tally in struck(proof, fault).items():
        told = f"{side}: {failing(proof, tally)}; {_whole(tally)}"
        yield Part(service, told, anchor(service, fault, tally.concurrency))


def _whole(tally: Tally) -> str:
    seconds = (tally.back or 0.0) - (tally.struck or 0.0)
    return f"its Redis was whole again after {seconds:.1f} s"


def _both(before: str, after: str) -> str:
    return f"{before} → {after}"


def _anchor(kind: str, stretch: Stretch) -> str:
    return re.sub(r"[^a-z0-9]+", "-", f"from-{kind}-{stretch.scenario}-{stretch.concurrency}")
