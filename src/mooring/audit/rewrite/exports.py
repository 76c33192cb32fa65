"""What else an import is good for than its names in its own file."""

from __future__ import annotations

import posixpath
import sys
from functools import lru_cache

from mooring.audit.project import Project

__all__ = ["imported_elsewhere", "is_inert"]

CLIENT_PACKAGES = frozenset({"redis", "aioredis"})


def imported_elsewhere(project: Project, path: str, name: str) -> bool:
    """Whether another module may import `name` from the one at `path`, so that an import unused there is not useless.

    What a package's `__init__.py` imports counts as offered to all. Modules are compared by their last name only, so a
    namesake may keep an import alive that nobody needs.
    """
    if posixpath.basename(path) == "__init__.py":
        return True
    stem = posixpath.basename(path).removesuffix(".py")
    takers = _takers(project)
    return bool((takers.get((stem, name), set()) | takers.get((stem, "*"), set())) - {path})


def is_inert(project: Project, module: str, level: int) -> bool:
    """Whether importing a module does nothing but bind names: a client package, the standard library, mere constants.

    Others may load a `.env` file or register something, and somebody may count on it.
    """
    root = module.partition(".")[0]
    if not level and (root in CLIENT_PACKAGES or root in sys.stdlib_module_names):
        return True
    ending = "/" + module.replace(".", "/") + ".py"
    found = [other for path, other in project.modules.items() if f"/{path}".endswith(ending)]
    return bool(found) and not any(other.calls or other.imports for other in found)


@lru_cache(maxsize=1)
def _takers(project: Project) -> dict[tuple[str, str], set[str]]:
    """The modules that import a name, by the last name of the module that they import it from and that name."""
    takers: dict[tuple[str, str], set[str]] = {}
    for path, module in project.modules.items():
        for found in module.imports:
            if found.name is not None:
                takers.setdefault((found.module.rpartition(".")[2], found.name), set()).add(path)
    return takers
