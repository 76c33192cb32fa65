"""Imports that an edit left without a use: how one name of an import statement leaves."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain

from mooring.audit.edits import Edit, apply
from mooring.audit.edits.imports import Block, ImportNode, Statement, module_of
from mooring.audit.edits.names import used_names
from mooring.audit.edits.syntax import LINE_REST, Syntax, parse

__all__ = ["Policy", "drop_orphans", "remove"]

COMMENT = re.compile(r"#[^\r\n]*")
# Comments that speak to a tool about the statement that they stand beside: they go with it.
PRAGMA = re.compile(r"#\s*(?:noqa|type:\s*ignore|pylint:|pyright:|isort:|fmt:|nosec)", re.IGNORECASE)
Scope = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef
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


@dataclass(frozen=True, slots=True)
class Uses:
    """The names that are used in scopes of one qualified name: at all, and in the body of a `try`."""

    names: set[str] = field(default_factory=set)
    tried: set[str] = field(default_factory=set)


def _uses_by_scope(syntax: Syntax) -> dict[str, Uses]:
    found: dict[str, Uses] = {}
    for name, scope in _scopes(syntax.tree):
        if _has_imports(scope):
            uses = found.setdefault(name, Uses())
            uses.names.update(_uses(syntax, scope))
            for node in ast.walk(scope):
                if isinstance(node, ast.Try | ast.TryStar):
                    uses.tried.update(used_names(ast.Module(node.body, []), ""))
    return found


def _uses(syntax: Syntax, scope: Scope) -> set[str]:
    """The names that are used where an import in the body of `scope` can serve them: a function's signature is not."""
    if scope is syntax.tree:
        return syntax.used_names
    return used_names(ast.Module(scope.body, []), syntax.text)


def _has_imports(scope: Scope) -> bool:
    """Whether a body imports anything; its functions and classes are looked at by themselves."""
    own = [node for node in scope.body if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)]
    return any(isinstance(part, ImportNode) for node in own for part in ast.walk(node))


def _imports(scope: Scope | Block) -> Iterator[Statement]:
    """The imports in a body and in the blocks of it, but none in a block of a `try`."""
    for node in scope.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield Statement(node, scope)
        elif isinstance(node, ast.Try | ast.TryStar):
            yield from (statement for statement in _imports(node) if statement.owner is node)
        elif isinstance(node, Block):
            yield from _imports(node)


def _scopes(node: ast.AST, name: str = "") -> Iterator[tuple[str, Scope]]:
    """The module and its functions, each with its qualified name."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        name = f"{name}.{node.name}"
    if isinstance(node, Scope):
        yield name, node
    for child in ast.iter_child_nodes(node):
        yield from _scopes(child, name)


def _first_orphan(syntax: Syntax, before: dict[str, Uses], policy: Policy) -> Edit | None:
    for name, scope in _scopes(syntax.tree):
        if name not in before or not _has_imports(scope):
            continue
        orphaned = before[name].names - _uses(syntax, scope)
        if name == "":
            orphaned = {local for local in orphaned if not policy.exported(local)}
        if orphaned:
            blocks = _blocks_without(syntax, scope, orphaned, policy)
            items = _items_without(syntax, scope, orphaned, before[name].tried, policy)
            edit = next(chain(blocks, items), None)
            if edit is not None:
                return edit
    return None


def _blocks_without(syntax: Syntax, scope: Scope, orphaned: set[str], policy: Policy) -> Iterator[Edit]:
    """The removals of a `try` or `if` that does nothing but import what nothing uses."""
    for node in scope.body:
        imports = isinstance(node, ast.Try | ast.If) and any(isinstance(part, ImportNode) for part in ast.walk(node))
        if imports and _only_binds(node, orphaned, policy):
            edit = _without_statement(syntax, scope, node)
            if edit is not None:
                yield edit


def _only_binds(node: ast.stmt, names: set[str], policy: Policy) -> bool:
    """Whether a statement does nothing but bind `names`: to imports without effect, or to None where one fails."""
    match node:
        case ast.Import() | ast.ImportFrom():
            return all(_local(alias) in names and policy.inert(*module_of(node, alias)) for alias in node.names)
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=None)):
            return name in names
        case ast.Try(orelse=[], finalbody=[]):
            branches = [*node.body, *(statement for handler in node.handlers for statement in handler.body)]
            return all(_only_binds(statement, names, policy) for statement in branches)
        case ast.If():
            does_more = any(isinstance(part, ast.Call | ast.NamedExpr | ast.Await) for part in ast.walk(node.test))
            branches = [*node.body, *node.orelse]
            return not does_more and all(_only_binds(statement, names, policy) for statement in branches)
    return isinstance(node, ast.Pass)


def _items_without(syntax: Syntax, scope: Scope, orphaned: set[str], tried: set[str], policy: Policy) -> Iterator[Edit]:
    """The removals of single names that nothing uses.

    An import that was used in no `try` stays in a `try`: it tries whether the package is there.
    """
    for statement in _imports(scope):
        node = statement.node
        wanted = orphaned & tried if isinstance(statement.owner, ast.Try | ast.TryStar) else orphaned
        for index, alias in enumerate(node.names):
            shared = isinstance(node, ast.ImportFrom) and len(node.names) > 1
            if _local(alias) in wanted and (shared or policy.inert(*module_of(node, alias))):
                edit = remove(syntax, statement, index)
                if edit is not None:
                    yield edit


def _local(alias: ast.alias) -> str:
    return alias.asname or alias.name.partition(".")[0]


def remove(syntax: Syntax, statement: Statement, index: int) -> Edit | None:
    """Take one name out of an import, or the whole statement with its line if it is the only name.

    Comments stay, unless they tell a tool about the import. None where the statement cannot go without more ado.
    """
    if len(statement.node.names) == 1:
        return _without_statement(syntax, statement.owner, statement.node)
    if isinstance(statement.node, ast.ImportFrom) and syntax.text[syntax.end(statement.node) - 1] == ")":
        return _without_item(syntax, statement.node, index)
    names = statement.node.names
    if index + 1 < len(names):
        return Edit(syntax.source.path, syntax.start(names[index]), syntax.start(names[index + 1]), "")
    return Edit(syntax.source.path, syntax.end(names[index - 1]), syntax.end(names[index]), "")


def _without_statement(syntax: Syntax, owner: Scope | Block, node: ast.stmt) -> Edit | None:
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
