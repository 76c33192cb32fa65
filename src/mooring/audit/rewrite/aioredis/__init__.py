"""aioredis becomes `redis.asyncio`: 2.x was merged there, 1.x has to be rewritten call by call.

| module | what it rewrites |
|---|---|
| `names` | the public names of both generations and their successors, as data |
| `imports` | imports, and names taken from the package |
| `first` | a module written for 1.x, as a whole |
| `calls` | which calls are methods of a client of 1.x |
| `constructors`, `lifetime` | how a client is made, closed and lent |
| `methods`, `commands`, `sorted_sets`, `others` | commands: their names, arguments and answers |
| `futures` | what the commands of a pipeline gave |
| `channels` | subscriptions and their readers |

Read from the sources of aioredis 1.3.1 and 2.0.1 and of redis-py 5.0.4 and 8.1.0.
"""

from __future__ import annotations

from functools import partial

from mooring.audit.edits import Fix, Safety
from mooring.audit.edits.syntax import parse
from mooring.audit.facts import Import, Module
from mooring.audit.project import Project
from mooring.audit.rewrite.aioredis.changes import Todo
from mooring.audit.rewrite.aioredis.first import is_first, migration
from mooring.audit.rewrite.aioredis.imports import import_edits, missing_names
from mooring.audit.rewrite.aioredis.names import COUNTERPARTS
from mooring.audit.rewrite.exports import imported_elsewhere

__all__ = ["COUNTERPARTS", "Todo", "aioredis_import_rewrite", "aioredis_todos"]

# Commands that may wait longer than redis-py 8 reads by default.
WAITING = frozenset(
    {
        "blmove",
        "blmpop",
        "blpop",
        "brpop",
        "brpoplpush",
        "bzmpop",
        "bzpopmax",
        "bzpopmin",
        "wait",
        "xread",
        "xreadgroup",
    }
)
FIRST_WITH_TIMEOUT = (8,)


def aioredis_import_rewrite(module: Module, found: Import, project: Project) -> Fix | None:
    """The fix that moves a module from aioredis to redis-py.

    Written for 2.x: safe where each name that is used lives on, unsafe where a command may wait longer than redis-py 8
    does by default, display-only where a name lives on nowhere. Written for 1.x: unsafe where every line can be
    rewritten, else display-only, and the title says what is to be done by hand. None where Python's own parser refuses
    the file, or only a person can tell what to import.
    """
    if is_first(module, project):
        return _first_rewrite(module, found, project)
    syntax = parse(project.source(module.path))
    edits = tuple(import_edits(syntax, partial(imported_elsewhere, project, module.path))) if syntax else ()
    if syntax is None or not edits:
        return None
    missing = missing_names(syntax.tree)
    if missing:
        return Fix(_left_out(found, [], missing), edits, Safety.DISPLAY)
    title = f"Import redis.asyncio instead of {found.module}"
    waiting = _waiting(module, project)
    if waiting:
        advice = f"redis-py 8 gives up after 5 s: {waiting}() needs socket_timeout=None where the client is made"
        return Fix(f"{title}; {advice}", edits, Safety.UNSAFE)
    return Fix(title, edits, Safety.SAFE)


def aioredis_todos(module: Module, project: Project) -> tuple[Todo, ...]:
    """What is to be done by hand before a module that is written for aioredis 1.x runs on redis-py, place by place."""
    moved = migration(module, project) if is_first(module, project) else None
    return moved.todos if moved else ()


def _first_rewrite(module: Module, found: Import, project: Project) -> Fix | None:
    moved = migration(module, project)
    if moved is None or not moved.edits:
        return None
    if moved.todos:
        places = [f"{'' if todo.path == module.path else todo.path + ' '}{todo}" for todo in moved.todos]
        missing = sorted({todo.name for todo in moved.todos if todo.name})
        return Fix(_left_out(found, places, missing), moved.edits, Safety.DISPLAY)
    told = f" ({'; '.join(moved.told)})" if moved.told else ""
    return Fix(f"Move from aioredis 1.x to redis.asyncio{told}", moved.edits, Safety.UNSAFE)


def _left_out(found: Import, places: list[str], missing: list[str]) -> str:
    """The title of a fix that leaves something to a person: at these places, about these names."""
    parts = [f"Import redis.asyncio instead of {found.module}"]
    if places:
        parts.append(f"by hand: {'; '.join(places)}")
    if missing:
        parts.append(f"it has no {', '.join(missing)}, which must be written anew")
    return "; ".join(parts)


def _waiting(module: Module, project: Project) -> str:
    """A command that waits on a client of this module; empty if none does, or the pinned redis-py waits as well."""
    release = project.releases.of(module.path, "redis")
    if release is not None and release.version < FIRST_WITH_TIMEOUT:
        return ""
    for command in project.commands:
        made = command.site
        if command.name in WAITING and made and made.module is module and made.constructor.startswith("aioredis."):
            return command.name
    return ""
