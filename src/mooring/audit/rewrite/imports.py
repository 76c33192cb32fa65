"""An import of `redis.asyncio` that serves no awaited command leaves, or becomes one of the synchronous client."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from mooring.audit.edits import Edit, Fix, Safety
from mooring.audit.edits.imports import Statement, plain_imports
from mooring.audit.edits.removal import remove
from mooring.audit.edits.syntax import Syntax, parse
from mooring.audit.facts import Import, Module, Site
from mooring.audit.project import Project
from mooring.audit.python.scopes import span_of
from mooring.audit.rewrite.awaiting import asyncio_rewrite, is_lost
from mooring.audit.rewrite.exports import imported_elsewhere
from mooring.audit.rewrite.flow import Flow, flow_of, last_name

__all__ = ["async_import_rewrite"]

ASYNC_HOME = "redis.asyncio"
PACKAGE = "redis"
FROM = re.compile(r"from[\s\\]+(redis[\w.]*)")


def async_import_rewrite(module: Module, found: Import, sites: Sequence[Site], project: Project) -> Fix | None:
    """The fix for an import of the asyncio client that only makes the clients of `sites`, none of which is awaited.

    Where coroutines use a synchronous client that can become an asyncio one, that is the fix: somebody began it. Else
    the import goes where nothing uses it, and becomes a synchronous one where its clients are used synchronously.
    Unsafe, because what somebody meant to do with it is not known. None where it is no plain import of its own, or its
    clients are used in a way that is not seen.
    """
    begun = next(_conversions(module, project), None)
    if begun is not None:
        return begun
    syntax = parse(project.source(module.path))
    place = _statement(syntax, found) if syntax else None
    if syntax is None or place is None:
        return None
    statement, index = place
    alias = statement.node.names[index]
    local = alias.asname or alias.name
    if syntax.bound_names[local] != 1 or imported_elsewhere(project, module.path, local):
        return None
    if not sites:
        removal = remove(syntax, statement, index) if local not in syntax.used_names else None
        return Fix(f"Drop the import of {local}, which nothing uses", (removal,), Safety.UNSAFE) if removal else None
    flow = flow_of(syntax)
    roots = [load for load in flow.loads(local) if flow.located(load)]
    if not all(_is_synchronous(flow, site, project) for site in sites) or len(roots) != len(sites):
        return None
    edits = tuple(_synchronous(flow, statement, index, roots))
    return Fix("Import the synchronous client, which is how it is used", edits, Safety.UNSAFE) if edits else None


def _conversions(module: Module, project: Project) -> Iterator[Fix]:
    """The fixes that make asyncio clients of those that block the module's coroutines."""
    for command in project.commands:
        if command.module is module and command.coroutine and command.asynchronous is False:
            fix = asyncio_rewrite(command, project)
            if fix.safety is not Safety.DISPLAY:
                yield fix


def _statement(syntax: Syntax, found: Import) -> tuple[Statement, int] | None:
    """The plain import of which `found` is one name, and that name's index."""
    for statement in plain_imports(syntax.tree):
        if span_of(syntax.source, statement.node) != found.span:
            continue
        for index, alias in enumerate(statement.node.names):
            name = alias.name if isinstance(statement.node, ast.ImportFrom) else None
            if (name, alias.asname) == (found.name, found.asname):
                return statement, index
    return None


def _is_synchronous(flow: Flow, site: Site, project: Project) -> bool:
    """Whether the client of a site is used, and nowhere in a way that an asyncio client can be used in."""
    call = flow.call_at(site.call.span)
    commands = [command for command in project.commands if command.site is site]
    if call is None or not commands or not all(is_lost(command) and not command.coroutine for command in commands):
        return False
    names = {last_name(target) for target in _targets(flow.parents[call])} - {""}
    asked = (whole for node in flow.scopes for whole in _asked(node))
    return not any(part is call or last_name(part) in names for whole in asked for part in ast.walk(whole))


def _targets(statement: ast.AST) -> list[ast.expr]:
    match statement:
        case ast.Assign(targets=targets):
            return targets
        case ast.AnnAssign(target=target):
            return [target]
    return []


def _asked(node: ast.AST) -> list[ast.expr]:
    """What a node waits for, or hands to others who may."""
    match node:
        case ast.Await(value=value) | ast.AsyncFor(iter=value):
            return [value]
        case ast.Return(value=ast.expr() as value) | ast.Yield(value=ast.expr() as value):
            return [value]
        case ast.AsyncWith(items=items):
            return [item.context_expr for item in items]
    return []


def _synchronous(flow: Flow, statement: Statement, index: int, roots: Sequence[ast.Name]) -> Iterator[Edit]:
    """The edits of the import, and of the names `roots` by which it is used.

    Each of those is claimed, even where it stays, so that no fix of an asyncio client is made beside this one.
    """
    syntax, node, alias = flow.syntax, statement.node, statement.node.names[index]
    path, local = syntax.source.path, alias.asname or alias.name
    if isinstance(node, ast.ImportFrom) and node.module == ASYNC_HOME:
        match = FROM.match(syntax.text, syntax.start(node))
        if match is None or len(node.names) > 1:
            return
        name = local
        yield Edit(path, match.start(1), match.end(1), PACKAGE)
    elif isinstance(node, ast.ImportFrom) and len(node.names) > 1:
        return
    else:
        taken = PACKAGE in syntax.bound_names.keys() | syntax.used_names
        name = local if taken else PACKAGE
        whole = node if isinstance(node, ast.ImportFrom) else alias
        text = PACKAGE if name == PACKAGE else f"{PACKAGE} as {name}"
        yield Edit(path, syntax.start(whole), syntax.end(whole), f"import {text}" if whole is node else text)
    yield from (Edit(path, syntax.start(root), syntax.end(root), name) for root in roots)
