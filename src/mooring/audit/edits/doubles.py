"""Names that an import brings twice, because two fixes wanted it at once."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from mooring.audit.edits import apply
from mooring.audit.edits.imports import Statement
from mooring.audit.edits.removal import remove
from mooring.audit.edits.syntax import Syntax, parse

__all__ = ["drop_doubles"]

Item = tuple[str, int, str, str]


def drop_doubles(before: Syntax, after: Syntax) -> Syntax:
    """Take out of `after` each name that its module imports already, unless `before` had it as often."""
    known = Counter(item for _, _, item in _items(before))
    seen: Counter[Item] = Counter()
    for statement, index, item in _items(after):
        seen[item] += 1
        if seen[item] > max(1, known[item]):
            edit = remove(after, statement, index)
            cleaned = edit and parse(replace(after.source, text=apply(after.text, [edit])))
            return drop_doubles(before, cleaned) if cleaned else after
    return after


def _items(syntax: Syntax) -> Iterator[tuple[Statement, int, Item]]:
    """What the module imports by name, whatever happens."""
    for node in syntax.tree.body:
        if isinstance(node, ast.ImportFrom):
            for index, alias in enumerate(node.names):
                item = (node.module or "", node.level, alias.name, alias.asname or alias.name)
                yield Statement(node, syntax.tree), index, item
