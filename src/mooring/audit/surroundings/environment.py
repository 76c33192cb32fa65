"""`.env.example` and its like: the variables that fixed code reads, as comments with the addresses used before."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from dataclasses import replace

from mooring.audit.files import SourceFile, Undecodable
from mooring.audit.fixer import Change
from mooring.audit.surroundings.connections import Connection
from mooring.audit.surroundings.disk import Disk, changed, upward
from mooring.audit.surroundings.notice import Notice

__all__ = ["samples"]

NAMES = (
    ".env.example", ".env.sample", ".env.template", ".env.dist", "env.example", "env.sample", "env.template",
)  # fmt: skip
# A variable that is set, or shown as a comment.
SET = re.compile(r"^[ \t]*#?[ \t]*(?:export[ \t]+)?(\w+)[ \t]*=", re.MULTILINE)


def samples(connections: Iterable[Connection], disk: Disk) -> tuple[list[Change], list[Notice]]:
    """The edits of the samples nearest above each fixed file; none is made where there is none."""
    before: dict[str, SourceFile] = {}
    after: dict[str, SourceFile] = {}
    notices: dict[Notice, None] = {}
    told: dict[tuple[str, str], list[Connection]] = {}
    for one in connections:
        for path in _nearest(one.path, disk) if one.variable else ():
            told.setdefault((path, one.variable), []).append(one)
    for (path, _), same in sorted(told.items()):
        try:
            source = after.get(path) or disk.source(path)
        except Undecodable as error:
            notices[Notice(path, f"is no text: {error}")] = None
            continue
        if source is not None:
            before.setdefault(path, source)
            after[path] = _told(source, same)
    return [changed(one, after[path].text) for path, one in before.items() if after[path] != one], list(notices)


def _nearest(path: str, disk: Disk) -> list[str]:
    for folder in upward(path):
        names = set(disk.names(folder))
        found = [posixpath.join(folder, name) for name in NAMES if name in names]
        if found:
            return found
    return []


def _told(source: SourceFile, connections: list[Connection]) -> SourceFile:
    """The sample with what `connections` read, if nothing that they read is in it."""
    variables = connections[0].variables
    if any(
        re.search(rf"^[ \t]*#?[ \t]*(?:export[ \t]+)?{name}[ \t]*=", source.text, re.MULTILINE) for name in variables
    ):
        return source
    urls = dict.fromkeys(one.url for one in connections if one.url)
    lines = [f"# {variables[0]}={url}" for url in urls or [""]]
    if any(one.password for one in connections):
        lines.append(f"# {variables[0].removesuffix('URL')}PASSWORD=")
    added, newline, text = source.newline.join(lines), source.newline, source.text
    if text and not text.endswith("\n"):
        return replace(source, text=f"{text}{newline}{added}")
    return replace(source, text=f"{text}{added}{newline}")
