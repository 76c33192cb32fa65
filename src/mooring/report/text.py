"""The audit for people: findings by service with the code they are about, then a table."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from mooring.audit.edits import Safety
from mooring.audit.engine import Audit
from mooring.audit.facts import Confidence, Service, Span, Unreadable
from mooring.audit.files import SourceFile
from mooring.audit.rule import Finding, Severity
from mooring.report.redaction import Redactor
from mooring.report.tally import RuleCount, affected, by_rule, by_service, counted

__all__ = ["render"]

CONTEXT = 2
LONGEST_FRAME = 12
WIDEST_LINE = 160
UNREADABLE_SHOWN = 5
RED, GREEN, YELLOW, BLUE, BOLD, DIM = "31", "32", "33", "34", "1", "2"
SEVERITY_COLORS = {Severity.ERROR: RED, Severity.WARNING: YELLOW, Severity.INFO: BLUE}
SAFETY_NOTES = {Safety.SAFE: "", Safety.UNSAFE: " (needs --unsafe)", Safety.DISPLAY: " (a suggestion, not applied)"}


def render(audit: Audit, sources: Callable[[str], SourceFile], color: bool) -> str:
    """The audit as text that ends in a newline; `color` adds ANSI codes. Secrets are masked."""
    return "\n".join(_Page(audit, sources, color=color).lines()) + "\n"


class _Page:
    """The lines of one report."""

    def __init__(self, audit: Audit, sources: Callable[[str], SourceFile], *, color: bool) -> None:
        self.audit = audit
        self.sources = sources
        self.color = color
        self.redact = Redactor.of(audit.sites)

    def lines(self) -> Iterator[str]:
        """Every line, from the first finding to the totals."""
        for service, findings in by_service(self.audit.services, self.audit.findings):
            yield self.paint(_heading(service), BOLD)
            yield ""
            for _, group in groupby(findings, key=lambda finding: (finding.problem.path, finding.problem.span)):
                yield from self.place(list(group))
                yield ""
        if self.audit.unreadable:
            yield from self.unreadable(self.audit.unreadable)
            yield ""
        counts = by_rule(self.audit.findings)
        if counts:
            yield from self.table(counts)
            yield ""
        yield from self.totals()

    def place(self, findings: Sequence[Finding]) -> Iterator[str]:
        """All findings at one place, above its code."""
        for finding in findings:
            yield from self.finding(finding)
        problem = findings[0].problem
        yield from self.frame(self.sources(problem.path), problem.span)
        for remedy in dict.fromkeys(finding.problem.remedy for finding in findings):
            yield f"    {self.paint('remedy:', BOLD)} {self.clean(remedy)}"
        fixes = [fix for finding in findings if (fix := finding.problem.fix)]
        for fix in dict.fromkeys(fixes):
            note = SAFETY_NOTES[fix.safety]
            yield f"    {self.paint('fix:', GREEN)} {self.clean(fix.title)}{note}"
        if not fixes:
            yield f"    {self.paint('fix:', DIM)} none that is automatic"

    def finding(self, finding: Finding) -> Iterator[str]:
        """Where, which rule, how bad, and what is wrong."""
        problem = finding.problem
        where = f"{_printable(problem.path)}:{problem.span.line}:{problem.span.column}"
        severity = self.paint(str(finding.severity), SEVERITY_COLORS[finding.severity])
        doubt = " (low confidence)" if problem.confidence is Confidence.LOW else ""
        yield f"  {where} {self.paint(finding.rule, BOLD)} {severity} {finding.name}{doubt}"
        yield f"    {self.clean(problem.message)}"
        for related in problem.related:
            yield f"    {_printable(related.path)}:{related.span.line}: {self.clean(related.message)}"

    def frame(self, source: SourceFile, span: Span) -> Iterator[str]:
        """The lines around a span, with carets under it."""
        last = min(span.end_line, span.line + LONGEST_FRAME)
        first_shown = max(1, span.line - CONTEXT)
        last_shown = min(len(source.starts), last + CONTEXT)
        width = len(str(last_shown))
        for number in range(first_shown, last_shown + 1):
            line = source.line(number)
            inside = span.line <= number <= last
            mark = self.paint(">", RED) if inside else " "
            shown = self.clean(line)[:WIDEST_LINE]
            yield f"    {mark} {self.paint(f'{number:>{width}} |', DIM)} {shown}".rstrip()
            if inside:
                start = span.column - 1 if number == span.line else len(line) - len(line.lstrip())
                end = span.end_column - 1 if number == span.end_line else len(line.rstrip())
                carets = self.carets(line, start, end)
                if carets:
                    yield f"      {' ' * width} {self.paint('|', DIM)} {carets}"

    def carets(self, line: str, start: int, end: int) -> str:
        """Carets under the columns `start` to `end` (from 0) of a line, as far as it is shown."""
        lead = self.clean(line[:start])
        marked = self.clean(line[start:end])
        room = WIDEST_LINE - len(lead)
        if room <= 0 or not marked:
            return ""
        indent = "".join("\t" if character == "\t" else " " * _cells(character) for character in lead)
        return indent + self.paint("^" * sum(map(_cells, marked[:room])), RED)

    def unreadable(self, files: Sequence[Unreadable]) -> Iterator[str]:
        """The files that could not be audited, in short."""
        yield self.paint(f"{counted(len(files), 'file')} could not be read, or not in full", YELLOW)
        for file in files[:UNREADABLE_SHOWN]:
            line = "" if file.line is None else f":{file.line}"
            yield f"  {_printable(file.path)}{line}: {self.clean(file.reason)}"
        if len(files) > UNREADABLE_SHOWN:
            yield f"  … and {len(files) - UNREADABLE_SHOWN} more (all of them with --format json)"

    def table(self, counts: Sequence[RuleCount]) -> Iterator[str]:
        """One line per rule that was broken."""
        width = max(len(count.name) for count in counts)
        yield self.paint(f"{'rule':<6} {'name':<{width}} {'severity':<8} {'findings':>8} {'fixable':>8}", BOLD)
        for count in counts:
            severity = self.paint(f"{count.severity!s:<8}", SEVERITY_COLORS[count.severity])
            yield f"{count.code:<6} {count.name:<{width}} {severity} {count.findings:>8} {count.fixable:>8}"

    def totals(self) -> Iterator[str]:
        """What was read and what it came to."""
        audit = self.audit
        files = len({finding.problem.path for finding in audit.findings})
        found = f"{counted(len(audit.findings), 'finding')} in {counted(files, 'file')}"
        read = f"{counted(audit.python_files, 'Python file')} and {counted(audit.manifest_files, 'manifest')}"
        yield f"{found if audit.findings else 'No findings'}; looked at {read}."
        hit = len(affected(audit.services, audit.findings))
        yield self.paint(f"{hit} of {len(audit.services)} services affected", RED if hit else GREEN)

    def clean(self, text: str) -> str:
        """`text` without secrets, and without characters that would steer a terminal."""
        return _printable(self.redact(text))

    def paint(self, text: str, code: str) -> str:
        """`text` in a colour, if there are colours."""
        return f"\033[{code}m{text}\033[0m" if self.color else text


def _heading(service: Service | None) -> str:
    if service is None:
        return "outside any service"
    return f"service {_printable(service.name)} ({service.kind}, {_printable(service.path)})"


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() or character == "\t" else "�" for character in text)


def _cells(character: str) -> int:
    """How many cells of a terminal a character takes."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
