"""The changes of a run on the disk: those that one fix made of several files stand or go together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mooring.audit.fixer.disk import revert, write
from mooring.audit.fixer.outcome import Applied, Change, Failure, Fate

__all__ = ["Group", "Rollout", "grouped"]


@dataclass(frozen=True, eq=False, slots=True)
class Group:
    """Changes that share a fix; most often a single one."""

    changes: tuple[Change, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that it changes."""
        return tuple(change.path for change in self.changes)


def grouped(changes: Iterable[Change]) -> list[Group]:
    """The changes, with those together that share a fix, also by way of others."""
    home: dict[Applied, list[Change]] = {}
    members: list[list[Change]] = []
    for change in changes:
        joined = [change]
        for other in {id(home[made]): home[made] for made in change.applied if made in home}.values():
            joined += other
            members = [group for group in members if group is not other]
        members.append(joined)
        home |= {made: joined for one in joined for made in one.applied}
    return [Group(tuple(sorted(group, key=lambda change: change.path))) for group in members]


class Rollout:
    """Puts groups of changes on the disk and takes them back; `failures` tells by path why a change does not stand.

    What changes for the sake of fixed code, such as a dependency file, goes where none of the fixes stands.
    """

    def __init__(self, changes: Iterable[Change]) -> None:
        self.groups = grouped(changes)
        self._fixes = any(map(_is_fixed, self.groups))
        self.standing: list[Group] = []
        self.failures: dict[str, Failure] = {}

    @property
    def changes(self) -> list[Change]:
        """The changes that stand."""
        return [change for group in self.standing for change in group.changes]

    def show(self, wanted: Iterable[Group]) -> None:
        """Have the `wanted` groups on the disk and no others; those that cannot be written are given up."""
        target = set(wanted)
        for group in [group for group in self.standing if group not in target]:
            self._take_back(group)
        for group in [group for group in self.groups if group in target and group not in self.standing]:
            if group in self.groups:
                self._put(group)

    def undo(self, faults: Mapping[str, str]) -> None:
        """Take back for good the groups that hold a file of `faults`, which tells what is wrong by path."""
        for group in [group for group in self.groups if not faults.keys().isdisjoint(group.paths)]:
            if group not in self.groups:
                continue  # it went with the last fix
            if group in self.standing:
                self._take_back(group)
            known = [path for path in group.paths if path in faults]
            self._give_up(group, {path: Failure(path, faults[path], Fate.UNDONE) for path in known})

    def clear(self) -> None:
        """Take everything back, whatever was interrupted; what cannot be is among the failures."""
        self.standing = []
        changes = [change for group in self.groups for change in group.changes]
        self.failures |= {failure.path: failure for failure in revert(changes) if failure.path not in self.failures}

    def _put(self, group: Group) -> None:
        failures = {failure.path: failure for failure in write(group.changes)}
        if failures:
            written = [change for change in group.changes if change.path not in failures]
            self._note(revert(written))
            self._give_up(group, failures)
        else:
            self.standing.append(group)

    def _take_back(self, group: Group) -> None:
        self.standing.remove(group)
        self._note(revert(group.changes))

    def _give_up(self, group: Group, failures: Mapping[str, Failure]) -> None:
        self.groups.remove(group)
        culprits = [path for path in group.paths if path in failures]
        together = f"goes with {', '.join(culprits)}"
        self._note(failures.get(path, Failure(path, together, Fate.UNDONE)) for path in group.paths)
        if self._fixes and not any(map(_is_fixed, self.groups)):
            self._withdraw()

    def _withdraw(self) -> None:
        for group in list(self.standing):
            self._take_back(group)
        paths = [path for group in self.groups for path in group.paths]
        self._note(Failure(path, "no fix stands that it goes with", Fate.WITHDRAWN) for path in paths)
        self.groups = []

    def _note(self, failures: Iterable[Failure]) -> None:
        """Keep the first that is known of each file: that it could not be taken back weighs most, and comes first."""
        for failure in failures:
            self.failures.setdefault(failure.path, failure)


def _is_fixed(group: Group) -> bool:
    """Whether a group is there for a fix, and not for what others fix."""
    return any(change.applied for change in group.changes)
