"""What lanes are held to."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.lanes.compare import LaneComparison
from benchmarks.lanes.matrix import CONCURRENT, THEIRS, Cell

__all__ = ["TARGETS", "Target"]

_GLIDE = "valkey-glide"
_NAMES = {"throughput": "throughput", "p99": "p99", "cpu": "CPU per command"}


@dataclass(frozen=True, slots=True)
class Target:
    """A bound on Mooring's ratio to another client; an upper one if `less` is better."""

    metric: str
    cell: Cell
    other: str
    bound: float
    less: bool = False

    def __str__(self) -> str:
        cell = self.cell
        special = [cell.way.upper()] if cell.way != Cell().way else []
        special += [cell.calls.upper()] if cell.calls != Cell().calls else []
        special += [f"{cell.size // 1024} KB"] if cell.size != Cell().size else []
        where = ", ".join([f"{cell.concurrent} at once", *special])
        return f"{_NAMES[self.metric]} / {self.other}, {where}"

    def value(self, comparison: LaneComparison) -> float:
        """What is bounded."""
        value: float = getattr(comparison.ratios, self.metric)
        return value

    def met(self, value: float) -> bool:
        """Tell whether the bound is kept."""
        return value <= self.bound if self.less else value >= self.bound


def _targets() -> Iterator[Target]:
    for concurrent, bound in ((1, 1.0), (50, 8.0), (500, 15.0)):
        yield Target("throughput", Cell(concurrent=concurrent), THEIRS, bound)
    for concurrent, bound in ((1, 1.5), (50, 4.0), (500, 6.0)):
        yield Target("throughput", Cell(concurrent=concurrent), _GLIDE, bound)
    for concurrent, bound in ((1, 1.0), (50, 0.2), (500, 0.1)):
        yield Target("p99", Cell(concurrent=concurrent), THEIRS, bound, less=True)
    yield Target("cpu", Cell(concurrent=50), THEIRS, round(1 / 6, 3), less=True)
    for calls, concurrent in itertools.product(("get", "set"), CONCURRENT):
        yield Target("throughput", Cell(calls=calls, size=65536, concurrent=concurrent), THEIRS, 1.0)
    yield Target("throughput", Cell(way="tls"), THEIRS, 5.0)


TARGETS = tuple(_targets())
