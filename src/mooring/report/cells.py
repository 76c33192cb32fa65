"""Figures as text: a cell of a table, with what may be said of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from mooring.prove import Comparison, Contact, Figure, Side, State, Verdict

__all__ = ["Cell", "cell_of", "change_of", "count", "milliseconds", "missing_in", "number"]


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure of one service on both sides, as text, and what may be said of it."""

    before: str
    after: str
    verdict: Verdict
    change: str = ""


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
    if comparison.figure is Figure.OUTAGE:
        value, low, high = (f"{1000 * part:+,.0f}" for part in parts)
        return f"{value} ms ({low} to {high})"
    if comparison.figure in {Figure.FAILURES, Figure.CONNECTIONS}:
        value, low, high = (f"{100 * part:+.1f}" for part in parts)
        return f"{value} in 100 calls ({low} to {high})"
    value, low, high = (f"{100 * (part - 1):+,.0f}" for part in parts)
    return f"{value} % ({low} to {high})"


def missing_in(contact: Contact) -> str:
    """What stands where there is no figure."""
    return {
        State.CONNECTS: "not measured",
        State.FAILS: "not measured: never connected",
        State.DEAD: "not measured: never started",
        State.MUTE: "not measured: offers no lookup",
    }[contact.state]


def cell_of(comparison: Comparison | None, missing: dict[Side, str]) -> Cell:
    """The cell of a comparison; `missing` stands where a side has no figure."""
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
        case Figure.P50 | Figure.P99 | Figure.OUTAGE:
            return milliseconds(value)
        case Figure.THROUGHPUT:
            return number(value)
