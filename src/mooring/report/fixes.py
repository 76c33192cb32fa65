"""What fixing did to each file, what it left and why, for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from mooring.audit.fixer import Failure, FixOutcome
from mooring.audit.rule import Finding
from mooring.report.tally import counted

__all__ = ["render"]


def render(outcome: FixOutcome, failures: Sequence[Failure], clean: Callable[[str], str]) -> str:
    """The outcome as text that ends in a newline, file by file; `clean` masks secrets."""
    failed = {failure.path: failure.reason for failure in failures}
    lines = [line for path in _paths(outcome) for line in _file(outcome, path, failed.get(path))]
    return clean("\n".join([*lines, *_totals(outcome, failures)])) + "\n"


def _paths(outcome: FixOutcome) -> list[str]:
    changed = {change.path for change in outcome.changes}
    return sorted(changed | {left.finding.problem.path for left in outcome.left})


def _file(outcome: FixOutcome, path: str, failure: str | None) -> Iterator[str]:
    yield path
    if failure is not None:
        yield f"  not written: {failure}"
    for change in outcome.changes:
        if change.path == path and failure is None:
            for applied in change.applied:
                yield f"  fixed   line {applied.line}: {applied.title} ({', '.join(applied.rules)})"
    refused = {(one.finding.fingerprint, one.finding.rule) for one in outcome.refused}
    for left in outcome.left:
        finding = left.finding
        if finding.problem.path == path:
            word = "refused" if (finding.fingerprint, finding.rule) in refused else "left   "
            yield f"  {word} line {finding.problem.span.line}: {_named(finding)}: {left.reason}"
    yield ""


def _named(finding: Finding) -> str:
    return f"{finding.rule} {finding.name}"


def _totals(outcome: FixOutcome, failures: Sequence[Failure]) -> Iterator[str]:
    failed = {failure.path for failure in failures}
    written = [change for change in outcome.changes if change.path not in failed]
    fixes = sum(len(change.applied) for change in written)
    yield f"{counted(fixes, 'fix', 'fixes')} in {counted(len(written), 'file')}; " + (
        f"{counted(len(outcome.left), 'finding')} left."
    )
    if written:
        yield "Fixed code imports mooring: add it to what each fixed service installs, and set REDIS_URL where it runs."
