"""Arguments of calls, and what a callee does with them."""

from __future__ import annotations

import ast
from collections.abc import Callable

from mooring.audit.facts import Argument, Attribute, Name, Use, Value
from mooring.audit.python.scopes import Scopes, span_of

__all__ = ["arguments_use", "last_name", "off_thread", "read_arguments"]

# Functions whose arguments run, or are called, in another thread.
THREADED = frozenset({"to_thread", "run_in_executor", "run_sync", "submit", "run_in_threadpool", "sync_to_async"})
# Functions that hand their argument back, or close it at the end of a block.
TRANSPARENT = frozenset({"cast", "str", "dict", "tuple", "list"})
CLOSING = frozenset({"closing", "aclosing"})


def read_arguments(scopes: Scopes, node: ast.Call, read: Callable[[ast.expr], Value]) -> tuple[Argument, ...]:
    """The arguments of a call, each value read by `read`, in source order of kind: positional, then keywords."""
    found = []
    for argument in node.args:
        starred = isinstance(argument, ast.Starred)
        span = span_of(scopes.source, argument)
        value = argument.value if isinstance(argument, ast.Starred) else argument
        # One span where it can be one: there are hundreds of thousands.
        inner = span_of(scopes.source, value) if starred else span
        found.append(Argument("*" if starred else None, read(value), span, inner))
    for keyword in node.keywords:
        span = span_of(scopes.source, keyword)
        found.append(Argument(keyword.arg or "**", read(keyword.value), span, span_of(scopes.source, keyword.value)))
    return tuple(found)


def arguments_use(func: Value, use: Use) -> Use:
    """What a call of `func`, itself put to `use`, does with its arguments."""
    name = last_name(func)
    if name in CLOSING:
        return Use.WITH
    if name in TRANSPARENT:
        return use
    return Use.PASSED


def off_thread(func: Value) -> bool:
    """Whether `func` runs its arguments outside the event loop's thread."""
    return last_name(func) in THREADED


def last_name(func: Value) -> str:
    """The last name of a dotted expression, or an empty string."""
    match func:
        case Name(id=name) | Attribute(name=name):
            return name
    return ""
