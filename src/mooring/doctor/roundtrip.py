"""How long the server takes to answer."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

from mooring.doctor.diagnosis import Look
from mooring.doctor.wire import Refusal, Wire

__all__ = ["PINGS", "histogram", "measure", "percentile"]

PINGS = 100
_BOUNDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 1000.0)
"""Upper bounds of the histogram's classes, in milliseconds."""


def measure(wire: Wire, timeout: float) -> Look:
    """Send a hundred pings, one after the other, or as many as the time allows. Raises WireError as `ask` does."""
    took: list[float] = []
    end = time.monotonic() + timeout / 2
    while len(took) < PINGS and (not took or time.monotonic() < end):
        began = time.perf_counter()
        try:
            wire.ask("PING")
        except Refusal as refusal:
            if refusal.code != "NOPERM":
                raise
            return Look("not for this user")
        took.append((time.perf_counter() - began) * 1000)
    figures = {
        "min": min(took),
        "p50": percentile(took, 50),
        "p99": percentile(took, 99),
        "max": max(took),
    }
    summary = f"{len(took)} pings, ms: " + ", ".join(f"{name} {value:.2f}" for name, value in figures.items())
    rounded = {f"{name}_ms": round(value, 3) for name, value in figures.items()}
    return Look(summary, {"pings": len(took), **rounded, "histogram": histogram(took)})


def percentile(values: Sequence[float], percent: int) -> float:
    """The smallest value that at least `percent` of all are not above."""
    return sorted(values)[math.ceil(len(values) * percent / 100) - 1]


def histogram(values: Sequence[float]) -> dict[str, int]:
    """How many values are in each class, by its upper bound; classes without any are left out."""
    counts: dict[str, int] = {}
    for value in sorted(values):
        bound = next((f"{bound:g}" for bound in _BOUNDS if value <= bound), "more")
        counts[bound] = counts.get(bound, 0) + 1
    return counts
