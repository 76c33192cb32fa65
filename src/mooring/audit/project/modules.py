"""Which file an import means: the tree's own modules by dotted name, as Python would find them."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable

from mooring.audit.facts import Module
from mooring.audit.outline import is_ordinary

__all__ = ["CLIENT_PACKAGES", "Modules"]

# A file of the tree with one of these names shadows the package only where Python's search path would reach it first.
CLIENT_PACKAGES = frozenset({"redis", "aioredis", "valkey", "coredis", "glide", "celery", "django", "flask"})


class Modules:
    """The Python files and notebooks of a tree by path, parsed when they are first asked for.

    `load` gives the facts of one, `peek` its bytes; `loaded` holds those read so far.
    """

    def __init__(
        self, paths: Iterable[str], load: Callable[[str], Module | None], peek: Callable[[str], bytes] = lambda _: b""
    ) -> None:
        self._paths = frozenset(paths)
        self._load = load
        self._peek = peek
        self._ordinary: dict[tuple[str, str], bool] = {}
        self.loaded: dict[str, Module] = {}
        self._refused: set[str] = set()
        self._by_name: dict[str, list[str]] = {}
        self._found: dict[tuple[str, str], str | None] = {}
        for path in sorted(self._paths):
            self._by_name.setdefault(_parts(path)[-1], []).append(path)

    def get(self, path: str) -> Module | None:
        """The module at `path`, or None if it is not in the tree or cannot be read."""
        if path not in self.loaded and path in self._paths and path not in self._refused:
            module = self._load(path)
            if module is None:
                self._refused.add(path)
            else:
                self.loaded[path] = module
        return self.loaded.get(path)

    def is_ordinary(self, path: str, name: str) -> bool:
        """Whether a glance at a module that was not read so far shows that `name` in it is no client."""
        if path in self.loaded or path not in self._paths:
            return False
        if (path, name) not in self._ordinary:
            self._ordinary[path, name] = is_ordinary(self._peek(path), name)
        return self._ordinary[path, name]

    @property
    def paths(self) -> list[str]:
        """Every Python file of the tree, read or not, in order."""
        return sorted(self._paths)

    def find(self, importer: str, name: str, level: int = 0) -> str | None:
        """The path of the module that `importer` gets for `name` (with `level` leading dots), if the tree has it."""
        if level:
            folder = posixpath.dirname(importer)
            for _ in range(level - 1):
                folder = posixpath.dirname(folder)
            return self._at(folder, name)
        key = (posixpath.dirname(importer), name)
        if key not in self._found:
            self._found[key] = self._absolute(importer, name)
        return self._found[key]

    def submodule(self, path: str, name: str) -> str | None:
        """The module `name` inside the package whose `__init__.py` is at `path`."""
        if posixpath.basename(path) != "__init__.py":
            return None
        return self._at(posixpath.dirname(path), name)

    def _at(self, folder: str, name: str) -> str | None:
        base = posixpath.join(folder, *name.split(".")) if name else folder
        for candidate in (f"{base}.py", posixpath.join(base, "__init__.py")):
            if candidate in self._paths:
                return candidate
        return None

    def _absolute(self, importer: str, name: str) -> str | None:
        folder = posixpath.dirname(importer)
        while True:
            found = self._at(folder, name)
            if found and found != importer and self._reachable(folder, importer, found, name):
                return found
            if not folder:
                break
            folder = posixpath.dirname(folder)
        return None if name.partition(".")[0] in CLIENT_PACKAGES else self._elsewhere(importer, name)

    def _reachable(self, folder: str, importer: str, found: str, name: str) -> bool:
        """Whether `found` can stand for `name`: for a client package only where it is not made of that very package."""
        root = name.partition(".")[0]
        if root not in CLIENT_PACKAGES:
            return True
        if posixpath.join(folder, "__init__.py") in self._paths or importer.startswith(
            posixpath.join(folder, root, "")
        ):
            return False
        module = self.get(found)
        return module is None or not any(i.module.partition(".")[0] == root and not i.level for i in module.imports)

    def _elsewhere(self, importer: str, name: str) -> str | None:
        """A module below some other root (`src/`, a sibling project), if its dotted name is telling."""
        parts = name.split(".")
        candidates = [
            path
            for path in self._by_name.get(parts[-1], ())
            if (own := _parts(path))[-len(parts) :] == parts and len(own) > len(parts)
        ]
        if len(parts) == 1:
            candidates = [path for path in candidates if _parts(path)[-2] in ("src", "lib", "python")]
        if not candidates:
            return None
        return max(candidates, key=lambda path: (len(posixpath.commonprefix([path, importer])), -len(path)))


def _parts(path: str) -> list[str]:
    parts = path.removesuffix(".py").split("/")
    return parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts
