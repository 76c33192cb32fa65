"""Fixes a small tree in memory, and works out what is to change around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mooring.audit.engine import Audit, audit
from mooring.audit.fixer import Change, FixOutcome, fix, write
from mooring.audit.options import DEFAULT_TARGET, Options, Target
from mooring.audit.surroundings import Disk, Notice, surroundings
from mooring.audit.walk import walk
from mooring.report.redaction import Redactor

from .tree import Tree

__all__ = ["Surroundings", "around", "settle"]


@dataclass(frozen=True)
class Surroundings:
    """What fixing came to, the changes around it by path, and what is told."""

    outcome: FixOutcome
    changes: Mapping[str, Change]
    notices: tuple[Notice, ...]


def around(
    tree: Tree, files: Mapping[str, str | bytes], *, unsafe: bool = False, target: Target | None = None
) -> Surroundings:
    """Write the files and fix them, without writing the result."""
    tree.write(files)
    options = Options(target=target or DEFAULT_TARGET)

    def look(overlay: Mapping[str, bytes]) -> Audit:
        return audit([tree.folder], root=tree.folder, options=options, overlay=overlay)

    first = look({})
    outcome = fix(first, look, unsafe=unsafe)
    paths = list(walk(tree.folder, [tree.folder]))
    changes, notices = surroundings(first, outcome, Disk.at(tree.folder), paths, Redactor.of(first.sites))
    return Surroundings(outcome, {one.path: one for one in changes}, notices)


def settle(tree: Tree, files: Mapping[str, str | bytes], *, unsafe: bool = False) -> dict[str, Change]:
    """Write the files, fix them and what is around them, and give back the changes around them, now written."""
    found = around(tree, files, unsafe=unsafe)
    assert not write(found.outcome.changes)
    for change in found.changes.values():
        change.source.location.write_bytes(change.after)
    return dict(found.changes)
