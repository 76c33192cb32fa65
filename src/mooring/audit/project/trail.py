"""The way of an address through the tree: from where its literal is written to the call that connects there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mooring.audit.facts import Attribute, Binding, Choice, Imported, Joined, Module, Name, Value
from mooring.audit.project.arguments import Arguments
from mooring.audit.project.evaluate import Evaluator
from mooring.audit.project.meanings import Context, Definition, Instance, TreeModule

__all__ = ["Step", "trail"]

# Arguments that name an endpoint, the telling first.
TELLING = ("url", "host", "unix_socket_path", "address", "")
LONGEST = 6


class Step(NamedTuple):
    """A line on the way, and what is given there."""

    path: str
    line: int
    name: str


def trail(evaluator: Evaluator, arguments: Arguments) -> list[Step]:
    """The steps of a site's address, the farthest from the call first; none where it is written in the call itself."""
    entry = next((found for name in TELLING if (found := arguments.get(name, None if name else 0))), None)
    if entry is None:
        return []
    steps = list(dict.fromkeys(_steps(evaluator, entry.value, entry.context, 0)))
    return steps[:LONGEST][::-1]


def _steps(evaluator: Evaluator, value: Value, context: Context, depth: int) -> Iterator[Step]:
    if depth > LONGEST:
        return
    match value:
        case Name(id=name):
            yield from _named(evaluator, name, context, depth)
        case Attribute(base=base, name=name):
            for owner in evaluator.meanings(base, context):
                match owner:
                    case TreeModule(path=path):
                        yield from _member(evaluator, path, name, depth)
                    case Instance(module=module, scope=scope) | Definition(module=module, scope=scope):
                        given = [*scope.bindings.get(name, ()), *scope.attributes.get(name, ())]
                        yield from _given(evaluator, module, name, given, depth)
        case Choice(options=parts) | Joined(parts=parts):
            for part in parts:
                yield from _steps(evaluator, part, context, depth + 1)


def _named(evaluator: Evaluator, name: str, context: Context, depth: int) -> Iterator[Step]:
    for inner, scope in enumerate(context.module.enclosing(context.scope)):
        if scope.kind == "class" and inner:
            continue
        parameter = next((one for one in scope.parameters if one.name == name), None)
        if name in scope.bindings:
            yield from _given(evaluator, context.module, name, scope.bindings[name], depth)
            return
        if parameter is not None:
            yield Step(context.module.path, scope.span.line, name)
            if parameter.default is not None and scope.parent is not None:
                yield from _steps(evaluator, parameter.default, Context(context.module, scope.parent), depth + 1)
            return


def _given(evaluator: Evaluator, module: Module, name: str, bindings: Iterable[Binding], depth: int) -> Iterator[Step]:
    for binding in bindings:
        if isinstance(binding.value, Imported):
            path = evaluator.modules.find(module.path, binding.value.module, binding.value.level)
            if path and binding.value.name:
                yield from _member(evaluator, path, binding.value.name, depth)
        else:
            yield Step(module.path, binding.line, name)
            yield from _steps(evaluator, binding.value, Context(module, binding.scope), depth + 1)


def _member(evaluator: Evaluator, path: str, name: str, depth: int) -> Iterator[Step]:
    module = evaluator.modules.get(path)
    if module is not None and depth <= LONGEST:
        yield from _given(evaluator, module, name, module.scopes[0].bindings.get(name, ()), depth + 1)
