"""What the classes of the tree inherit from."""

from __future__ import annotations

from collections.abc import Iterator

from mooring.audit.facts import Item, Module, Scope
from mooring.audit.project.meanings import Context, Definition, Evaluates, External

__all__ = ["MAX_BASES", "bases", "external_base"]

MAX_BASES = 8


def bases(evaluator: Evaluates, module: Module, scope: Scope) -> Iterator[Definition | External]:
    """The base classes of a class, without their type arguments."""
    for named in scope.bases:
        base = named.base if isinstance(named, Item) else named
        for meaning in evaluator.meanings(base, Context(module, scope.parent or 0)):
            if isinstance(meaning, External) or (isinstance(meaning, Definition) and meaning.scope is not scope):
                yield meaning


def external_base(evaluator: Evaluates, module: Module, scope: Scope, depth: int = 0) -> External | None:
    """The first base class, through the tree's own classes, that a package outside the tree defines."""
    for parent in bases(evaluator, module, scope):
        if isinstance(parent, External):
            return parent
        found = external_base(evaluator, parent.module, parent.scope, depth + 1) if depth < MAX_BASES else None
        if found is not None:
            return found
    return None
