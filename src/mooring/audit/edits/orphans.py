"""Imports that an edit left without a use, and what stands in a file only for their sake."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain

from mooring.audit.edits import Edit, apply
from mooring.audit.edits.imports import Block, ImportNode, Statement, module_of
from mooring.audit.edits.names import used_names
from mooring.audit.edits.removal import remove, without_statement
from mooring.audit.edits.syntax import Syntax, parse

__all__ = ["Policy", "drop_orphans"]

Scope = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Policy:
    """What speaks against taking out an import that its own file does not use.

    `exported(name)` tells whether other modules take the name from here; `inert(module, level)` whether importing the
    module does nothing but bind names, so that no effect of it can be missed. `needed` are names that something in the
    file counts on which no use of them shows.
    """

    exported: Callable[[str], bool]
    inert: Callable[[str, int], bool]
    needed: frozenset[str] = frozenset()


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
    """The names that are used in scopes of one qualified name: at all, and in the body of a `try`.

    `shared` are those that it imports for the whole module, by `global`.
    """

    names: set[str] = field(default_factory=set)
    tried: set[str] = field(default_factory=set)
    shared: set[str] = field(default_factory=set)


def _uses_by_scope(syntax: Syntax) -> dict[str, Uses]:
    found: dict[str, Uses] = {}
    for name, scope in _scopes(syntax.tree):
        if _has_imports(scope):
            uses = found.setdefault(name, Uses())
            uses.names.update(_uses(syntax, scope))
            uses.shared.update(_declared(scope) & _imported(scope))
            for node in ast.walk(scope):
                if isinstance(node, ast.Try | ast.TryStar):
                    uses.tried.update(used_names(ast.Module(node.body, []), ""))
    return found


def _uses(syntax: Syntax, scope: Scope) -> set[str]:
    """The names that are used where an import in the body of `scope` can serve them: a function's signature is not."""
    if scope is syntax.tree:
        return syntax.used_names
    # What a function imports for the whole module serves it all.
    whole = used_names(syntax.tree, syntax.text, declared=False) if (shared := _declared(scope)) else set[str]()
    return used_names(ast.Module(scope.body, []), syntax.text, declared=False) | (shared & whole)


def _declared(scope: Scope) -> set[str]:
    """The names that a function declares to be the module's."""
    found = (node for node in scope.body if isinstance(node, ast.Global))
    return {name for node in found for name in node.names}


def _imported(scope: Scope) -> set[str]:
    return {_local(alias) for statement in _imports(scope) for alias in statement.node.names}


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
        if name not in before:
            continue
        idle = _idle_declaration(syntax, scope, before[name].shared)
        if idle is not None:
            return idle
        if not _has_imports(scope):
            continue
        orphaned = before[name].names - _uses(syntax, scope) - policy.needed
        offered = orphaned if name == "" else orphaned & _declared(scope)
        orphaned -= {local for local in offered if policy.exported(local)}
        if orphaned:
            blocks = _blocks_without(syntax, scope, orphaned, policy)
            items = _items_without(syntax, scope, orphaned, before[name].tried, policy)
            edit = next(chain(blocks, items), None)
            if edit is not None:
                return edit
    return None


def _idle_declaration(syntax: Syntax, scope: Scope, shared: set[str]) -> Edit | None:
    """The removal of a `global` that stood there only for an import that is gone."""
    for node in scope.body if shared else ():
        if isinstance(node, ast.Global) and shared.issuperset(node.names):
            named = {part.id for part in ast.walk(scope) if isinstance(part, ast.Name)} | _imported(scope)
            if not named & set(node.names):
                return without_statement(syntax, scope, node)
    return None


def _blocks_without(syntax: Syntax, scope: Scope, orphaned: set[str], policy: Policy) -> Iterator[Edit]:
    """The removals of a `try` or `if` that does nothing but import what nothing uses."""
    for node in scope.body:
        imports = isinstance(node, ast.Try | ast.If) and any(isinstance(part, ImportNode) for part in ast.walk(node))
        if imports and _only_binds(node, orphaned, policy):
            edit = without_statement(syntax, scope, node)
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
