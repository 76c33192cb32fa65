"""How a function or class is called, as Python would write it: its arguments with what they are by default."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["WIDTH", "headed", "signature"]

WIDTH = 78
"""Columns that a line may take."""
_CLASS = re.compile(r"<class '(?:\w+\.)*(\w+)'>")


def headed(name: str, function: Callable[..., Any]) -> str:
    """The first line of a function, or what stands for it where it makes a context manager."""
    plain = inspect.unwrap(function)
    manager = plain is not function and (inspect.isgeneratorfunction(plain) or inspect.isasyncgenfunction(plain))
    word = "async def" if inspect.iscoroutinefunction(plain) or inspect.isasyncgenfunction(plain) else "def"
    mark = f"@{'asynccontextmanager' if word != 'def' else 'contextmanager'}\n" if manager else ""
    return f"{mark}{word} {name}{signature(function)}"


class _Written:
    """An annotation, as it was written."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def signature(value: Callable[..., Any]) -> str:
    """Arguments and result, one argument a line where they are many."""
    found = inspect.signature(value)
    arguments = list(_arguments(found))
    plain = isinstance(found.return_annotation, str) and not inspect.isclass(value)
    result = f" -> {found.return_annotation}" if plain else ""
    told = f"({', '.join(arguments)}){result}"
    if len(told) <= WIDTH:
        return told
    return "(\n" + "".join(f"    {argument},\n" for argument in arguments) + f"){result}"


def _arguments(found: inspect.Signature) -> Iterator[str]:
    """Each argument as it was written, and the marks between those that are given by position and by name."""
    kinds = inspect.Parameter
    before = None
    for each in found.parameters.values():
        if before is kinds.POSITIONAL_ONLY and each.kind is not before:
            yield "/"
        if each.kind is kinds.KEYWORD_ONLY and before not in {kinds.KEYWORD_ONLY, kinds.VAR_POSITIONAL}:
            yield "*"
        written = each.replace(annotation=_Written(each.annotation)) if isinstance(each.annotation, str) else each
        yield _CLASS.sub(r"\1", str(written)).replace("<factory>", "...")
        before = each.kind
