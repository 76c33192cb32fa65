"""`import aioredis` becomes an import of `redis.asyncio`, and so does what is imported from it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping

from mooring.audit.edits import Edit
from mooring.audit.edits.imports import Statement, plain_imports
from mooring.audit.edits.removal import remove
from mooring.audit.edits.syntax import Syntax
from mooring.audit.rewrite.aioredis.changes import Change, File, Function
from mooring.audit.rewrite.aioredis.names import ATTRIBUTES, CONSTRUCTORS, COUNTERPARTS, FIRST_MODULES, successor

__all__ = ["first_import_changes", "import_edits", "missing_names"]

FROM = re.compile(r"from[\s\\]+(aioredis[\w.]*)")


def import_edits(syntax: Syntax, exported: Callable[[str], bool]) -> Iterator[Edit]:
    """The edits of a module that is written for aioredis 2.x; `exported` tells which names others take from it."""
    for node in ast.walk(syntax.tree):
        if isinstance(node, ast.ImportFrom) and not node.level and node.module in COUNTERPARTS:
            match = FROM.match(syntax.text, syntax.start(node))
            if match:
                yield Edit(syntax.source.path, match.start(1), match.end(1), COUNTERPARTS[node.module][0])
    yield from _package_imports(syntax, exported)


def missing_names(tree: ast.Module) -> list[str]:
    """The names of aioredis 2.x that a module uses and `redis.asyncio` does not have."""
    return sorted({*_missing_imports(tree), *_missing_attributes(tree)})


def first_import_changes(
    file: File, calls: Mapping[str, list[str]], exported: Callable[[str], bool]
) -> Iterator[Change]:
    """The changes of imports and names of a module that is written for aioredis 1.x.

    `calls` tells for each constructor that is imported by name what it is called instead, wherever it is called.
    """
    yield from _package_imports(file.syntax, exported)
    brought: dict[Function | None, set[str]] = {}
    for statement in _taking(file):
        names = {alias.asname or alias.name for alias in statement.names}
        brought.setdefault(file.function(statement), set()).update(names)
    for statement in _taking(file):
        yield from _taken(file, statement, calls, brought[file.function(statement)])
    for node in ast.walk(file.syntax.tree):
        match node:
            case ast.Attribute(value=ast.Name(id=name), attr=attribute) if name in file.packages:
                yield from _attribute(file, node, f"aioredis.{attribute}")
            case ast.Attribute(value=ast.Attribute(value=ast.Name(id=name), attr=module), attr=attribute) if (
                name in file.packages
            ):
                yield from _attribute(file, node, f"aioredis.{module}.{attribute}")
            case ast.Import():
                for alias in node.names:
                    if alias.name.startswith("aioredis."):
                        yield file.todo(node, f"import what it uses of {alias.name} from redis.asyncio")


def _package_imports(syntax: Syntax, exported: Callable[[str], bool]) -> Iterator[Edit]:
    plain = {statement.node: statement for statement in plain_imports(syntax.tree)}
    for node in ast.walk(syntax.tree):
        if isinstance(node, ast.Import):
            for index, alias in enumerate(node.names):
                if alias.name == "aioredis":
                    yield _package_import(syntax, exported, plain.get(node), node, index)


def _package_import(
    syntax: Syntax, exported: Callable[[str], bool], plain: Statement | None, node: ast.Import, index: int
) -> Edit:
    alias = node.names[index]
    local = alias.asname or alias.name
    if plain and local not in syntax.used_names and not exported(local):
        removal = remove(syntax, plain, index)
        if removal is not None:
            return removal
    if len(node.names) == 1:
        return Edit(syntax.source.path, syntax.start(node), syntax.end(node), f"from redis import asyncio as {local}")
    return Edit(syntax.source.path, syntax.start(alias), syntax.end(alias), f"redis.asyncio as {local}")


def _taking(file: File) -> list[ast.ImportFrom]:
    """The statements that import from aioredis, in the order of the source."""
    return [
        node
        for node in ast.walk(file.syntax.tree)
        if isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").partition(".")[0] == "aioredis"
    ]


def _taken(file: File, node: ast.ImportFrom, calls: Mapping[str, list[str]], brought: set[str]) -> Iterator[Change]:
    """The changes of one `from aioredis import …`."""
    syntax, module = file.syntax, node.module or ""
    match = FROM.match(syntax.text, syntax.start(node))
    if match is None or node.names[0].name == "*":
        yield file.todo(node, "import each name from redis.asyncio")
        return
    items: list[tuple[ast.alias, list[str]]] = []
    for alias in node.names:
        local = alias.asname or alias.name
        if alias.name in CONSTRUCTORS and (module == "aioredis" or module in FIRST_MODULES):
            names = [name for name in dict.fromkeys(calls.get(local, ())) if name not in brought]
            for name in names:
                if file.syntax.bound_names[name]:
                    yield file.todo(alias, f"import {name} from redis.asyncio: it means something else here")
            brought.update(names)
            if local not in calls:
                yield file.todo(alias, f"redis.asyncio has no {alias.name}: use from_url()", alias.name)
            items.append((alias, names if calls.get(local) else [alias.name]))
        elif (new := successor(module, alias.name)) is not None:
            items.append((alias, [new if new == local else f"{new} as {local}"]))
        else:
            yield file.todo(alias, f"redis.asyncio has no {alias.name}", alias.name)
            items.append((alias, [alias.name]))
    if any(names for _, names in items):
        yield file.edit(match.start(1), match.end(1), "redis.asyncio")
        yield from _listed(file, items)
    else:
        yield _removal(file, node)


def _removal(file: File, node: ast.ImportFrom) -> Change:
    """The removal of an import none of whose names is needed any more."""
    statements = [each for each in plain_imports(file.syntax.tree) if each.node is node and len(node.names) == 1]
    removal = remove(file.syntax, statements[0], 0) if statements else None
    return removal or file.todo(node, "remove this import: nothing is needed of it any more")


def _listed(file: File, items: list[tuple[ast.alias, list[str]]]) -> Iterator[Change]:
    """The edits that put other names into a list of names; a name that nothing takes the place of goes."""
    syntax = file.syntax
    first = next(index for index, (_, names) in enumerate(items) if names)
    for index, (alias, names) in enumerate(items):
        start, end = syntax.start(alias), syntax.end(alias)
        if names:
            code = ", ".join(names)
            if syntax.text[start:end] != code:
                yield file.edit(start, end, code)
        elif index < first:
            yield file.edit(start, syntax.start(items[index + 1][0]), "")
        else:
            yield file.edit(syntax.end(items[index - 1][0]), end, "")


def _attribute(file: File, node: ast.Attribute, dotted: str) -> Iterator[Change]:
    """The changes of `aioredis.ReplyError`, or of `aioredis.errors.ReplyError`."""
    module, _, name = dotted.rpartition(".")
    if dotted in FIRST_MODULES or (name in CONSTRUCTORS and (module == "aioredis" or module in FIRST_MODULES)):
        parent = file.parents[node]
        if name in CONSTRUCTORS and not (isinstance(parent, ast.Call) and parent.func is node):
            yield file.todo(node, f"redis.asyncio has no {name}: pass from_url", name)
        return
    new = successor(module, name)
    if new is None and module == "aioredis":
        yield file.todo(node, f"redis.asyncio has no {name}", name)
    elif new is not None and (new != name or module != "aioredis"):
        package = dotted.count(".") - 1
        root = node.value
        while package and isinstance(root, ast.Attribute):
            root = root.value
        yield file.edit(file.syntax.end(root), file.syntax.end(node), f".{new}")


def _missing_imports(tree: ast.Module) -> Iterator[str]:
    """The names that `from aioredis… import …` takes and redis-py does not have."""
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(module), level=0) if module.partition(".")[0] == "aioredis":
                known = COUNTERPARTS.get(module, ("", frozenset[str]()))[1]
                submodules = ATTRIBUTES if module == "aioredis" else frozenset[str]()
                yield from (alias.name for alias in node.names if alias.name not in known | submodules)
            case ast.Import():
                yield from (alias.name for alias in node.names if alias.name.startswith("aioredis."))


def _missing_attributes(tree: ast.Module) -> Iterator[str]:
    """The attributes of the imported module that redis-py does not have."""
    modules = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name == "aioredis"
    }
    submodules = {}
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=name), attr=attribute) if name in modules:
                if attribute in ATTRIBUTES:
                    submodules[node] = f"aioredis.{attribute}"
                elif attribute not in COUNTERPARTS["aioredis"][1]:
                    yield attribute
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Attribute() as base, attr=attribute) if base in submodules:
                if attribute not in COUNTERPARTS[submodules[base]][1]:
                    yield attribute
