"""Calls of functions of the tree: which argument becomes which parameter, and what comes back."""

from __future__ import annotations

from collections.abc import Iterator

from mooring.audit.facts import Argument, Constant, Mapping, Scope, Sequence, Value
from mooring.audit.project.meanings import Context, Definition, Evaluates, Frame, Known, Meaning, Unknown
from mooring.audit.python.calls import last_name

__all__ = ["entered", "is_static", "returned"]

# Calls inside calls are followed this deep.
MAX_FRAMES = 4


def returned(
    evaluator: Evaluates, func: Definition, arguments: tuple[Argument, ...], context: Context
) -> Iterator[Meaning]:
    """What a call of `func` in `context` returns, or yields to a `with` block."""
    inside = entered(func, arguments, context)
    if inside is None:
        yield Unknown()
        return
    for value in func.scope.returns:
        for meaning in evaluator.meanings(value, inside):
            if meaning != Known(None) or len(func.scope.returns) == 1:
                yield meaning


def entered(func: Definition, arguments: tuple[Argument, ...], context: Context) -> Context | None:
    """The context inside `func` when it is called with `arguments`; None if it is called from too deep."""
    depth = context.frame.depth + 1 if context.frame else 1
    if depth > MAX_FRAMES:
        return None
    return Context(func.module, func.scope.index, Frame(func.scope, _given(func, arguments), context, depth))


def is_static(scope: Scope) -> bool:
    """Whether a method takes neither an object nor a class."""
    return any(last_name(decorator) == "staticmethod" for decorator in scope.decorators)


def _given(func: Definition, arguments: tuple[Argument, ...]) -> tuple[tuple[str, Value], ...]:
    """Which parameter gets which argument."""
    names = [parameter.name for parameter in func.scope.parameters if not parameter.variadic]
    takes = names[1:] if func.instance and not is_static(func.scope) else names
    positional = [argument.value for argument in arguments if argument.keyword is None]
    named = [(a.keyword, a.value) for a in arguments if a.keyword and a.keyword.isidentifier()]
    unpacked = [(None, argument.value) for argument in arguments if argument.keyword == "**"]
    collected: list[tuple[str, Value]] = []
    for parameter in func.scope.parameters:
        if parameter.variadic == "**":
            rest = [(Constant(name), value) for name, value in named if name not in names]
            collected.append((parameter.name, Mapping((*rest, *unpacked))))
        elif parameter.variadic == "*" and not any(argument.keyword == "*" for argument in arguments):
            collected.append((parameter.name, Sequence(tuple(positional[len(takes) :]))))
    return (*zip(takes, positional, strict=False), *named, *collected)
