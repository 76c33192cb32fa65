"""The calls of Mooring's factory, or of one that wraps it under its name: no sites, but they are given options too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mooring.audit.facts import Call, Module
from mooring.audit.project.arguments import Arguments, gather
from mooring.audit.project.constructors import factory_flavour
from mooring.audit.project.evaluate import Evaluator
from mooring.audit.project.meanings import Context, External

__all__ = ["FactoryCall", "find_factory_calls"]


@dataclass(frozen=True, slots=True)
class FactoryCall:
    """A call of a factory called `name`, and what it is given."""

    module: Module
    call: Call
    name: str
    arguments: Arguments


def find_factory_calls(evaluator: Evaluator, module: Module) -> Iterator[FactoryCall]:
    """The calls of factories in one module."""
    imported = {name for found in module.imports for name in (found.module, found.name) if name}
    if not any(name == "mooring" or factory_flavour(f".{name}") is not None for name in imported):
        return
    for call in module.calls:
        context = Context(module, call.scope)
        for meaning in evaluator.glance(call.func, context):
            if isinstance(meaning, External) and factory_flavour(meaning.name) is not None:
                arguments = gather(evaluator, [(call.arguments, context)])
                yield FactoryCall(module, call, meaning.name.rpartition(".")[2], arguments)
                break
