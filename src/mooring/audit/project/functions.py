"""Calls of functions of the tree: which argument becomes which parameter, and what comes back."""

from __future__ import annotations

from collections.abc import Iterator

from mooring.audit.facts import Argument, Scope, Value
from mooring.audit.project.meanings import Context, Definition, Evaluates, Frame, Known, Meaning, Unknown
from mooring.audit.python.calls import last_name

__all__ = ["is_static", "returned"]

# Calls inside calls are followed this deep.
MAX_FRAMES = 4


def returned(
    evaluator: Evaluates, func: Definition, arguments: tuple[Argument, ...], context: Context
) -> Iterator[Meaning]:
    """What a call of `func` in `context` returns, or yields to a `with` block."""
    depth = context.frame.depth + 1 if context.frame else 1
    if depth > MAX_FRAMES:
        yield Unknown()
        return
    frame = Frame(func.scope, _given(func, arguments), context, depth)
    for value in func.scope.returns:
        for meaning in evaluator.meanings(value, Context(func.module, func.scope.index, frame)):
            if meaning != Known(None) or len(func.scope.returns) == 1:
                yield meaning


def is_static(scope: Scope) -> bool:
    """Whether a method takes neither an object nor a class."""
    return any(last_name(decorator) == "staticmethod" for decorator in scope.decorators)


def _given(func: Definition, arguments: tuple[Argument, ...]) -> tuple[tuple[str, Value], ...]:
    """Which parameter gets which argument."""
    names = [parameter.name for parameter in func.scope.parameters if not parameter.variadic]
    if func.instance and names and not is_static(func.scope):
        names = names[1:]
    positional = [argument.value for argument in arguments if argument.keyword is None]
    named = [(a.keyword, a.value) for a in arguments if a.keyword and a.keyword.isidentifier()]
    return (*zip(names, positional, strict=False), *named)
