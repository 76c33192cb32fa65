"""Objects whose making is known: what the call that made one gave to its attributes."""

from __future__ import annotations

from mooring.audit.facts import Local, Module, Scope
from mooring.audit.project.classes import is_settings
from mooring.audit.project.functions import entered
from mooring.audit.project.meanings import Context, Definition, Evaluates, Instance, Meaning

__all__ = ["given_attribute", "initializer"]


def given_attribute(evaluator: Evaluates, owner: Instance, name: str) -> list[Meaning]:
    """What `owner.name` was given when `owner` was made; nothing if that is not known, or a default applies."""
    if owner.call is None or owner.context is None:
        return []
    init = initializer(owner.module, owner.scope)
    if init is not None:
        return _initialized(evaluator, owner, init, name)
    if not is_settings(evaluator, owner.module, owner.scope):
        return []
    fields = [field for field, bindings in owner.scope.bindings.items() if any(b.annotation for b in bindings)]
    position = fields.index(name) if name in fields and not _inherits(evaluator, owner) else None
    given = owner.call.argument(name, position)
    return list(evaluator.meanings(given.value, owner.context)) if given else []


def initializer(module: Module, scope: Scope) -> Definition | None:
    """The `__init__` that a class defines itself."""
    for binding in scope.bindings.get("__init__", ()):
        if isinstance(binding.value, Local):
            return Definition(module, module.scopes[binding.value.scope], instance=True)
    return None


def _initialized(evaluator: Evaluates, owner: Instance, init: Definition, name: str) -> list[Meaning]:
    bindings = owner.scope.attributes.get(name, [])
    if not bindings or any(binding.scope != init.scope.index for binding in bindings):
        return []
    inside = entered(init, owner.call.arguments, owner.context) if owner.call and owner.context else None
    return [m for binding in bindings if inside for m in evaluator.meanings(binding.value, inside)]


def _inherits(evaluator: Evaluates, owner: Instance) -> bool:
    """Whether a class of the tree may give it fields before its own."""
    around = Context(owner.module, owner.scope.parent or 0)
    bases = [meaning for base in owner.scope.bases for meaning in evaluator.meanings(base, around)]
    return any(isinstance(base, Definition) for base in bases)
