"""What a user asks of an audit: on the command line, and in `[tool.mooring]` of the nearest `pyproject.toml`.

```toml
[tool.mooring]
select = ["MR1", "MR2"]         # only these rules, by code or its beginning; all by default
ignore = ["MR303"]              # not these
exclude = ["legacy/", "*_pb2.py"]  # git's patterns, relative to this file
include-tests = false

[tool.mooring.per-file-ignores]
"scripts/**" = ["MR101"]        # git's patterns too

[tool.mooring.fix]
factory = "acme.redis"          # the module that fixed code imports its factories from; "mooring" by default
target = "mooring"              # or "redis-py": plain redis-py that reads REDIS_URL, and no new dependency

[tool.mooring.severity]
MR102 = "error"                 # error, warning or info, by code or its beginning
```
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mooring.audit.facts import Severity
from mooring.audit.toml import load
from mooring.errors import UsageError

__all__ = ["DEFAULT_TARGET", "REDIS_PY", "Options", "Target", "configuration", "read_options"]

REDIS_PY = "redis-py"
CODE = re.compile(r"MR\d{0,3}")
DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
NAME = "pyproject.toml"


@dataclass(frozen=True, slots=True)
class Target:
    """What fixed code calls: the factories in the module `factory`, or redis-py itself if it is `plain`."""

    factory: str = "mooring"
    plain: bool = False


DEFAULT_TARGET = Target()


@dataclass(frozen=True)
class Options:
    """What to look for and where; `base` is the folder that patterns are relative to, `file` where they were read."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    include_tests: bool = False
    per_file_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    severity: Mapping[str, Severity] = field(default_factory=dict)
    target: Target = DEFAULT_TARGET
    base: Path | None = None
    file: Path | None = None


def configuration(folder: Path) -> Path | None:
    """The `pyproject.toml` with a `[tool.mooring]` that is nearest to `folder`, in it or above it."""
    for place in (folder, *folder.parents):
        file = place / NAME
        # A glance first: what is wrong with a file that does not mention us is not ours to report.
        if file.is_file() and b"mooring" in file.read_bytes() and "mooring" in load(file).get("tool", {}):
            return file
    return None


def read_options(file: Path) -> Options:
    """The options in `[tool.mooring]`. Raises `UsageError` naming the file, the key and what may stand there."""
    table = load(file)["tool"]["mooring"]
    if not isinstance(table, dict):
        raise UsageError(f"{file}: tool.mooring must be a table")
    unknown = table.keys() - READERS.keys()
    if unknown:
        raise UsageError(f"{file}: tool.mooring has no {min(unknown)!r}; there are {', '.join(READERS)}")
    read: dict[str, Any] = {}
    for key, value in table.items():
        field_name, reader = READERS[key]
        read[field_name] = reader(value, f"{file}: tool.mooring.{key}")
    return Options(**read, base=file.parent, file=file)


def _texts(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise UsageError(f"{where} must be a list of strings")
    return tuple(value)


def _codes(value: object, where: str) -> tuple[str, ...]:
    codes = tuple(code.strip().upper() for code in _texts(value, where))
    wrong = [code for code in codes if not CODE.fullmatch(code)]
    if wrong:
        raise UsageError(f"{where}: {wrong[0]!r} is not the code of a rule, such as MR101, or the beginning of one")
    return codes


def _switch(value: object, where: str) -> bool:
    if not isinstance(value, bool):
        raise UsageError(f"{where} must be true or false")
    return value


def _module(value: object, where: str) -> str:
    if not isinstance(value, str) or not DOTTED.fullmatch(value):
        raise UsageError(f'{where} must be the dotted name of a module, such as "acme.redis"')
    return value


def _table(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UsageError(f"{where} must be a table")
    return value


def _ignores(value: object, where: str) -> dict[str, tuple[str, ...]]:
    return {pattern: _codes(codes, f"{where}.{pattern!r}") for pattern, codes in _table(value, where).items()}


def _severities(value: object, where: str) -> dict[str, Severity]:
    found = {}
    for code, word in _table(value, where).items():
        _codes([code], where)
        if word not in list(Severity):
            raise UsageError(f"{where}.{code} must be one of {', '.join(Severity)}")
        found[code] = Severity(word)
    return found


def _target(value: object, where: str) -> Target:
    table = _table(value, where)
    unknown = table.keys() - {"factory", "target"}
    if unknown:
        raise UsageError(f"{where} has no {min(unknown)!r}; there are factory, target")
    target = table.get("target", "mooring")
    if target not in ("mooring", REDIS_PY):
        raise UsageError(f'{where}.target must be "mooring" or "{REDIS_PY}"')
    return Target(_module(table.get("factory", "mooring"), f"{where}.factory"), target == REDIS_PY)


# The field of the options that a key sets, and what reads its value.
READERS: dict[str, tuple[str, Callable[[object, str], object]]] = {
    "select": ("select", _codes),
    "ignore": ("ignore", _codes),
    "exclude": ("exclude", _texts),
    "include-tests": ("include_tests", _switch),
    "per-file-ignores": ("per_file_ignores", _ignores),
    "severity": ("severity", _severities),
    "fix": ("target", _target),
}
