"""Samples in, ratios out: one client against redis-py in one cell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, dataclass
from statistics import median, quantiles

from benchmarks.lanes.matrix import THEIRS, Cell
from benchmarks.lanes.record import Sample, Taken

__all__ = ["LaneComparison", "against", "compared"]


@dataclass(frozen=True, slots=True)
class LaneComparison:
    """One client over another: the medians of the ratios of the rounds, and its own medians.

    `quartiles` are those of the ratio of throughput.
    """

    cell: Cell
    client: str
    ratios: Sample
    quartiles: tuple[float, float]
    own: Sample

    def __str__(self) -> str:
        """One line of the table."""
        ratio, own = self.ratios, self.own
        return (
            f"{self.cell!s:38} {self.client:18} {ratio.throughput:6.2f}x [{self.quartiles[0]:.2f} to"
            f" {self.quartiles[1]:.2f}]  p50 {ratio.p50:.2f}  p99 {ratio.p99:.2f}  CPU {ratio.cpu:.3f}"
            f"   ({own.throughput:,.0f}/s, p50 {own.p50:,.0f} us, p99 {own.p99:,.0f} us, CPU {own.cpu:.1f} us)"
        )


def compared(taken: Taken) -> Iterator[LaneComparison]:
    """Compare each client, redis-py too, with redis-py."""
    for client in taken.samples:
        comparison = against(taken, client, THEIRS)
        if comparison is not None:
            yield comparison


def against(taken: Taken, client: str, other: str) -> LaneComparison | None:
    """Compare two clients, round by round; None where one of them was not measured."""
    if client not in taken.samples or other not in taken.samples:
        return None
    samples = [astuple(sample) for sample in taken.samples[client]]
    theirs = [astuple(sample) for sample in taken.samples[other]]
    rounds = [[a / b for a, b in zip(*pair, strict=True)] for pair in zip(samples, theirs, strict=True)]
    columns = list(zip(*rounds, strict=True))
    throughput = columns[0]
    low, _, high = quantiles(throughput, n=4, method="inclusive") if len(throughput) > 1 else throughput * 3
    own = Sample(*(median(column) for column in zip(*samples, strict=True)))
    return LaneComparison(taken.cell, client, Sample(*map(median, columns)), (low, high), own)
