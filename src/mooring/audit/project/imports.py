"""What an import means: a module of the tree, one of its names, or a name of a package outside it."""

from __future__ import annotations

from collections.abc import Iterator

from mooring.audit.facts import Imported, Module
from mooring.audit.project.meanings import Evaluates, External, Meaning, TreeModule, Unknown
from mooring.audit.project.modules import Modules

__all__ = ["imported"]


def imported(evaluator: Evaluates, modules: Modules, value: Imported, module: Module) -> Iterator[Meaning]:
    """The meanings of what `module` imports as `value`."""
    path = modules.find(module.path, value.module, value.level)
    if path is None:
        yield _without_module(modules, value, module)
    elif value.name is None:
        yield TreeModule(path)
    else:
        yield from evaluator.member(path, value.name) or (Unknown(),)


def _without_module(modules: Modules, value: Imported, module: Module) -> Meaning:
    """An import of what is no module of the tree: a folder without `__init__.py`, or a package outside."""
    if not value.level:
        dotted = f"{value.module}.{value.name}" if value.name else value.module
        path = modules.find(module.path, dotted)
        return TreeModule(path) if path else External(dotted)
    if value.name is None or value.module:
        return Unknown()
    sibling = modules.find(module.path, value.name, value.level)
    return TreeModule(sibling) if sibling else Unknown()
