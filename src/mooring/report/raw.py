"""The raw samples of a proof as a page shows them, and the anchors by which each figure links to its own. Pure."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from mooring.prove import FAULTS, Outcome, Proof, Sample, Scenario, Side, Tally

__all__ = ["Series", "Stack", "anchor", "raw"]


@dataclass(frozen=True, slots=True)
class Series:
    """The calls of one round of one side: their times in milliseconds, in the order in which they ended.

    One that did not end well has its outcome behind it. `note` tells of the block as a whole.
    """

    side: Side
    round: int
    times: str
    note: str


@dataclass(frozen=True, slots=True)
class Stack:
    """All rounds of one service in one scenario at one level; without a scenario, its blocks as wholes."""

    anchor: str
    title: str
    series: tuple[Series, ...]


def anchor(service: str, scenario: Scenario | None = None, level: int | None = None) -> str:
    """The identifier of what a figure rests on; the same text always has the same."""
    name = re.sub(r"[^a-z0-9]+", "-", f"{service} {scenario or 'all'} {level or ''}".lower()).strip("-")
    # Two names may differ only in what an identifier cannot hold.
    return f"raw-{name}-{zlib.crc32(service.encode()):08x}"


def raw(proof: Proof) -> list[tuple[str, list[Stack]]]:
    """By service, all that was measured."""
    calls: dict[tuple[str, Scenario, int, Side, int], list[Sample]] = {}
    for sample in proof.measurement.samples:
        block = sample.block
        key = (sample.service, block.scenario, block.concurrency, block.side, block.round)
        calls.setdefault(key, []).append(sample)
    blocks = {(t.service, t.scenario, t.concurrency, t.side, t.round): t for t in proof.measurement.tallies}
    listed: dict[str, dict[tuple[Scenario, int], list[Series]]] = {subject.name: {} for subject in proof.subjects}
    for (service, scenario, level, side, number), own in calls.items():
        tally = blocks.get((service, scenario, level, side, number))
        series = Series(side, number, " ".join(_told(sample, tally) for sample in own), _note(tally))
        listed[service].setdefault((scenario, level), []).append(series)
    return [
        (
            service,
            [
                Stack(anchor(service), "Blocks: calls and connections", tuple(_wholes(proof, service))),
                *_stacks(service, own),
            ],
        )
        for service, own in listed.items()
    ]


def _stacks(service: str, listed: dict[tuple[Scenario, int], list[Series]]) -> Iterator[Stack]:
    for (scenario, level), series in listed.items():
        ranked = tuple(sorted(series, key=lambda one: (one.round, list(Side).index(one.side))))
        yield Stack(anchor(service, scenario, level), f"{scenario}, {level} at once", ranked)


def _wholes(proof: Proof, service: str) -> Iterator[Series]:
    for contact in proof.measurement.contacts:
        if contact.service == service:
            told = f"{contact.state} after {contact.seconds:.2f} s, {contact.connections} connections"
            yield Series(contact.side, 0, told, "first contact")
    for tally in proof.measurement.tallies:
        if tally.service == service:
            told = f"{tally.made} calls in {tally.seconds:.2f} s, {tally.connections} connections"
            yield Series(tally.side, tally.round, told, _named(tally))


def _named(tally: Tally) -> str:
    return f"{tally.scenario}, {tally.concurrency} at once" if tally.scenario else "start and warm-up"


def _told(sample: Sample, tally: Tally | None) -> str:
    taken = f"{sample.seconds * 1000:.3g}"
    if sample.block.scenario in FAULTS and tally is not None and tally.struck is not None:
        # When it began, counted from the fault, and how long it took.
        taken = f"{sample.start - tally.struck:+.2f}s:{taken}"
    return taken if sample.outcome is Outcome.OK else f"{taken}({sample.outcome})"


def _note(tally: Tally | None) -> str:
    return "" if tally is None or tally.cut is None else tally.cut
