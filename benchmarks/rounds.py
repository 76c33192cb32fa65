"""Interleaved rounds: each way once a round, in turn, so that a noisy neighbour hits them alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

__all__ = ["Comparison", "compare", "compare_all", "comparison", "interleaved"]

T = TypeVar("T")


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
    """Run the two `ways`, which return seconds, in turn; the ratio is the first's cost over the second's."""
    return comparison(title, interleaved(ways, rounds))


def compare_all(title: str, ways: Mapping[str, Callable[[], float]], rounds: int) -> list[Comparison]:
    """Run all `ways`, which return seconds, in turn; each ratio is the first's cost over another's."""
    taken = interleaved(ways, rounds)
    first, *others = ways
    return [comparison(title, {name: taken[name] for name in (first, other)}) for other in others]


def interleaved(ways: Mapping[str, Callable[[], T]], rounds: int) -> dict[str, list[T]]:
    """Run all `ways` in turn, and list what each returned in each round.

    One round more than `rounds` is run: the first warms all of them up and does not count.
    """
    taken: dict[str, list[T]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, way in list(ways.items())[:: 1 if turn % 2 else -1]:
            result = way()
            if turn:
                taken[name].append(result)
    return taken


def comparison(title: str, taken: Mapping[str, Sequence[float]]) -> Comparison:
    """Compare the seconds that two ways took in the same rounds."""
    ratios = [a / b for a, b in zip(*taken.values(), strict=True)]
    return Comparison(
        title, {name: median(each) for name, each in taken.items()}, median(ratios), min(ratios), max(ratios)
    )


def _readable(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.2f} {unit}"
    return f"{seconds / 1e-6:.1f} us"
