"""Which packages files import, and what a changed file therefore needs installed."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from mooring.audit.edits.syntax import parse
from mooring.audit.files import SourceFile, Undecodable, read
from mooring.audit.fixer import Change
from mooring.audit.surroundings.disk import Disk
from mooring.audit.surroundings.formats import Package

__all__ = ["ABANDONED", "MOORING", "Need", "importer", "need_of"]

ABANDONED = "aioredis"
MOORING = Package("mooring")
# The first release with `redis.asyncio`.
REDIS = Package("redis", ">=4.2")
# As `import_module`, `importorskip` and `patch` take it.
DOTTED = re.compile(rf"{ABANDONED}(?:\.\w+)*")
# What may import it; the parser has the last word.
STATEMENT = re.compile(rf"\b(?:import|from)\s+(?:[\w.]+(?:\s+as\s+\w+)?\s*,\s*)*{ABANDONED}\b|[\"']{ABANDONED}\b")


@dataclass(frozen=True, slots=True)
class Need:
    """What a changed file imports now that must be installed, and whether it no longer imports aioredis."""

    path: str
    package: Package | None
    abandons: bool


def need_of(change: Change) -> Need | None:
    """What a change asks of the project; None if nothing."""
    before, after = change.source, replace(change.source, text=change.text)
    package = None
    if _may_import(MOORING.name, after):
        package = MOORING
    elif _may_import(REDIS.name, after) and not _may_import(REDIS.name, before):
        package = REDIS
    abandons = _imports_abandoned(before) and not _imports_abandoned(after)
    return Need(change.path, package, abandons) if package or abandons else None


def importer(folder: str, paths: Iterable[str], changed: Mapping[str, str], disk: Disk) -> str | None:
    """The first Python file of `paths` below a folder that imports aioredis or names it in a text; None if none does.

    `changed` holds the texts of the files that are to change.
    """
    prefix = f"{folder}/" if folder else ""
    for path in sorted(paths):
        # A set-up script names packages only to ask for them.
        if path.startswith(prefix) and path.endswith((".py", ".ipynb")) and posixpath.basename(path) != "setup.py":
            data = changed[path].encode() if path in changed else disk.read(path) or b""
            if ABANDONED.encode() in data and _names_abandoned(path, data):
                return path
    return None


def _names_abandoned(path: str, data: bytes) -> bool:
    try:
        return _imports_abandoned(read(Path(), path, data))
    except Undecodable:
        return True


def _may_import(package: str, source: SourceFile) -> bool:
    """Whether a line of a file begins as an import of a package does."""
    return re.search(rf"^[ \t]*(?:from|import)[ \t]+{package}\b", source.text, re.MULTILINE) is not None


def _imports_abandoned(source: SourceFile) -> bool:
    if STATEMENT.search(source.text) is None:
        return False
    syntax = parse(source) if source.path.endswith(".py") else None
    return syntax is None or any(map(_names_it, ast.walk(syntax.tree)))


def _names_it(node: ast.AST) -> bool:
    match node:
        case ast.Import(names=names):
            return any(alias.name.partition(".")[0] == ABANDONED for alias in names)
        case ast.ImportFrom(module=str(module), level=0):
            return module.partition(".")[0] == ABANDONED
        case ast.Constant(value=str(text)):
            return DOTTED.fullmatch(text) is not None
    return False
