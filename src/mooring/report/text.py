"""The audit for people: findings by service with the code they are about, then resilience in short, then a table.

What family 5 finds is the same at many sites and seldom what somebody looks for. So it comes last, folded into one line
for each site, and counts as one finding there. It never outnumbers families 1 to 4: where more sites have such
findings, the gravest are shown and the number of the others is told. Where those families find nothing, all are shown.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from mooring.audit.edits import Safety
from mooring.audit.engine import Audit
from mooring.audit.facts import Confidence, Service, Span, Unreadable
from mooring.audit.files import SourceFile
from mooring.audit.rule import Finding, Severity
from mooring.report.characters import printable
from mooring.report.redaction import Redactor
from mooring.report.tally import RuleCount, affected, by_rule, by_service, counted, fixable

__all__ = ["render"]

CONTEXT = 2
LONGEST_FRAME = 12
WIDEST_LINE = 160
UNREADABLE_SHOWN = 5
RESILIENCE = "MR5"
OUTNUMBERED = ("MR1", "MR2", "MR3", "MR4")
RED, GREEN, YELLOW, BLUE, BOLD, DIM = "31", "32", "33", "34", "1", "2"
SEVERITY_COLORS = {Severity.ERROR: RED, Severity.WARNING: YELLOW, Severity.INFO: BLUE}
GRAVITY = list(Severity)
SAFETY_NOTES = {Safety.SAFE: "", Safety.UNSAFE: " (needs --unsafe)", Safety.DISPLAY: " (a suggestion, not applied)"}


def render(audit: Audit, *, color: bool) -> str:
    """The audit as text that ends in a newline; `color` adds ANSI codes. Secrets are masked."""
    return "\n".join(_Page(audit, color=color).lines()) + "\n"


class _Page:
    """The lines of one report."""

    def __init__(self, audit: Audit, *, color: bool) -> None:
        self.audit = audit
        self.color = color
        self.redact = Redactor.of(audit.sites, audit.secrets)
        self.findings = [finding for finding in audit.findings if not finding.rule.startswith(RESILIENCE)]
        self.folded = _folded(finding for finding in audit.findings if finding.rule.startswith(RESILIENCE))
        room = sum(finding.rule.startswith(OUTNUMBERED) for finding in self.findings)
        self.shown = self.folded[: room or None]

    def lines(self) -> Iterator[str]:
        """Every line, from the first finding to the totals."""
        for service, findings in by_service(self.audit.services, self.findings):
            yield self.paint(_heading(service), BOLD)
            yield ""
            for _, group in groupby(findings, key=lambda finding: (finding.problem.path, finding.problem.span)):
                yield from self.place(list(group))
                yield ""
        if self.shown:
            yield from self.resilience()
            yield ""
        if self.audit.unreadable:
            yield from self.unreadable(self.audit.unreadable)
            yield ""
        counts = self.counts()
        if counts:
            yield from self.table(counts)
            yield ""
        yield from self.totals()

    def place(self, findings: Sequence[Finding]) -> Iterator[str]:
        """All findings at one place, above its code."""
        for finding in findings:
            yield from self.finding(finding)
        problem = findings[0].problem
        yield from self.frame(self.audit.source(problem.path), problem.span)
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
        where = f"{printable(problem.path)}:{problem.span.line}:{problem.span.column}"
        severity = self.paint(str(finding.severity), SEVERITY_COLORS[finding.severity])
        yield f"  {where} {self.paint(finding.rule, BOLD)} {severity} {finding.name}{_doubt(finding)}"
        yield f"    {self.clean(problem.message)}"
        for related in problem.related:
            yield f"    {printable(related.path)}:{related.span.line}: {self.clean(related.message)}"

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

    def resilience(self) -> Iterator[str]:
        """What the sites leave off, one line each."""
        yield self.paint("resilience: what sites, or the releases that they run with, leave off", BOLD)
        for findings in self.shown:
            problem = findings[0].problem
            where = f"{printable(problem.path)}:{problem.span.line}:{problem.span.column}"
            severity = _gravest(findings)
            rules = ", ".join(f"{self.paint(finding.rule, BOLD)} {finding.name}" for finding in findings)
            yield f"  {where} {self.paint(str(severity), SEVERITY_COLORS[severity])} {rules}{_doubt(findings[0])}"
        more = len(self.folded) - len(self.shown)
        if more:
            yield f"  … and {counted(more, 'more site')} (all of them with --select {RESILIENCE})"
        yield "  reasons and remedies: --format json"

    def counts(self) -> list[RuleCount]:
        """The rows of the table; resilience is one."""
        counts = by_rule(self.findings)
        if self.shown:
            severity = _gravest(finding for findings in self.shown for finding in findings)
            mendable = sum(any(map(fixable, findings)) for findings in self.shown)
            counts.append(RuleCount(RESILIENCE, "resilience", severity, len(self.shown), mendable))
        return sorted(counts, key=lambda count: count.code)

    def unreadable(self, files: Sequence[Unreadable]) -> Iterator[str]:
        """The files that could not be audited, in short."""
        yield self.paint(f"{counted(len(files), 'file')} could not be read, or not in full", YELLOW)
        for file in files[:UNREADABLE_SHOWN]:
            line = "" if file.line is None else f":{file.line}"
            yield f"  {printable(file.path)}{line}: {self.clean(file.reason)}"
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
        findings = [*self.findings, *(findings[0] for findings in self.shown)]
        files = len({finding.problem.path for finding in findings})
        found = f"{counted(len(findings), 'finding')} in {counted(files, 'file')}"
        read = f"{counted(audit.python_files, 'Python file')} and {counted(audit.manifest_files, 'manifest')}"
        yield f"{found if findings else 'No findings'}; looked at {read}."
        hit = len(affected(audit.services, audit.findings))
        yield self.paint(f"{hit} of {len(audit.services)} services affected", RED if hit else GREEN)

    def clean(self, text: str) -> str:
        """`text` without secrets, and without characters that would steer a terminal."""
        return printable(self.redact(text))

    def paint(self, text: str, code: str) -> str:
        """`text` in a colour, if there are colours."""
        return f"\033[{code}m{text}\033[0m" if self.color else text


def _folded(findings: Iterable[Finding]) -> list[list[Finding]]:
    """The findings of each site together, the gravest sites first."""
    groups: dict[tuple[str, Span], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.problem.path, finding.problem.span), []).append(finding)
    return sorted(groups.values(), key=lambda group: GRAVITY.index(_gravest(group)))


def _gravest(findings: Iterable[Finding]) -> Severity:
    return min((finding.severity for finding in findings), key=GRAVITY.index)


def _doubt(finding: Finding) -> str:
    return " (low confidence)" if finding.problem.confidence is Confidence.LOW else ""


def _heading(service: Service | None) -> str:
    if service is None:
        return "outside any service"
    return f"service {printable(service.name)} ({service.kind}, {printable(service.path)})"


def _cells(character: str) -> int:
    """How many cells of a terminal a character takes."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
