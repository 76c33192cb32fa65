"""`import aioredis` becomes an import of `redis.asyncio`, where all that is used of it was merged there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from mooring.audit.edits import Edit, Fix, Safety
from mooring.audit.edits.imports import Statement, plain_imports
from mooring.audit.edits.orphans import remove
from mooring.audit.edits.syntax import Syntax, parse
from mooring.audit.facts import Import, Module
from mooring.audit.project import Project
from mooring.audit.rewrite.exports import imported_elsewhere

__all__ = ["aioredis_import_rewrite"]

EXCEPTIONS = frozenset(
    {
        "AuthenticationError", "AuthenticationWrongNumberOfArgsError", "BusyLoadingError", "ChildDeadlockedError",
        "ConnectionError", "DataError", "InvalidResponse", "PubSubError", "ReadOnlyError", "RedisError",
        "ResponseError", "TimeoutError", "WatchError",
    }
)  # fmt: skip
CONNECTIONS = frozenset(
    {"BlockingConnectionPool", "Connection", "ConnectionPool", "SSLConnection", "UnixDomainSocketConnection"}
)
# For each module of aioredis 2.0: its counterpart in redis-py, and the public names of it that live on there.
COUNTERPARTS: dict[str, tuple[str, frozenset[str]]] = {
    "aioredis": ("redis.asyncio", EXCEPTIONS | CONNECTIONS | {"Redis", "StrictRedis", "from_url"}),
    "aioredis.client": ("redis.asyncio.client", frozenset({"Monitor", "Pipeline", "PubSub", "Redis", "StrictRedis"})),
    "aioredis.connection": ("redis.asyncio.connection", CONNECTIONS | {"Encoder", "parse_url", "to_bool"}),
    "aioredis.exceptions": (
        "redis.exceptions",
        EXCEPTIONS
        | {"ExecAbortError", "LockError", "LockNotOwnedError", "ModuleError", "NoPermissionError", "NoScriptError"},
    ),
    "aioredis.lock": ("redis.asyncio.lock", frozenset({"Lock"})),
    "aioredis.sentinel": (
        "redis.asyncio.sentinel",
        frozenset(
            {
                "MasterNotFoundError", "Sentinel", "SentinelConnectionPool", "SentinelManagedConnection",
                "SlaveNotFoundError",
            }
        ),
    ),
    "aioredis.utils": ("redis.asyncio.utils", frozenset({"from_url", "pipeline"})),
}  # fmt: skip
# Of those, the modules that are attributes of `redis.asyncio` too.
ATTRIBUTES = frozenset({"client", "connection", "lock", "sentinel", "utils"})
FROM = re.compile(r"from[\s\\]+(aioredis[\w.]*)")


def aioredis_import_rewrite(module: Module, found: Import, project: Project) -> Fix | None:
    """The fix that makes every import of aioredis in a module one of redis-py.

    Safe where each name that is used lives on in redis-py, display-only where one does not (aioredis 1.x). An import
    that nothing uses goes. None where Python's own parser refuses the file, or only a person can tell what to import.
    """
    syntax = parse(project.source(module.path))
    if syntax is None:
        return None
    missing = sorted({*_missing_imports(syntax.tree), *_missing_attributes(syntax.tree)})
    edits = tuple(_edits(syntax, project))
    if not edits:
        return None
    if missing:
        names = ", ".join(missing)
        title = f"Import redis.asyncio instead of {found.module}; it has no {names}, which must be written anew"
        return Fix(title, edits, Safety.DISPLAY)
    return Fix(f"Import redis.asyncio instead of {found.module}", edits, Safety.SAFE)


def _edits(syntax: Syntax, project: Project) -> Iterator[Edit]:
    plain = {statement.node: statement for statement in plain_imports(syntax.tree)}
    for node in ast.walk(syntax.tree):
        if isinstance(node, ast.ImportFrom) and not node.level and node.module in COUNTERPARTS:
            match = FROM.match(syntax.text, syntax.start(node))
            if match:
                yield Edit(syntax.source.path, match.start(1), match.end(1), COUNTERPARTS[node.module][0])
        elif isinstance(node, ast.Import):
            for index, alias in enumerate(node.names):
                if alias.name == "aioredis":
                    yield _module_import(syntax, project, plain.get(node), node, index)


def _module_import(syntax: Syntax, project: Project, plain: Statement | None, node: ast.Import, index: int) -> Edit:
    alias = node.names[index]
    local = alias.asname or alias.name
    if plain and local not in syntax.used_names and not imported_elsewhere(project, syntax.source.path, local):
        removal = remove(syntax, plain, index)
        if removal is not None:
            return removal
    if len(node.names) == 1:
        return Edit(syntax.source.path, syntax.start(node), syntax.end(node), f"from redis import asyncio as {local}")
    return Edit(syntax.source.path, syntax.start(alias), syntax.end(alias), f"redis.asyncio as {local}")


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
