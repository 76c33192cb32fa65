"""Fixes a tree round by round, in memory, and judges each file after each round."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from mooring.audit.edits import Edit, Fix
from mooring.audit.engine import Audit, audit
from mooring.audit.fixer import Change, FixOutcome, Refused, fix
from mooring.audit.fixer.rounds import Proposal
from mooring.audit.options import Options

from .complaints import new_complaints
from .judgement import faults

__all__ = ["Course", "fix_tree"]

MOST_ROUNDS = 10
OPTIONS = Options(include_tests=True)


@dataclass
class Course:
    """What became of a tree: each changed file before and after all rounds, and everything that is wrong with it."""

    files: int = 0
    findings: int = 0
    fixes: int = 0
    changes: list[Change] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    left: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


def fix_tree(folder: Path, *, unsafe: bool) -> Course:
    """Fix what lies below `folder`, writing nothing."""

    def look(contents: Mapping[str, bytes]) -> Audit:
        return audit([folder], root=folder, options=OPTIONS, overlay=contents)

    overlay: dict[str, bytes] = {}
    changes: dict[str, Change] = {}
    refused: dict[str, Refused] = {}
    seen = look(overlay)
    course = Course(seen.python_files, len(seen.findings))
    for _ in range(MOST_ROUNDS):
        audits, proposed = [seen], list[Fix]()

        def proposed_too(proposal: Proposal, proposed: list[Fix] = proposed) -> bool:
            proposed.append(proposal.fix)
            return True

        def look_again(contents: Mapping[str, bytes], audits: list[Audit] = audits) -> Audit:
            audits.append(look({**overlay, **contents}))
            return audits[-1]

        outcome = fix(seen, look_again, unsafe=unsafe, rounds=1, accept=proposed_too)
        refused.update({one.finding.fingerprint: one for one in outcome.refused})
        if not outcome.changes:
            course.left.update(_kind(left.reason) for left in outcome.left)
            break
        _judge(course, outcome, proposed)
        for change in outcome.changes:
            earlier = changes.get(change.path, replace(change, applied=()))
            changes[change.path] = replace(earlier, text=change.text, applied=(*earlier.applied, *change.applied))
            overlay[change.path] = change.source.encode(change.text)
        course.fixes += len({applied for change in outcome.changes for applied in change.applied})
        seen = audits[-1]
    else:
        course.faults.append(f"the fixes did not settle in {MOST_ROUNDS} rounds")
    course.changes = [change for _, change in sorted(changes.items())]
    course.refused = [f"{one.finding.problem.path}: {one.reason}" for one in refused.values()]
    modules = [change for change in course.changes if change.path.endswith(".py")]
    before, after = ({c.path: c.source.text for c in modules}, {c.path: c.text for c in modules})
    course.faults += [f"{path}: {complaint}" for path, complaint in new_complaints(before, after)]
    return course


def _judge(course: Course, outcome: FixOutcome, proposed: Iterable[Fix]) -> None:
    refused = {one.fix for one in outcome.refused}
    edits: dict[str, list[Edit]] = {}
    for made in proposed:
        for edit in made.edits if made not in refused else ():
            edits.setdefault(edit.path, []).append(edit)
    for change in outcome.changes:
        if change.path.endswith(".py"):
            found = faults(change.source, edits[change.path], change.text)
            course.faults += [f"{change.path}: {fault}" for fault in found]


def _kind(reason: str) -> str:
    """A reason without the particulars of its place."""
    return re.sub(r"; it has no .*|the result uses .*", "…", reason)
