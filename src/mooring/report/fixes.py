"""What fixing did to each file, what it left and why, for people; and what it would do, and what was undone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from mooring.audit.fixer import Change, Execution, Failure, Fate, FixOutcome, Left, Undone
from mooring.audit.rule import Finding
from mooring.audit.surroundings.guide import GUIDE
from mooring.report.tally import counted

__all__ = ["render", "render_failure", "render_intended", "render_undone"]

Clean = Callable[[str], str]


def render(outcome: FixOutcome, execution: Execution, clean: Clean) -> str:
    """The outcome as text that ends in a newline, file by file; `clean` masks secrets."""
    failures = {failure.path: failure for failure in execution.failures}
    changes = {change.path: change for change in outcome.changes}
    left: dict[str, list[Left]] = {}
    for one in outcome.left:
        left.setdefault(one.finding.problem.path, []).append(one)
    refused = {(one.finding.fingerprint, one.finding.rule) for one in outcome.refused}
    lines = []
    for path in sorted(changes.keys() | left.keys()):
        lines.append(path)
        if path in failures:
            lines.append(f"  {failures[path].fate}: {failures[path].reason}")
        elif path in changes:
            lines += _made(changes[path], "fixed  ", "created" if changes[path].created else "updated")
        lines += [_left(one, refused) for one in left.get(path, ())]
        lines.append("")
    written = [change for path, change in changes.items() if path not in failures]
    return clean("\n".join([*lines, *_totals(written, outcome.left), *_advice(written, execution)])) + "\n"


def render_intended(outcome: FixOutcome, clean: Clean) -> str:
    """What would be done, file by file."""
    lines = []
    for change in outcome.changes:
        word = "would create" if change.created else "would update"
        lines += [change.path, *_made(change, "would fix", word), ""]
    return clean("\n".join([*lines, *_totals(outcome.changes, outcome.left, would="would be ")])) + "\n"


def render_failure(failure: Failure) -> str:
    """A change that does not stand, in a line."""
    fate = "" if failure.fate is Fate.NOT_WRITTEN else f"{failure.fate}: "
    return f"{failure.path}: {fate}{failure.reason}"


def render_undone(undone: Undone) -> str:
    """What undoing a run came to, in lines."""
    root = undone.run.root
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(undone.run.when))
    files = counted(len(undone.restored), "file")
    lines = [*(f"restored {_below(root, path)}" for path in undone.restored)]
    lines += [f"left     {_below(root, Path(failure.path))}: {failure.reason}" for failure in undone.left]
    lines.append(f"{files} as before the run of {when} in {root}; {counted(len(undone.left), 'file')} left.")
    if undone.kept is not None:
        lines.append(f"What was left held before that run is in {undone.kept}.")
    return "\n".join(lines) + "\n"


def _made(change: Change, fixed: str, touched: str) -> Iterator[str]:
    for made in change.applied:
        yield f"  {fixed} line {made.line}: {made.title} ({', '.join(made.rules)})"
    if not change.applied:
        yield f"  {touched}"


def _left(one: Left, refused: set[tuple[str, str]]) -> str:
    finding = one.finding
    word = "refused" if (finding.fingerprint, finding.rule) in refused else "left   "
    return f"  {word} line {finding.problem.span.line}: {_named(finding)}: {one.reason}"


def _named(finding: Finding) -> str:
    return f"{finding.rule} {finding.name}"


def _totals(changes: Sequence[Change], left: Sequence[Left], would: str = "") -> Iterator[str]:
    fixes = sum(len(change.applied) for change in changes)
    done = f"{would}made" if would else ""
    yield (
        f"{counted(fixes, 'fix', 'fixes')} {f'{done} ' if done else ''}in {counted(len(changes), 'file')}; "
        f"{counted(len(left), 'finding')} {would}left."
    )


def _advice(written: Sequence[Change], execution: Execution) -> Iterator[str]:
    if execution.absent:
        yield f"Fixed code imports what is not installed here, so not checked: {', '.join(sorted(execution.absent))}."
    if any(change.path == GUIDE for change in written):
        yield f"{GUIDE} says which variables the fixed code reads, and what is left for a person."
    elif any(change.applied and "mooring" in change.text for change in written):
        yield "Fixed code imports mooring: add it to what each fixed service installs, and set REDIS_URL where it runs."
    if written:
        yield "`mooring fix --undo` puts everything back."


def _below(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
