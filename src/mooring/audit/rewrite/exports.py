"""What else an import is good for than its names in its own file."""

from __future__ import annotations

import ast
import posixpath
import re
import sys

from mooring.audit.edits.syntax import Syntax
from mooring.audit.project import Project
from mooring.audit.project.importers import last_name

__all__ = ["imported_elsewhere", "is_inert", "reached"]

CLIENT_PACKAGES = frozenset({"redis", "aioredis"})


def imported_elsewhere(project: Project, path: str, name: str) -> bool:
    """Whether another module may import `name` from the one at `path`, so that an import unused there is not useless.

    What a package's `__init__.py` imports counts as offered to all. Where it cannot be told which module an import
    means, its last name decides, so a namesake may keep an import alive that nobody needs.
    """
    if posixpath.basename(path) == "__init__.py":
        return True
    stem = last_name(path)
    imports = (found for module in project.importers(path) for found in module.imports)
    return any(found.name in (name, "*") and found.module.rpartition(".")[2] == stem for found in imports)


def reached(project: Project, syntax: Syntax, owner: str | None, name: str) -> bool:
    """Whether other files may use a name of this one, or an attribute `name` of its class `owner`."""
    path = syntax.source.path
    if owner is None and (imported_elsewhere(project, path, name) or name in _exported(syntax.tree)):
        return True
    return any(re.search(rf"\.{name}\b", project.source(other.path).text) for other in project.importers(path))


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


def _exported(tree: ast.Module) -> set[str]:
    """What `__all__` names."""
    statements = (node for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign))
    exporting = (node for node in statements if "__all__" in {getattr(child, "id", "") for child in ast.walk(node)})
    return {str(child.value) for node in exporting for child in ast.walk(node) if isinstance(child, ast.Constant)}
