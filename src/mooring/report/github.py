"""The audit as workflow commands, which GitHub Actions turns into annotations of the changed lines.

A name or a text from the audited tree cannot end its command and begin another: what would is escaped as GitHub's own
toolkit does it, and read back by the runner.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mooring.audit.engine import Audit
from mooring.audit.facts import Span, Unreadable
from mooring.audit.rule import Finding, Severity
from mooring.report.characters import plain
from mooring.report.redaction import Redactor

__all__ = ["render"]

COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
# The percent sign first, which the others are written with.
IN_MESSAGES = {"%": "%25", "\r": "%0D", "\n": "%0A"}
IN_PROPERTIES = IN_MESSAGES | {":": "%3A", ",": "%2C"}


def render(audit: Audit) -> str:
    """One command a line, for each finding and each file that could not be read; nothing where there is neither."""
    redact = Redactor.of(audit.sites, audit.secrets)
    commands = [*(_finding(f, redact) for f in audit.findings), *(_unreadable(u, redact) for u in audit.unreadable)]
    return "".join(f"{command}\n" for command in commands)


def _finding(finding: Finding, redact: Redactor) -> str:
    problem = finding.problem
    place = {"file": problem.path, **dict(_place(problem.span)), "title": f"{finding.rule} {finding.name}"}
    return _command(COMMANDS[finding.severity], place, redact(f"{problem.message}\nRemedy: {problem.remedy}"))


def _place(span: Span) -> Iterator[tuple[str, str]]:
    yield "line", str(span.line)
    yield "endLine", str(span.end_line)
    # GitHub takes columns only where the lines are the same.
    if span.line == span.end_line:
        yield "col", str(span.column)
        yield "endColumn", str(span.end_column)


def _unreadable(file: Unreadable, redact: Redactor) -> str:
    line = {} if file.line is None else {"line": str(file.line)}
    return _command("warning", {"file": file.path, **line, "title": "not audited in full"}, redact(file.reason))


def _command(name: str, properties: Mapping[str, str], message: str) -> str:
    told = ",".join(f"{key}={_escaped(value, IN_PROPERTIES)}" for key, value in properties.items())
    return f"::{name} {told}::{_escaped(message, IN_MESSAGES)}"


def _escaped(text: str, escapes: Mapping[str, str]) -> str:
    text = plain(text)
    for character, escape in escapes.items():
        text = text.replace(character, escape)
    return text
