"""Findings as people read them on a page: grouped by service, each with the lines of code that it is about. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mooring.audit.edits import Safety
from mooring.audit.engine import Audit
from mooring.audit.rule import Finding
from mooring.report.characters import printable
from mooring.report.tally import by_service

__all__ = ["Frame", "FrameLine", "framed"]

_CONTEXT = 2
_LONGEST = 12
_WIDEST = 160
_NOTES = {Safety.SAFE: "", Safety.UNSAFE: " (needs --unsafe)", Safety.DISPLAY: " (a suggestion, not applied)"}
_OUTSIDE = "outside any service"


@dataclass(frozen=True, slots=True)
class FrameLine:
    """A line of code; `marked` where the finding is."""

    number: int
    text: str
    marked: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """One finding in words, with its code; `fix` is empty where none is automatic."""

    rule: str
    name: str
    severity: str
    place: str
    message: str
    remedy: str
    fix: str
    lines: tuple[FrameLine, ...]


def framed(audit: Audit, redact: Callable[[str], str], most: int) -> tuple[list[tuple[str, list[Frame]]], int]:
    """The first `most` findings by the name of their service, and how many are left out. Secrets are masked."""
    groups: list[tuple[str, list[Frame]]] = []
    room = most
    for service, findings in by_service(audit.services, audit.findings):
        taken = [_frame(audit, finding, redact) for finding in findings[:room]]
        room -= len(taken)
        if taken:
            groups.append((printable(service.name) if service else _OUTSIDE, taken))
    return groups, len(audit.findings) - (most - room)


def _frame(audit: Audit, finding: Finding, redact: Callable[[str], str]) -> Frame:
    problem = finding.problem
    fix = problem.fix
    return Frame(
        finding.rule,
        finding.name,
        str(finding.severity),
        f"{printable(problem.path)}:{problem.span.line}",
        printable(redact(problem.message)),
        printable(redact(problem.remedy)),
        printable(redact(fix.title)) + _NOTES[fix.safety] if fix else "",
        tuple(_lines(audit, finding, redact)),
    )


def _lines(audit: Audit, finding: Finding, redact: Callable[[str], str]) -> Iterator[FrameLine]:
    span = finding.problem.span
    source = audit.source(finding.problem.path)
    last = min(span.end_line, span.line + _LONGEST)
    for number in range(max(1, span.line - _CONTEXT), min(len(source.starts), last + _CONTEXT) + 1):
        text = printable(redact(source.line(number)))[:_WIDEST]
        yield FrameLine(number, text, span.line <= number <= last)
