"""Whether what was written holds what it promised, by looking at the disk once more."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mooring.audit.edits.syntax import Syntax, parse
from mooring.audit.fixer.disk import contents
from mooring.audit.fixer.outcome import Change, FixOutcome
from mooring.audit.fixer.resolution import Whereabouts, added_imports, whereabouts
from mooring.audit.fixer.rounds import Audited, applicable
from mooring.audit.rule import Finding

__all__ = ["Inspection", "inspect"]

CODE = (".py", ".pyi")


@dataclass(frozen=True, slots=True)
class Inspection:
    """What is wrong with written files, by path, and the imported modules that are not here, so not looked into."""

    faults: Mapping[str, str]
    absent: frozenset[str]


def inspect(
    changes: Sequence[Change], outcome: FixOutcome, root: Path, again: Callable[[], Audited], *, unsafe: bool
) -> Inspection:
    """Look at the `changes` that stand on the disk below `root`.

    Each file must hold what was written, parse, import nothing new that is not there, no longer have the findings that
    were fixed, and nothing that a second run would change. `again` audits the tree as it is.
    """
    importlib.invalidate_caches()
    absent: set[str] = set()
    faults = {change.path: reason for change in changes if (reason := _fault(change, root, absent))}
    findings = again().findings if changes else ()
    settled = {(one.finding.fingerprint, one.fix.title) for one in outcome.refused}
    settled |= {(one.finding.fingerprint, one.fix.title) for one in outcome.declined}
    later = [*_unmended(changes, findings, {mark for mark, _ in settled}), *_unsettled(findings, settled, unsafe)]
    written = {change.path for change in changes}
    for path, reason in later:
        if path in written:
            faults.setdefault(path, reason)
    return Inspection(faults, frozenset(absent))


def _fault(change: Change, root: Path, absent: set[str]) -> str | None:
    """What is wrong with a file on its own; modules that are not here go to `absent`."""
    try:
        held = contents(change.source.location)
    except OSError as error:
        return f"cannot be read again: {error.strerror or error}"
    if held != change.after:
        return "does not hold what was written"
    if not change.path.endswith(CODE):
        return None
    before, after = parse(change.source), parse(replace(change.source, text=change.text))
    return _import_fault(change, before, after, root, absent) if before and after else "does not parse"


def _import_fault(change: Change, before: Syntax, after: Syntax, root: Path, absent: set[str]) -> str | None:
    for wanted in added_imports(before.tree, after.tree):
        match whereabouts(wanted, change.source.location, root):
            case Whereabouts.MISSING:
                return f"imports {wanted}, which is not there"
            case Whereabouts.ELSEWHERE:
                absent.add(wanted.module)
    return None


def _unmended(changes: Sequence[Change], findings: Sequence[Finding], excepted: set[str]) -> Iterator[tuple[str, str]]:
    """The files in which a finding that was fixed is still there; not told of those with a like one that was not."""
    firing = {found.fingerprint: f"{found.rule} {found.name}" for found in findings}
    for change in changes:
        for made in change.applied:
            for mark in made.fingerprints:
                if mark in firing and mark not in excepted:
                    yield change.path, f"still has {firing[mark]}"


def _unsettled(findings: Sequence[Finding], settled: set[tuple[str, str]], unsafe: bool) -> Iterator[tuple[str, str]]:
    """The files that a second run would change."""
    for finding in findings:
        found = applicable(finding, unsafe=unsafe)
        if found is not None and (finding.fingerprint, found.title) not in settled:
            for path in dict.fromkeys(edit.path for edit in found.edits):
                yield path, f"would be changed again: {found.title}"
