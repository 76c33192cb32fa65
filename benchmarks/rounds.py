"""Interleaved rounds: each way once a round, in turn, so that a noisy neighbour hits them alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

__all__ = ["Comparison", "compare"]


@dataclass(frozen=True)
class Comparison:
    """What one way costs against another: medians in seconds, and the median of the ratios of the rounds."""

    title: str
    seconds: Mapping[str, float]
    ratio: float
    lowest: float
    highest: float

    def __str__(self) -> str:
        """One line of the table."""
        costs = ", ".join(f"{name} {_readable(seconds)}" for name, seconds in self.seconds.items())
        return f"{self.title:44} {self.ratio:8.2f}x  [{self.lowest:.2f} to {self.highest:.2f}]  {costs}"


def compare(title: str, ways: Mapping[str, Callable[[], float]], rounds: int) -> Comparison:
    """Run the two `ways`, which return seconds, in turn; the ratio is the first's cost over the second's.

    One round more than `rounds` is run: the first warms both up and does not count.
    """
    first, second = ways
    taken: dict[str, list[float]] = {first: [], second: []}
    for turn in range(rounds + 1):
        for name, way in list(ways.items())[:: 1 if turn % 2 else -1]:
            seconds = way()
            if turn:
                taken[name].append(seconds)
    ratios = [a / b for a, b in zip(taken[first], taken[second], strict=True)]
    return Comparison(title, {n: median(t) for n, t in taken.items()}, median(ratios), min(ratios), max(ratios))


def _readable(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.2f} {unit}"
    return f"{seconds / 1e-6:.1f} us"
