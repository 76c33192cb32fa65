"""Findings that the user asks not to see.

`# mooring: ignore[MR101]` on a line, `# mooring: ignore-file` in a file, `per-file-ignores` in the configuration.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from pathspec import GitIgnoreSpec

from mooring.audit.files import SourceFile
from mooring.audit.options import Options
from mooring.audit.rule import Finding

__all__ = ["ignores", "unsuppressed"]

COMMENT = re.compile(r"#\s*mooring:\s*(ignore-file|ignore)\b(?:\[([\w\s,]*)\])?")


Ignores = Callable[[str, str], bool]


def ignores(options: Options, root: Path) -> Ignores:
    """Whether the configuration ignores a rule, by its code, in the file at a path below `root`."""
    specs = [(GitIgnoreSpec.from_lines([pattern]), codes) for pattern, codes in options.per_file_ignores.items()]
    start = "" if options.base is None else os.path.relpath(root, options.base)

    def ignored(path: str, code: str) -> bool:
        place = posixpath.normpath(posixpath.join(start, path))
        return any(code.startswith(codes) and spec.match_file(place) for spec, codes in specs)

    return ignored


def unsuppressed(
    findings: Iterable[Finding], source: Callable[[str], SourceFile], ignored: Ignores
) -> Iterator[Finding]:
    """The findings that neither the configuration nor a comment in their file suppresses."""
    for finding in findings:
        path = finding.problem.path
        if not ignored(path, finding.rule) and not _suppressed(finding, source(path)):
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
