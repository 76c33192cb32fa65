"""How one name of an import, or a whole statement, leaves a file: with its line, its comma and the blanks around it."""

from __future__ import annotations

import ast
import re

from mooring.audit.edits import Edit
from mooring.audit.edits.imports import Block, Statement
from mooring.audit.edits.syntax import LINE_REST, Syntax

__all__ = ["remove", "without_statement"]

COMMENT = re.compile(r"#[^\r\n]*")
# Comments that speak to a tool about the statement that they stand beside: they go with it.
PRAGMA = re.compile(r"#\s*(?:noqa|type:\s*ignore|pylint:|pyright:|isort:|fmt:|nosec)", re.IGNORECASE)
Scope = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef
COMMA = re.compile(r"[ \t]*,")


def remove(syntax: Syntax, statement: Statement, index: int) -> Edit | None:
    """Take one name out of an import, or the whole statement with its line if it is the only name.

    Comments stay, unless they tell a tool about the import. None where the statement cannot go without more ado.
    """
    if len(statement.node.names) == 1:
        return without_statement(syntax, statement.owner, statement.node)
    if isinstance(statement.node, ast.ImportFrom) and syntax.text[syntax.end(statement.node) - 1] == ")":
        return _without_item(syntax, statement.node, index)
    names = statement.node.names
    if index + 1 < len(names):
        return Edit(syntax.source.path, syntax.start(names[index]), syntax.start(names[index + 1]), "")
    return Edit(syntax.source.path, syntax.end(names[index - 1]), syntax.end(names[index]), "")


def without_statement(syntax: Syntax, owner: Scope | Block, node: ast.stmt) -> Edit | None:
    """Take a statement out of the body of `owner`, with its line where it has one of its own.

    Comments stay, unless they tell a tool about the statement. None where the body would be empty, or where a part of
    the line would be torn.
    """
    path, text, body = syntax.source.path, syntax.text, owner.body
    start, end = syntax.start(node), syntax.end(node)
    position = body.index(node)
    if len(body) == 1 and not isinstance(owner, ast.Module):
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
