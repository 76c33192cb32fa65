"""Which of many changes break a check that tells of all of them together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mooring.audit.fixer.rollout import Group

__all__ = ["Bisection", "bisect"]


def bisect(groups: Sequence[Group], passes: Callable[[Sequence[Group]], bool], runs: int) -> Bisection:
    """Tell apart `groups`, of which it is known that all of them together do not pass, and that none at all pass.

    Halves are added to what is known to pass, and halved again where they spoil it, so that the good groups pass as a
    whole, as they were tried. `passes` is asked `runs` times at most.
    """
    bisection = Bisection(passes, runs)
    bisection.add(groups, spoils=True)
    return bisection


@dataclass(slots=True)
class Bisection:
    """The groups that pass together, those that spoil it, and those that there was no run left to try."""

    passes: Callable[[Sequence[Group]], bool]
    runs: int
    good: list[Group] = field(default_factory=list)
    broken: list[Group] = field(default_factory=list)
    untried: list[Group] = field(default_factory=list)

    def add(self, part: Sequence[Group], *, spoils: bool) -> None:
        """Add what can be added of `part` to what is good; `spoils` says that it is known not to go as a whole."""
        if not spoils:
            if not self.runs:
                self.untried += part
                return
            self.runs -= 1
            if self.passes([*self.good, *part]):
                self.good += part
                return
        if len(part) == 1:
            self.broken += part
            return
        middle, good = len(part) // 2, len(self.good)
        self.add(part[:middle], spoils=False)
        # Where the first half stands as a whole, the second was tried on top of it already, and does not go.
        self.add(part[middle:], spoils=len(self.good) == good + middle)
