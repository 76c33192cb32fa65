"""What dependency files ask for: each reader takes the text of one kind of file and gives its requirements.

The readers are tolerant, because nobody audits these files: what they cannot make sense of asks for nothing.
"""

from __future__ import annotations

import ast
import configparser
import json
import re
import tomllib
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from typing import Any

__all__ = ["REQUIREMENTS", "Reader", "Requirement", "Version", "included", "reader", "requirements"]

# The numbers of a release; infinity stands for the last release below a bound.
Version = tuple[float, ...]

LAST = float("inf")
LINE = re.compile(
    r"\s*(?P<name>[A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*\(?\s*(?P<bounds>(?:[=~!<>]+\s*[\w.*+!-]+[\s,]*)*)"
)
BOUND = re.compile(r"\s*(?P<operator>===|[=~!<>]=|[<>^~]|)\s*v?(?P<version>\d+(?:\.\d+)*)(?P<wild>\.\*)?")
INCLUDED = re.compile(r"^[ \t]*(?:-r|--requirement)[ \t=]*(\S+)", re.MULTILINE)
# Locks are long, and this is all that is asked of them: their own tools write name and version in this order.
LOCKED = re.compile(r'^name = "(?P<name>[^"]+)"\r?\nversion = "(?P<version>[^"]+)"', re.MULTILINE)
FAULTS = (ValueError, SyntaxError, RecursionError, configparser.Error)


@dataclass(frozen=True, slots=True)
class Requirement:
    """A package that a project needs, and the lowest and highest release allowed, as far as it is said.

    `exact` says that no other release is allowed, `locked` that a lock file says so. `text` is what was asked for,
    without extras, markers and addresses.
    """

    name: str
    text: str
    lowest: Version | None = None
    highest: Version | None = None
    exact: bool = False
    locked: bool = False

    @property
    def release(self) -> Version | None:
        """The release that can be relied on: the lowest one, or the newest where there is only an upper bound."""
        return self.highest if self.lowest is None else self.lowest

    def allows(self, version: Version) -> bool:
        """Whether it is within the bounds."""
        return (self.lowest is None or version >= self.lowest) and (self.highest is None or version <= self.highest)


Reader = Callable[[str], Iterable[Requirement | None]]


def reader(name: str) -> Reader | None:
    """What reads a file of this name; None if it is no dependency file."""
    return next((read for pattern, read in READERS.items() if fnmatch(name, pattern)), None)


def requirements(read: Reader, text: str) -> list[Requirement]:
    """What `read` makes of a text; nothing if the text is not what it should be."""
    try:
        return [found for found in read(text) if found is not None]
    except FAULTS:
        return []


def included(text: str) -> list[str]:
    """The files that a requirements file includes, relative to its folder."""
    return INCLUDED.findall(text)


def _parsed(line: object) -> Requirement | None:
    """The requirement in a line such as `redis[hiredis]>=5,<6; python_version < "3.13"`."""
    match = LINE.match(line) if isinstance(line, str) else None
    return None if match is None else _bounded(match["name"], match["bounds"])


def _bounded(name: str, bounds: str) -> Requirement:
    """The requirement of a package within bounds: `>=5,<6`, Poetry's `^5.0` or `5.*`."""
    least: list[Version] = []
    most: list[Version] = []
    exact = False
    # Of Poetry's alternatives the first, which is the lowest by custom.
    for bound in bounds.partition("||")[0].split(","):
        match = BOUND.match(bound)
        if match is None or match["operator"] == "!=":
            continue
        version = _version(match["version"])
        if match["operator"] == "<":
            most.append((*version[:-1], version[-1] - 1, LAST))
        elif match["operator"] == "<=":
            most.append(version)
        else:
            least.append(version)
            exact = exact or (match["operator"] in ("", "==", "===") and not match["wild"])
    normal = re.sub(r"[-_.]+", "-", name).lower()
    asked = "".join(bounds.split())
    text = f"{normal} {asked}" if asked[:1].isdigit() else f"{normal}{asked}"
    return Requirement(normal, text, max(least, default=None), min(most, default=None), exact)


def _version(text: str) -> Version:
    """The numbers without final zeros, so that 8.0 is 8."""
    numbers = [float(number) for number in text.split(".")]
    while len(numbers) > 1 and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def _lines(text: str) -> Iterator[Requirement | None]:
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        yield _parsed(re.sub(r"(^|\s)#.*", "", line))


def _pyproject(text: str) -> Iterator[Requirement | None]:
    document = tomllib.loads(text)
    project, tools = _table(document, "project"), _table(document, "tool")
    lists = [project.get("dependencies"), *_table(project, "optional-dependencies").values()]
    lists += _table(document, "dependency-groups").values()
    for lines in lists:
        yield from map(_parsed, lines if isinstance(lines, list) else ())
    poetry = _table(tools, "poetry")
    groups = [group for group in _table(poetry, "group").values() if isinstance(group, dict)]
    for table in (poetry, *groups):
        yield from _packages(_table(table, "dependencies"))
    yield from _packages(_table(poetry, "dev-dependencies"))


def _pipfile(text: str) -> Iterator[Requirement]:
    document = tomllib.loads(text)
    yield from _packages(_table(document, "packages"))
    yield from _packages(_table(document, "dev-packages"))


def _packages(table: dict[str, Any]) -> Iterator[Requirement]:
    """The packages of a table whose values are bounds, or tables (several, if it depends) that hold them."""
    for name, value in table.items():
        for told in value if isinstance(value, list) else [value]:
            bounds = told.get("version") if isinstance(told, dict) else told
            if isinstance(bounds, str):
                yield _bounded(name, bounds)


def _pipfile_lock(text: str) -> Iterator[Requirement]:
    document = json.loads(text)
    for section in ("default", "develop"):
        for name, package in _table(document, section).items():
            version = package.get("version") if isinstance(package, dict) else None
            if isinstance(version, str):
                yield _lock_entry(name, version.lstrip("="))


def _lock(text: str) -> Iterator[Requirement]:
    for match in LOCKED.finditer(text):
        yield _lock_entry(match["name"], match["version"])


def _lock_entry(name: str, version: str) -> Requirement:
    found = _bounded(name, f"=={version}")
    return replace(found, text=f"{found.name} {version}", locked=True)


def _setup_cfg(text: str) -> Iterator[Requirement | None]:
    file = configparser.ConfigParser(interpolation=None, strict=False)
    file.read_string(text)
    lists = [file.get("options", "install_requires", fallback="")]
    if file.has_section("options.extras_require"):
        lists += [value for _, value in file.items("options.extras_require")]
    for lines in lists:
        yield from map(_parsed, lines.splitlines())


def _setup_py(text: str) -> Iterator[Requirement | None]:
    """Any text in a set-up script may be a requirement; only one with a release in it says anything."""
    with warnings.catch_warnings():  # about odd escapes, which are no concern here
        warnings.simplefilter("ignore")
        tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            yield _parsed(node.value)


def _table(owner: object, key: str) -> dict[str, Any]:
    value = owner.get(key) if isinstance(owner, dict) else None
    return value if isinstance(value, dict) else {}


# For files that another one includes, whatever they are called.
REQUIREMENTS: Reader = _lines

READERS: dict[str, Reader] = {
    "requirements*.txt": REQUIREMENTS,
    "pyproject.toml": _pyproject,
    "setup.cfg": _setup_cfg,
    "setup.py": _setup_py,
    "Pipfile": _pipfile,
    "Pipfile.lock": _pipfile_lock,
    "uv.lock": _lock,
    "poetry.lock": _lock,
    "pdm.lock": _lock,
}
