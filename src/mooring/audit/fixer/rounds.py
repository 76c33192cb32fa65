"""Round after round: choose fixes that go together, make them, keep what stands the test, audit again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol

from mooring.audit.edits import Edit, Fix, Safety, apply, choose
from mooring.audit.edits.doubles import drop_doubles
from mooring.audit.edits.orphans import Policy, drop_orphans
from mooring.audit.edits.syntax import Syntax, parse
from mooring.audit.files import SourceFile
from mooring.audit.fixer.outcome import Applied, Change, Declined, FixOutcome, Left, Refused
from mooring.audit.fixer.verification import fault
from mooring.audit.project import Project
from mooring.audit.rewrite.exports import imported_elsewhere, is_inert
from mooring.audit.rule import Finding

__all__ = ["Audited", "Proposal", "applicable", "fix"]

MAX_ROUNDS = 10


class Audited(Protocol):
    """What the fixer needs to know of an audit."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong, each with its fix."""

    @property
    def project(self) -> Project:
        """The tree as this audit saw it."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A fix that is about to be made, and for which findings.

    `preview` works out what it alone would make of the files as they are by now.
    """

    fix: Fix
    findings: tuple[Finding, ...]
    preview: Callable[[], tuple[Change, ...]]


# An audit of the same tree in which the files of the mapping have the given contents.
Reaudit = Callable[[Mapping[str, bytes]], Audited]
Accept = Callable[[Proposal], bool]
Key = tuple[str, str]


@dataclass
class Progress:
    """What has become of the tree so far; nothing is on disk."""

    original: dict[str, SourceFile] = field(default_factory=dict)
    current: dict[str, SourceFile] = field(default_factory=dict)
    applied: dict[str, list[Applied]] = field(default_factory=dict)
    refused: dict[Key, Refused] = field(default_factory=dict)
    declined: dict[Key, Declined] = field(default_factory=dict)

    def contents(self) -> dict[str, bytes]:
        """The changed files as they would be written."""
        return {path: source.encode(source.text) for path, source in self.current.items()}

    def changes(self) -> tuple[Change, ...]:
        """The files that differ from what they were."""
        return tuple(
            Change(self.original[path], source.text, tuple(self.applied.get(path, ())))
            for path, source in sorted(self.current.items())
            if source.text != self.original[path].text
        )


def fix(
    first: Audited,
    again: Reaudit,
    *,
    unsafe: bool = False,
    rounds: int = MAX_ROUNDS,
    accept: Accept | None = None,
) -> FixOutcome:
    """Make every applicable fix of an audit, in memory, and those that come to light on the way.

    Safe fixes are made, unsafe ones too if `unsafe`; display-only ones never. `again` audits the tree with changed
    files. A fix whose result is broken is refused by itself; the others stay. At most `rounds` rounds are made.
    `accept` is asked about each fix before it is made, and one that it turns down is not proposed again.
    """
    progress, audit, made = Progress(), first, 0
    while made < rounds:
        findings = _applicable(audit.findings, progress, unsafe=unsafe)
        chosen = choose(dict.fromkeys(found for found, _ in findings))
        if not chosen:
            break
        if accept is not None:
            chosen = _wanted(progress, audit.project, chosen, findings, accept)
        accepted = _advance(progress, audit.project, chosen, findings)
        if accepted:
            made += 1
            audit = again(progress.contents())
    left = [Left(finding, _why_left(finding, progress, unsafe=unsafe)) for finding in audit.findings]
    refused, declined = tuple(progress.refused.values()), tuple(progress.declined.values())
    return FixOutcome(progress.changes(), refused, tuple(left), made, declined)


def applicable(finding: Finding, *, unsafe: bool) -> Fix | None:
    """The fix of a finding, if it is one that is made: a safe one, or an unsafe one if `unsafe`."""
    found = finding.problem.fix
    allowed = (Safety.SAFE, Safety.UNSAFE) if unsafe else (Safety.SAFE,)
    return found if found and found.safety in allowed else None


Applicable = list[tuple[Fix, Finding]]


def _applicable(findings: Iterable[Finding], progress: Progress, *, unsafe: bool) -> Applicable:
    settled = progress.refused.keys() | progress.declined.keys()
    return [
        (found, finding)
        for finding in findings
        if (found := applicable(finding, unsafe=unsafe)) and _key(finding) not in settled
    ]


def _key(finding: Finding) -> Key:
    return finding.fingerprint, finding.problem.fix.title if finding.problem.fix else ""


def _purposes(findings: Applicable) -> dict[Fix, list[Finding]]:
    purposes: dict[Fix, list[Finding]] = {}
    for found, finding in findings:
        purposes.setdefault(found, []).append(finding)
    return purposes


def _wanted(progress: Progress, project: Project, chosen: list[Fix], findings: Applicable, accept: Accept) -> list[Fix]:
    """The chosen fixes that `accept` takes; note the others."""
    purposes, wanted = _purposes(findings), []
    for found in chosen:
        if accept(Proposal(found, tuple(purposes[found]), partial(_preview, progress, project, found))):
            wanted.append(found)
        else:
            progress.declined |= {_key(finding): Declined(finding, found) for finding in purposes[found]}
    return wanted


def _preview(progress: Progress, project: Project, found: Fix) -> tuple[Change, ...]:
    """What one fix would make of each file that it touches."""
    changes = []
    for path, text in _edited(project, [found]).items():
        result = _result(progress, project, path, text)
        changes.append(Change(project.source(path), text if isinstance(result, str) else result.text, ()))
    return tuple(changes)


def _advance(progress: Progress, project: Project, chosen: list[Fix], findings: Applicable) -> list[Fix]:
    """Make the chosen fixes, one by one in the files that would not stand all of them; note what is refused."""
    rules = _purposes(findings)
    results = {path: _result(progress, project, path, text) for path, text in _edited(project, chosen).items()}
    broken = {path for path, result in results.items() if isinstance(result, str)}
    accepted = [found for found in chosen if not _paths(found) & broken]
    for found in [found for found in chosen if _paths(found) & broken]:
        near = [other for other in accepted if _paths(other) & _paths(found)]
        trial = _edited(project, [*near, found])
        reasons = [reason for path in sorted(_paths(found)) if (reason := fault(project.source(path), trial[path]))]
        if reasons:
            progress.refused.update({_key(finding): Refused(finding, found, reasons[0]) for finding in rules[found]})
        else:
            accepted.append(found)
    if broken:
        results = {path: _result(progress, project, path, text) for path, text in _edited(project, accepted).items()}
    for path, result in results.items():
        if isinstance(result, SourceFile):
            progress.original.setdefault(path, project.source(path))
            progress.current[path] = result
    for found in accepted:
        _note(progress, found, rules[found])
    return accepted


def _result(progress: Progress, project: Project, path: str, text: str) -> SourceFile | str:
    """A file with its new text and without the imports that its fixes left without a use, or what is wrong with it."""
    source = project.source(path)
    changed = replace(source, text=text)
    before, after = parse(progress.original.get(path, source)), parse(changed)
    if before is not None and after is not None:
        policy = Policy(partial(imported_elsewhere, project, path), partial(is_inert, project))
        tidy = _tidied(source, before, drop_doubles(before, after), policy)
        # What stands the test without an import stands it with it too: most files are tested once.
        if tidy is not None:
            return tidy
    return fault(source, text) or changed


def _tidied(source: SourceFile, before: Syntax, after: Syntax, policy: Policy) -> SourceFile | None:
    """A file without its orphaned imports, but with those whose absence leaves a name undefined; None if broken."""
    while True:
        tidy = drop_orphans(before, after, policy)
        if fault(source, tidy.text) is None:
            return tidy.source
        try:
            needed = tidy.undefined_names - after.undefined_names - policy.needed
        except SyntaxError:
            return None
        if not needed:
            return None
        policy = replace(policy, needed=policy.needed | needed)


def _paths(found: Fix) -> set[str]:
    return {edit.path for edit in found.edits}


def _edited(project: Project, fixes: Iterable[Fix]) -> dict[str, str]:
    edits: dict[str, list[Edit]] = {}
    for found in fixes:
        for edit in found.edits:
            edits.setdefault(edit.path, []).append(edit)
    return {path: apply(project.source(path).text, changes) for path, changes in edits.items()}


def _note(progress: Progress, found: Fix, findings: Sequence[Finding]) -> None:
    first = findings[0].problem
    rules = tuple(dict.fromkeys(finding.rule for finding in findings))
    marks = tuple(finding.fingerprint for finding in findings)
    applied = Applied(first.path, first.span.line, rules, found.title, marks)
    for path in dict.fromkeys(edit.path for edit in found.edits):
        progress.applied.setdefault(path, []).append(applied)


def _why_left(finding: Finding, progress: Progress, *, unsafe: bool) -> str:
    found = finding.problem.fix
    if found is None:
        return "no automatic fix"
    if _key(finding) in progress.refused:
        return progress.refused[_key(finding)].reason
    if _key(finding) in progress.declined:
        return f"declined: {found.title}"
    if found.safety is Safety.DISPLAY:
        return f"only a suggestion: {found.title}"
    if found.safety is Safety.UNSAFE and not unsafe:
        return f"its fix needs --unsafe: {found.title}"
    return "its fix did not settle"
