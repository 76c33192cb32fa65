"""What a proof says, in words and rounded figures: the same for the terminal and for the page. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from mooring.prove import Comparison, Contact, Figure, Outcome, Proof, Scenario, Side, State, Subject, Verdict

__all__ = ["Cell", "Digest", "Failure", "Row", "Stretch", "change_of", "count", "digest", "milliseconds", "number"]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A scenario at one concurrency."""

    scenario: Scenario
    concurrency: int

    @property
    def label(self) -> str:
        """For people: `hit, 50 at once`."""
        return f"{self.scenario}, {'one at a time' if self.concurrency == 1 else f'{self.concurrency} at once'}"


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure of one service on both sides, as text, and what may be said of it."""

    before: str
    after: str
    verdict: Verdict
    change: str = ""


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
        stretches=_stretches(proof),
        failures=tuple(_failures(proof)),
        able=able,
        services=len(drivable),
        answered={side: _answered(proof, side) for side in Side},
        verdicts=Counter(c.verdict for c in proof.comparisons if c.service in both),
    )


def milliseconds(seconds: float) -> str:
    """A time in milliseconds, rounded, without the unit."""
    return number(seconds * 1000)


def number(value: float) -> str:
    """Three significant digits, or all of them before the point, thousands set apart."""
    # By what each would be rounded to: 9.999 has three digits as 10.0.
    if value >= 99.95:
        return count(value)
    return f"{value:.1f}" if value >= 9.995 else f"{value:.2f}"


def count(value: float) -> str:
    """A whole number, thousands set apart."""
    return f"{value:,.0f}"


def change_of(comparison: Comparison) -> str:
    """The change and its interval: `-12 % (-20 to -3)`; calls in a hundred for failures and connections."""
    change = comparison.change
    if change is None:
        return ""
    parts = (change.value, change.low, change.high)
    if comparison.figure in {Figure.FAILURES, Figure.CONNECTIONS}:
        value, low, high = (f"{100 * part:+.1f}" for part in parts)
        return f"{value} in 100 calls ({low} to {high})"
    value, low, high = (f"{100 * (part - 1):+,.0f}" for part in parts)
    return f"{value} % ({low} to {high})"


def _headline(able: dict[Side, int], services: int) -> str:
    whole = f"{services} server{'s' if services != 1 else ''}"
    unable = services - able[Side.BEFORE]
    before = f"{unable} of {whole} could not" if unable else f"All of {whole} could"
    its = "its" if services == 1 else "their"
    return f"{before} use {its} Redis before the fix; {able[Side.AFTER]} of {services} can after it."


def _answered(proof: Proof, side: Side) -> float:
    load: dict[str, list[bool]] = {subject.name: [] for subject in proof.drivable}
    for sample in proof.measurement.samples:
        if sample.block.side is side and sample.block.round and sample.service in load:
            load[sample.service].append(sample.outcome is Outcome.OK)
    shares = [sum(calls) / len(calls) if calls else 0.0 for calls in load.values()]
    return sum(shares) / len(shares) if shares else 0.0


def _stretches(proof: Proof) -> tuple[Stretch, ...]:
    return tuple(Stretch(scenario, level) for scenario in Scenario for level in proof.load.concurrency)


def _row(proof: Proof, subject: Subject) -> Row:
    contacts = {contact.side: contact for side in Side if (contact := proof.contact(subject.name, side))}
    own = {(c.figure, c.scenario, c.concurrency): c for c in proof.comparisons if c.service == subject.name}
    missing = {side: _missing(contact) for side, contact in contacts.items()}
    opened = {side: count(contact.connections) for side, contact in contacts.items()}

    def cell(figure: Figure, stretch: Stretch | None = None) -> Cell:
        key = (figure, stretch.scenario if stretch else None, stretch.concurrency if stretch else None)
        # A side without load has opened what it opened at first contact.
        return _cell(own.get(key), opened if figure is Figure.CONNECTIONS else missing)

    stretches = _stretches(proof)
    return Row(
        subject=subject,
        contacts=contacts,
        times={stretch: (cell(Figure.P50, stretch), cell(Figure.P99, stretch)) for stretch in stretches},
        rates={stretch: cell(Figure.THROUGHPUT, stretch) for stretch in stretches},
        failures=cell(Figure.FAILURES),
        connections=cell(Figure.CONNECTIONS),
    )


def _missing(contact: Contact) -> str:
    """What stands where there is no figure."""
    return {
        State.CONNECTS: "not measured",
        State.FAILS: "not measured: never connected",
        State.DEAD: "not measured: never started",
        State.MUTE: "not measured: offers no lookup",
    }[contact.state]


def _cell(comparison: Comparison | None, missing: dict[Side, str]) -> Cell:
    if comparison is None:
        return Cell(missing[Side.BEFORE], missing[Side.AFTER], Verdict.UNMEASURED)
    before, after = (
        missing[side] if value is None else _value(comparison.figure, value, calls)
        for side, value, calls in zip(Side, (comparison.before, comparison.after), comparison.calls, strict=True)
    )
    return Cell(before, after, comparison.verdict, change_of(comparison))


def _value(figure: Figure, value: float, calls: int) -> str:
    match figure:
        case Figure.FAILURES:
            return f"{count(value)} of {count(calls)}"
        case Figure.CONNECTIONS:
            return count(value)
        case Figure.P50 | Figure.P99:
            return milliseconds(value)
        case Figure.THROUGHPUT:
            return number(value)


def _failures(proof: Proof) -> Iterator[Failure]:
    for subject in proof.subjects:
        for side in Side:
            contact = proof.contact(subject.name, side)
            own = [s for s in proof.measurement.samples if s.service == subject.name and s.block.side is side]
            counted = Counter(s.reason or s.outcome for s in own if s.outcome is not Outcome.OK)
            if contact is not None and contact.state is not State.CONNECTS and not counted:
                yield Failure(subject.name, side, 0, 0, f"{contact.state}: {contact.reason}")
            for reason, calls in counted.most_common():
                yield Failure(subject.name, side, calls, len(own), reason)
