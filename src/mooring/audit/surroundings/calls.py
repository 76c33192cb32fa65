"""The calls in a Python text, found without parsing it: files that were fixed are known to parse, and may be many."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

__all__ = ["calls"]

STRING = (
    r'"""(?:\\.|[^\\])*?"""' + r"|'''(?:\\.|[^\\])*?'''" + r'|"(?:\\.|[^"\\\n])*"' + r"|'(?:\\.|[^'\\\n])*'"
)  # fmt: skip
NAMED = re.compile(rf"{STRING}|#[^\n]*|(?<![\w.])(?P<func>[^\W\d][\w.]*)(?P<opening>\()", re.DOTALL)
BRACKET = re.compile(rf"{STRING}|#[^\n]*|(?P<bracket>[()\[\]{{}}])", re.DOTALL)
OPENING = frozenset("([{")


def calls(text: str, wanted: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
    """The dotted name and the code of each call whose name is `wanted`, in the order in which they start."""
    for match in NAMED.finditer(text):
        func = match["func"]
        if func is not None and wanted(func):
            yield func, text[match.start() : _end(text, match.start("opening"))]


def _end(text: str, opening: int) -> int:
    """Where the bracket at `opening` closes."""
    depth = 0
    for match in BRACKET.finditer(text, opening):
        bracket = match["bracket"]
        if bracket is not None:
            depth += 1 if bracket in OPENING else -1
            if depth == 0:
                return match.end()
    return len(text)
