"""A module that is written for aioredis 1.x, rewritten as a whole: half of it would not run."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial

from mooring.audit.edits import Edit, Fix, Safety, choose
from mooring.audit.edits.syntax import parse
from mooring.audit.facts import Call, Import, Module, Site
from mooring.audit.project import Project
from mooring.audit.rewrite.aioredis.calls import (
    ClientCall,
    Role,
    client_calls,
    common,
    decodes,
    first_sites,
    is_first_site,
    is_told_by,
)
from mooring.audit.rewrite.aioredis.changes import Change, File, Todo, Told
from mooring.audit.rewrite.aioredis.channels import SUBSCRIBING, channel_changes
from mooring.audit.rewrite.aioredis.constructors import Construction, constructions
from mooring.audit.rewrite.aioredis.futures import future_changes
from mooring.audit.rewrite.aioredis.imports import first_import_changes, missing_names
from mooring.audit.rewrite.aioredis.lifetime import lending_changes, lifetime_changes, queue_changes
from mooring.audit.rewrite.aioredis.methods import UTF8, method_changes
from mooring.audit.rewrite.aioredis.names import CONSTRUCTORS, FIRST_NAMES
from mooring.audit.rewrite.aioredis.others import BLOCKING, TEXTLESS
from mooring.audit.rewrite.exports import imported_elsewhere

__all__ = ["Migration", "is_first", "migration"]

# Since when redis-py's asyncio client closes with `aclose`.
ACLOSE = (5, 0, 1)
PROPERTIES = frozenset(
    {"address", "channels", "closed", "connection", "db", "encoding", "in_pubsub", "in_transaction", "patterns"}
)

# What aioredis let through while it connected.
CONNECTING = frozenset({"ConnectionError", "ConnectionRefusedError", "OSError", "TimeoutError"})


@dataclass(frozen=True, slots=True)
class Migration:
    """The edits that move a module to redis-py, what they leave to a person, and what is to be told of them."""

    edits: tuple[Edit, ...]
    todos: tuple[Todo, ...]
    told: tuple[str, ...]


def is_first(module: Module, project: Project) -> bool:
    """Whether a module is written for aioredis 1.x: the names that it uses tell, else the pinned release."""
    syntax = parse(project.source(module.path))
    used = set(missing_names(syntax.tree)) if syntax else set()
    if first_sites(module, project) or used & (FIRST_NAMES.keys() | CONSTRUCTORS) or is_told_by(module):
        return True
    release = project.releases.of(module.path, "aioredis")
    return release is not None and release.version < (2,)


@lru_cache(maxsize=64)
def migration(module: Module, project: Project) -> Migration | None:
    """What becomes of a module that is written for aioredis 1.x; None where Python's own parser refuses it.

    Modules that use its clients without an import of aioredis go with it; where one of those that share a client needs
    a hand, all of them do.
    """
    own = _alone(module, project)
    if own is None:
        return None
    edits, todos = own.edits, own.todos
    for other in _partners(module, project):
        theirs = _alone(other, project)
        todos += theirs.todos if theirs else ()
        if theirs and not _imports_it(other):
            edits += theirs.edits
    return Migration(edits, todos, own.told)


def _partners(module: Module, project: Project) -> list[Module]:
    """The modules that use clients of this one, and those whose clients this one uses.

    A module that takes something from this one and does not speak of Redis itself is asked as well.
    """
    pairs = [(one.module, one.site.module) for one in project.commands if one.site and is_first_site(one.site)]
    found = [user for user, maker in pairs if maker is module] + [maker for user, maker in pairs if user is module]
    stem = posixpath.basename(module.path.removesuffix("/__init__.py")).removesuffix(".py")
    for other in project.modules.values():
        taken = {i.module.rpartition(".")[2] for i in other.imports} | {i.name for i in other.imports}
        if stem in taken and first_sites(module, project) and not any(_is_client(i) for i in other.imports):
            found.append(other)
    return [other for other in dict.fromkeys(found) if other is not module]


def _is_client(found: Import) -> bool:
    return not found.level and found.module.partition(".")[0] in ("redis", "aioredis")


def _imports_it(module: Module) -> bool:
    return any(_is_client(i) and i.module.startswith("aioredis") for i in module.imports)


@lru_cache(maxsize=64)
def _alone(module: Module, project: Project) -> Migration | None:
    syntax = parse(project.source(module.path))
    if syntax is None:
        return None
    file = File(syntax)
    changes = list(_changes(file, module, project))
    edits = dict.fromkeys(change for change in changes if isinstance(change, Edit))
    chosen = [fix.edits[0] for fix in choose(Fix("", (edit,), Safety.UNSAFE) for edit in edits)]
    todos = {change for change in changes if isinstance(change, Todo)}
    todos |= {file.todo_at(edit.start, "one change stands inside another here") for edit in edits.keys() - set(chosen)}
    told = dict.fromkeys(change.text for change in changes if isinstance(change, Told))
    return Migration(tuple(chosen), tuple(sorted(todos)), tuple(told))


def _changes(file: File, module: Module, project: Project) -> Iterator[Change]:
    calls, sites = client_calls(file, module, project), first_sites(module, project)
    asked = set() if _lent_out(module, project) else _asked_for_text(calls, sites)
    if asked:
        usual = common(site.call in asked or decodes(site.call) for site in sites)
        calls = [replace(call, text=call.made in asked or call.text if call.made else usual) for call in calls]
    blocking = any(call.name in BLOCKING for call in calls) or any(
        command.name in BLOCKING for command in project.commands if command.site and command.site.module is module
    )
    made = list(constructions(file, sites, asked, blocking=blocking))
    yield from (change for one in made for change in one.changes)
    yield from first_import_changes(file, _new_names(made), partial(imported_elsewhere, project, module.path))
    closer = _closer(module, project)
    for call in calls:
        if call.role is Role.PIPELINE or call.name not in SUBSCRIBING:
            yield from lifetime_changes(call, closer) or queue_changes(call) or method_changes(call)
    yield from lending_changes(file, calls)
    yield from future_changes(file, calls)
    yield from channel_changes(file, calls)
    yield from _properties(file, calls)
    yield from _handlers(file) if made else ()


def _lent_out(module: Module, project: Project) -> bool:
    return any(
        command.site is not None and command.site.module is module and command.module is not module
        for command in project.commands
    )


def _asked_for_text(calls: Iterable[ClientCall], sites: Iterable[Site]) -> set[Call]:
    """The constructors of clients that give bytes, but only to callers that ask for text each time."""
    silent = [site.call for site in sites if decodes(site.call) is False]
    return {made for made in silent if _want_text(call for call in calls if call.made is made or call.made is None)}


def _want_text(calls: Iterable[ClientCall]) -> bool:
    """Whether each call whose answer is looked at asks for text, and at least one does."""
    asked = False
    for call in calls:
        encoding = next((keyword.value for keyword in call.node.keywords if keyword.arg == "encoding"), None)
        if isinstance(encoding, ast.Constant) and encoding.value in UTF8:
            asked = True
        elif encoding is not None or not (call.dropped or call.name in TEXTLESS | SUBSCRIBING):
            return False
    return asked


def _new_names(made: Sequence[Construction]) -> dict[str, list[str]]:
    """What each constructor that is imported by name is called from now on."""
    names: dict[str, list[str]] = {}
    for one in made:
        if one.local is not None:
            names.setdefault(one.local, []).extend([one.name] if one.name else [])
    return names


def _closer(module: Module, project: Project) -> str:
    release = project.releases.of(module.path, "redis")
    return "close" if release is not None and release.version < ACLOSE else "aclose"


def _properties(file: File, calls: Iterable[ClientCall]) -> Iterator[Change]:
    """What is asked of a client without a call, and methods that are passed around."""
    receivers = {(file.function(call.node), call.receiver) for call in calls}
    methods = {call.func for call in calls}
    for node in ast.walk(file.syntax.tree):
        if not isinstance(node, ast.Attribute) or node in methods:
            continue
        if (file.function(node), file.code(node.value)) in receivers:
            if node.attr in PROPERTIES:
                yield file.todo(node, f"{node.attr}: redis-py's client has no such attribute")
            elif not node.attr.isupper():
                yield file.todo(node, f"{node.attr}: its arguments are to be checked where it is called")


def _handlers(file: File) -> Iterator[Told]:
    """The handlers of errors that aioredis let through while it connected."""
    for node in ast.walk(file.syntax.tree):
        if isinstance(node, ast.ExceptHandler) and node.type is not None:
            caught = {one.id for one in ast.walk(node.type) if isinstance(one, ast.Name)} & CONNECTING
            if caught:
                advice = "redis-py raises a ConnectionError and a TimeoutError of its own"
                yield Told(f"line {node.lineno} catches {min(caught)}: {advice}")
