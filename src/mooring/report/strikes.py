"""What faults did, in words and rounded figures. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from mooring.prove import Comparison, Figure, Proof, Scenario, Side
from mooring.report.cells import Cell, cell_of, milliseconds, missing_in

__all__ = ["Strike", "strikes"]

_SETTLED = 0.2
"""Seconds without a failure at the end of a window, below which nobody can say that an outage was over."""


@dataclass(frozen=True, slots=True)
class Strike:
    """What a fault did to one service: failed calls, and the outage in milliseconds."""

    service: str
    fault: Scenario
    failed: Cell
    outage: Cell


def strikes(proof: Proof) -> Iterator[Strike]:
    """In the order of the faults, so that services can be held against each other."""
    for fault in proof.load.faults:
        for subject in proof.subjects:
            own = {c.figure: c for c in proof.comparisons if (c.service, c.scenario) == (subject.name, fault)}
            if own:
                missing = {
                    side: missing_in(contact)
                    for side in Side
                    if (contact := proof.contact(subject.name, side)) is not None
                }
                failed, outage = (cell_of(own[figure], missing) for figure in (Figure.FAILURES, Figure.OUTAGE))
                yield Strike(
                    subject.name, fault, failed, _bounded(outage, own[Figure.OUTAGE], proof.load.fault_seconds)
                )


def _bounded(cell: Cell, comparison: Comparison, seconds: float) -> Cell:
    """Calls that still failed at the end of the window may have gone on failing."""
    before, after = (
        f"over {milliseconds(seconds)}" if value is not None and value >= seconds - _SETTLED else text
        for text, value in zip((cell.before, cell.after), (comparison.before, comparison.after), strict=True)
    )
    return replace(cell, before=before, after=after)
