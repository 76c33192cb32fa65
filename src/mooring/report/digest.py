"""What a proof says, in words and rounded figures: the same for the terminal and for the page. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from mooring.prove import (
    FAULTS,
    Contact,
    Figure,
    Outcome,
    Proof,
    Sample,
    Scenario,
    Side,
    State,
    Subject,
    Verdict,
)
from mooring.report.cells import Cell, cell_of, count, missing_in
from mooring.report.strikes import Strike, strikes

__all__ = ["Digest", "Failure", "Row", "Stretch", "digest", "is_load"]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A scenario at one concurrency."""

    scenario: Scenario
    concurrency: int

    @property
    def label(self) -> str:
        """For people: `hit, 50 at once`."""
        if self.scenario.lone:
            return str(self.scenario)
        return f"{self.scenario}, {'one at a time' if self.concurrency == 1 else f'{self.concurrency} at once'}"


@dataclass(frozen=True, slots=True)
class Row:
    """All that is said of one service. `times` holds p50 and p99 by stretch."""

    subject: Subject
    contacts: dict[Side, Contact]
    times: dict[Stretch, tuple[Cell, Cell]]
    rates: dict[Stretch, Cell]
    failures: Cell
    connections: Cell

    def connects(self, side: Side) -> bool:
        """Whether it does on that side."""
        return self.contacts[side].state is State.CONNECTS


@dataclass(frozen=True, slots=True)
class Failure:
    """Calls of one side of a service that failed alike; `calls` is 0 where it never came to a call."""

    service: str
    side: Side
    calls: int
    of: int
    reason: str


@dataclass(frozen=True, slots=True)
class Digest:
    """The whole proof in words.

    `services` counts those that can be driven. `answered` is the share of the load that was answered well, each of them
    counting alike and one that never connects as none. `verdicts` are those on services that connect on both sides.
    """

    headline: str
    rows: tuple[Row, ...]
    strikes: tuple[Strike, ...]
    stretches: tuple[Stretch, ...]
    failures: tuple[Failure, ...]
    able: dict[Side, int]
    services: int
    answered: dict[Side, float]
    verdicts: Counter[Verdict]


def digest(proof: Proof) -> Digest:
    """Put a proof into words."""
    rows = tuple(_row(proof, subject) for subject in proof.subjects)
    drivable = {subject.name for subject in proof.drivable}
    able = {side: sum(row.connects(side) for row in rows if row.subject.name in drivable) for side in Side}
    both = {row.subject.name for row in rows if all(map(row.connects, Side))}
    return Digest(
        headline=_headline(able, len(drivable)),
        rows=rows,
        strikes=tuple(strikes(proof)),
        stretches=_stretches(proof),
        failures=tuple(_failures(proof)),
        able=able,
        services=len(drivable),
        answered={side: _answered(proof, side) for side in Side},
        verdicts=Counter(c.verdict for c in proof.comparisons if c.service in both),
    )


def _headline(able: dict[Side, int], services: int) -> str:
    whole = f"{services} server{'s' if services != 1 else ''}"
    unable = services - able[Side.BEFORE]
    before = f"{unable} of {whole} could not" if unable else f"All of {whole} could"
    its = "its" if services == 1 else "their"
    return f"{before} use {its} Redis before the fix; {able[Side.AFTER]} of {services} can after it."


def _answered(proof: Proof, side: Side) -> float:
    load: dict[str, list[bool]] = {subject.name: [] for subject in proof.drivable}
    for sample in proof.measurement.samples:
        if sample.block.side is side and sample.block.round and sample.service in load and is_load(sample):
            load[sample.service].append(sample.outcome is Outcome.OK)
    shares = [sum(calls) / len(calls) if calls else 0.0 for calls in load.values()]
    return sum(shares) / len(shares) if shares else 0.0


def is_load(sample: Sample) -> bool:
    """Whether a call was made while no fault struck."""
    return sample.block.scenario not in FAULTS


def _stretches(proof: Proof) -> tuple[Stretch, ...]:
    return tuple(Stretch(scenario, level) for scenario, level in proof.load.measured)


def _row(proof: Proof, subject: Subject) -> Row:
    contacts = {contact.side: contact for side in Side if (contact := proof.contact(subject.name, side))}
    own = {(c.figure, c.scenario, c.concurrency): c for c in proof.comparisons if c.service == subject.name}
    missing = {side: missing_in(contact) for side, contact in contacts.items()}
    opened = {side: count(contact.connections) for side, contact in contacts.items()}

    def cell(figure: Figure, stretch: Stretch | None = None) -> Cell:
        key = (figure, stretch.scenario if stretch else None, stretch.concurrency if stretch else None)
        # A side without load has opened what it opened at first contact.
        return cell_of(own.get(key), opened if figure is Figure.CONNECTIONS else missing)

    stretches = _stretches(proof)
    return Row(
        subject=subject,
        contacts=contacts,
        times={stretch: (cell(Figure.P50, stretch), cell(Figure.P99, stretch)) for stretch in stretches},
        rates={stretch: cell(Figure.THROUGHPUT, stretch) for stretch in stretches},
        failures=cell(Figure.FAILURES),
        connections=cell(Figure.CONNECTIONS),
    )


def _failures(proof: Proof) -> Iterator[Failure]:
    """Of the load alone: what a fault makes fail is told with the fault."""
    samples = [sample for sample in proof.measurement.samples if is_load(sample)]
    for subject in proof.subjects:
        for side in Side:
            contact = proof.contact(subject.name, side)
            own = [s for s in samples if s.service == subject.name and s.block.side is side]
            counted = Counter(s.reason or s.outcome for s in own if s.outcome is not Outcome.OK)
            if contact is not None and contact.state is not State.CONNECTS and not counted:
                yield Failure(subject.name, side, 0, 0, f"{contact.state}: {contact.reason}")
            for reason, calls in counted.most_common():
                yield Failure(subject.name, side, calls, len(own), reason)
