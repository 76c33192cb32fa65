"""Imports that an edit left without a use: how one name of an import statement leaves."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from mooring.audit.edits import Edit, apply
from mooring.audit.edits.imports import ImportNode, Statement, module_of
from mooring.audit.edits.names import used_names
from mooring.audit.edits.syntax import LINE_REST, Syntax, parse

__all__ = ["Policy", "drop_orphans", "remove"]

COMMENT = re.compile(r"#[^\r\n]*")
# Comments that speak to a tool about the statement that they stand beside: they go with it.
PRAGMA = re.compile(r"#\s*(?:noqa|type:\s*ignore|pylint:|pyright:|isort:|fmt:|nosec)", re.IGNORECASE)
Owner = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef
COMMA = re.compile(r"[ \t]*,")


@dataclass(frozen=True, slots=True)
class Policy:
    """What speaks against taking out an import that its own file does not use.

    `exported(name)` tells whether other modules take the name from here; `inert(module, level)` whether importing the
    module does nothing but bind names, so that no effect of it can be missed.
    """

    exported: Callable[[str], bool]
    inert: Callable[[str, int], bool]


def drop_orphans(before: Syntax, after: Syntax, policy: Policy) -> Syntax:
    """Take out of `after` the plain imports that `before` used and that nothing uses any more.

    An import that was unused all along stays, as does what `policy` speaks for.
    """
    used_before = _uses_by_scope(before)
    while True:
        edit = _first_orphan(after, used_before, policy)
        cleaned = edit and parse(replace(after.source, text=apply(after.text, [edit])))
        if not cleaned:
            return after
        after = cleaned


def _uses_by_scope(syntax: Syntax) -> dict[str, set[str]]:
    uses: dict[str, set[str]] = {}
    for name, owner in _owners(syntax.tree):
        if _imports(owner):
            uses.setdefault(name, set()).update(_uses(syntax, owner))
    return uses


def _uses(syntax: Syntax, owner: Owner) -> set[str]:
    return syntax.used_names if owner is syntax.tree else used_names(owner, syntax.text)


def _imports(owner: Owner) -> list[ImportNode]:
    return [node for node in owner.body if isinstance(node, ImportNode)]


def _owners(node: ast.AST, name: str = "") -> Iterator[tuple[str, Owner]]:
    """The module and its functions, each with its qualified name."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        name = f"{name}.{node.name}"
    if isinstance(node, Owner):
        yield name, node
    for child in ast.iter_child_nodes(node):
        yield from _owners(child, name)


def _first_orphan(syntax: Syntax, before: dict[str, set[str]], policy: Policy) -> Edit | None:
    for scope, owner in _owners(syntax.tree):
        imports = _imports(owner)
        if not imports:
            continue
        orphaned = before.get(scope, set()) - _uses(syntax, owner)
        for node in imports:
            for index, alias in enumerate(node.names):
                local = alias.asname or alias.name.partition(".")[0]
                if local not in orphaned or (scope == "" and policy.exported(local)):
                    continue
                shared = isinstance(node, ast.ImportFrom) and len(node.names) > 1
                edit = remove(syntax, Statement(node, owner), index)
                if edit is not None and (shared or policy.inert(*module_of(node, alias))):
                    return edit
    return None


def remove(syntax: Syntax, statement: Statement, index: int) -> Edit | None:
    """Take one name out of an import, or the whole statement with its line if it is the only name.

    Comments stay, unless they tell a tool about the import. None where the statement cannot go without more ado.
    """
    if len(statement.node.names) == 1:
        return _without_statement(syntax, statement)
    if isinstance(statement.node, ast.ImportFrom) and syntax.text[syntax.end(statement.node) - 1] == ")":
        return _without_item(syntax, statement.node, index)
    names = statement.node.names
    if index + 1 < len(names):
        return Edit(syntax.source.path, syntax.start(names[index]), syntax.start(names[index + 1]), "")
    return Edit(syntax.source.path, syntax.end(names[index - 1]), syntax.end(names[index]), "")


def _without_statement(syntax: Syntax, statement: Statement) -> Edit | None:
    path, text, body = syntax.source.path, syntax.text, statement.owner.body
    start, end = syntax.start(statement.node), syntax.end(statement.node)
    position = statement.position
    if len(body) == 1 and not isinstance(statement.owner, ast.Module):
        return None
    if position + 1 < len(body) and syntax.start(body[position + 1]) < syntax.line_end(end):
        return Edit(path, start, syntax.start(body[position + 1]), "")
    line_start = syntax.line_start(start)
    if position and syntax.end(body[position - 1]) > line_start:
        return Edit(path, syntax.end(body[position - 1]), end, "")
    rest = LINE_REST.match(text, end)
    indent = text[line_start:start]
    if rest is None or indent.strip():
        return None
    comments = [found for found in COMMENT.findall(text[start : rest.end()]) if not PRAGMA.match(found)]
    if comments:
        return Edit(path, start, rest.end(), f"{syntax.source.newline}{indent}".join(comments))
    return Edit(path, *_whole_lines(syntax, line_start, syntax.next_line(rest.end())), "")


def _whole_lines(syntax: Syntax, start: int, end: int) -> tuple[int, int]:
    """The lines from `start` to `end`, with a blank line before them that would otherwise double the one after."""
    while start == 0 and end < len(syntax.text) and syntax.blank(end):
        end = syntax.next_line(end)
    if start:
        above = syntax.line_above(start)
        if syntax.blank(above) and syntax.blank(end):
            return above, end
    return start, end


def _without_item(syntax: Syntax, node: ast.ImportFrom, index: int) -> Edit:
    """Take one name out of a list in parentheses."""
    path, text = syntax.source.path, syntax.text
    start, end = syntax.start(node.names[index]), syntax.end(node.names[index])
    comma = COMMA.match(text, end)
    if comma:
        end = comma.end()
    line_start, line_end = syntax.line_start(start), syntax.line_end(end)
    leads_line = not text[line_start:start].strip()
    rest = text[end:line_end].strip()
    if leads_line and (not rest or PRAGMA.match(rest)):
        return Edit(path, line_start, syntax.next_line(end), "")
    if leads_line or (comma and rest and not rest.startswith(("#", ")"))):
        # A comment keeps the place of the name that it stood beside; another name moves up to it.
        return Edit(path, start, end + len(text[end:line_end]) - len(text[end:line_end].lstrip()), "")
    if index and node.names[index - 1].end_lineno == node.names[index].lineno:
        start = syntax.end(node.names[index - 1]) if not comma else len(text[:start].rstrip())
    return Edit(path, start, end, "")
