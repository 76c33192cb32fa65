"""Findings that the user asks not to see: `# mooring: ignore[MR101]` on a line, `# mooring: ignore-file` in a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from mooring.audit.files import SourceFile
from mooring.audit.rule import Finding

__all__ = ["unsuppressed"]

COMMENT = re.compile(r"#\s*mooring:\s*(ignore-file|ignore)\b(?:\[([\w\s,]*)\])?")


def unsuppressed(findings: Iterable[Finding], source: Callable[[str], SourceFile]) -> Iterator[Finding]:
    """The findings that no comment in their file suppresses."""
    for finding in findings:
        if not _suppressed(finding, source(finding.problem.path)):
            yield finding


def _suppressed(finding: Finding, source: SourceFile) -> bool:
    if "mooring:" not in source.text:
        return False
    for match in COMMENT.finditer(source.text):
        codes = {code.strip() for code in (match[2] or "").split(",") if code.strip()}
        if codes and finding.rule not in codes:
            continue
        span = finding.problem.span
        lines = (source.starts[span.line - 1], _end(source, span.end_line))
        if match[1] == "ignore-file" or lines[0] <= match.start() < lines[1]:
            return True
    return False


def _end(source: SourceFile, line: int) -> int:
    return source.starts[line] if line < len(source.starts) else len(source.text) + 1
