"""Whether an import finds what it asks for, by looking at files only: nothing is imported, so nothing runs."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

from mooring.audit.edits.syntax import parse
from mooring.audit.files import Undecodable, read

__all__ = ["Imported", "Whereabouts", "added_imports", "whereabouts"]

# Where a project may keep its packages, seen from a folder that is on Python's path or above one that is.
SOURCES = ("", "src")
OURS = "mooring"


@dataclass(frozen=True, slots=True)
class Imported:
    """A module (with `level` leading dots), or a `name` from it."""

    module: str
    level: int = 0
    name: str | None = None

    def __str__(self) -> str:
        """For people."""
        module = "." * self.level + self.module
        return module if self.name is None else f"{self.name} from {module}"


class Whereabouts(Enum):
    """Whether an import was found, is not where it should be, or belongs to a package that is not here."""

    FOUND = auto()
    MISSING = auto()
    ELSEWHERE = auto()  # the last, because any other says more


def added_imports(before: ast.Module, after: ast.Module) -> list[Imported]:
    """What the code `after` imports and `before` did not."""
    known = set(_imports(before))
    return [imported for imported in dict.fromkeys(_imports(after)) if imported not in known]


def whereabouts(wanted: Imported, file: Path, root: Path) -> Whereabouts:
    """Look for what the module in `file` imports: in the tree at `root`, then in this Python's packages."""
    top = wanted.module.partition(".")[0]
    if not wanted.level and (top == OURS or top in sys.stdlib_module_names):
        return Whereabouts.FOUND
    verdicts = {_look(wanted, place) for place in _places(wanted, file, root)}
    if Whereabouts.FOUND in verdicts:
        return Whereabouts.FOUND
    return Whereabouts.MISSING if wanted.level else min(verdicts, key=lambda verdict: verdict.value)


def _imports(tree: ast.Module) -> Iterator[Imported]:
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            yield from (Imported(alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (Imported(node.module or "", node.level, alias.name) for alias in node.names)


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """What may be an import: walking all the expressions as well takes five times as long."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):
            yield child
            yield from _statements(child)


def _places(wanted: Imported, file: Path, root: Path) -> Iterator[Sequence[str]]:
    """The search paths that may be the one that counts when the module runs."""
    folders = list(file.parents)
    if wanted.level:
        yield [str(folders[min(wanted.level, len(folders)) - 1])]
        return
    for folder in folders[: folders.index(root) + 1] if root in folders else folders[:1]:
        yield from ([str(folder / source)] for source in SOURCES)
    yield sys.path


def _look(wanted: Imported, place: Sequence[str]) -> Whereabouts:
    """Look along one search path."""
    spec: ModuleSpec | None = None
    inside: Sequence[str] = place
    for part in filter(None, wanted.module.split(".")):
        found = PathFinder.find_spec(part, inside)
        if found is None:
            # A folder that holds no `__init__.py` may just be called like a package that is elsewhere.
            return Whereabouts.MISSING if spec is not None and spec.origin else Whereabouts.ELSEWHERE
        spec, inside = found, found.submodule_search_locations or ()
    if wanted.name in (None, "*") or (inside and PathFinder.find_spec(str(wanted.name), inside)):
        return Whereabouts.FOUND
    origin = spec.origin if spec is not None else str(Path(place[0], "__init__.py"))
    return Whereabouts.FOUND if _defines(origin, str(wanted.name)) else Whereabouts.MISSING


def _defines(origin: str | None, name: str) -> bool:
    """Whether the module in a file binds a name, as far as can be told; one that is not Python code may."""
    if origin is None or not origin.endswith(".py"):
        return origin is not None
    path = Path(origin)
    try:
        syntax = parse(read(path.parent, path.name, path.read_bytes()))
    except (OSError, Undecodable):
        return False
    # What `import *` brings, and what `__getattr__` makes up, nobody can tell.
    return syntax is None or not {name, "*", "__getattr__"}.isdisjoint(syntax.bound_names)
