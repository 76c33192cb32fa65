"""Imports that stand in a docstring or a comment: no code, but they tell what the author believed to have imported."""

from __future__ import annotations

import ast
import re

from mooring.audit.facts import Import, Span
from mooring.audit.files import SourceFile

__all__ = ["mentioned_imports"]

STATEMENT = re.compile(
    r"^[ \t]*(?:\#[ \t]*)?(?:"
    r"import[ \t]+(?P<module>(?:redis|aioredis|valkey)[\w.]*)(?:[ \t]+as[ \t]+(?P<alias>\w+))?"
    r"|from[ \t]+(?P<source>(?:redis|aioredis|valkey)[\w.]*)[ \t]+import[ \t]+(?P<name>\w+)"
    r"(?:[ \t]+as[ \t]+(?P<asname>\w+))?"
    r")[ \t]*(?:\#.*)?$",
    re.MULTILINE,
)


def mentioned_imports(source: SourceFile, tree: ast.Module) -> tuple[Import, ...]:
    """The imports of Redis clients that `source` has in its docstring or in comments only."""
    docstring = _docstring_lines(tree)
    found = []
    for match in STATEMENT.finditer(source.text):
        line = source.text.count("\n", 0, match.start()) + 1
        commented = match.group().lstrip().startswith("#")
        if not (commented or line in docstring):
            continue
        width = len(match.group().rstrip())
        span = Span(line, 1, line, width + 1)
        if match["module"]:
            found.append(Import(match["module"], None, match["alias"], 0, span, 0))
        else:
            found.append(Import(match["source"], match["name"], match["asname"], 0, span, 0))
    return tuple(found)


def _docstring_lines(tree: ast.Module) -> range:
    match tree.body:
        case [ast.Expr(value=ast.Constant(value=str())) as first, *_]:
            return range(first.lineno, (first.end_lineno or first.lineno) + 1)
    return range(0)
