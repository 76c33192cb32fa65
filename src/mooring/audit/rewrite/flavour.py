"""Makes asyncio clients of synchronous ones where they are made: the constructor, its arguments and its import."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mooring.audit.edits import Edit
from mooring.audit.edits.imports import Provided, provide
from mooring.audit.project import Project
from mooring.audit.rewrite.arguments import Action, edit_arguments
from mooring.audit.rewrite.call import CLIENT_PACKAGES, CallSite
from mooring.audit.rewrite.exports import imported_elsewhere
from mooring.audit.rewrite.flow import Flow, Function, is_tested, last_name
from mooring.audit.rewrite.given import Given
from mooring.audit.rewrite.twins import EXCEPTIONS, SYNC_ONLY

__all__ = ["FACTORY", "Maker", "asyncio_factories", "asyncio_makers", "has_asyncio_twin"]

FACTORY = "create_redis_from_config"
ASYNC_FACTORY = "create_async_redis_from_config"
HOME = "redis.asyncio"
CLASSES = frozenset({"Redis", "StrictRedis"})
# The modules that a client class is imported from.
HOMES = ("redis", "redis.client")
FROM = re.compile(r"from[\s\\]+(redis[\w.]*)")
TYPE_COMMENT = re.compile(r"#[ \t]*type:[ \t]*(?!ignore\b)([^\r\n]*)")


@dataclass(frozen=True)
class Maker:
    """A call that makes a client, the site that it is (None for a factory), and the types written beside its names."""

    call: ast.Call
    site: CallSite | None
    annotations: tuple[ast.expr, ...] = ()


def has_asyncio_twin(call: ast.Call) -> bool:
    """Whether an asyncio client takes what a synchronous one is given, as far as that is seen."""
    given = {keyword.arg for keyword in call.keywords}
    return None not in given and not given & SYNC_ONLY and not any(isinstance(a, ast.Starred) for a in call.args)


def asyncio_factories(flow: Flow, makers: Sequence[Maker], project: Project) -> tuple[Edit, ...] | None:
    """The edits that call the asyncio factory instead; None where it is not told what to import it from."""
    first = min(flow.syntax.start(maker.call) for maker in makers)
    funcs = {maker.call.func for maker in makers}
    named = [_factory(flow, func, funcs, first, project) for func in funcs]
    types = _types(flow, makers, provide(flow.syntax, HOME, "Redis", first, ("redis",)))
    if types is None or any(edits is None for edits in named):
        return None
    return (*types, *(edit for edits in named for edit in edits or ()))


def _factory(flow: Flow, func: ast.expr, funcs: set[ast.expr], first: int, project: Project) -> tuple[Edit, ...] | None:
    """The edits by which one of `funcs`, the names of factories to be changed, names the asyncio factory."""
    path, start, end = flow.syntax.source.path, flow.syntax.start(func), flow.syntax.end(func)
    if isinstance(func, ast.Attribute):
        root = _root(func)
        scope = flow.owner(root) if root else None
        imported = root and scope and all(isinstance(one, ast.alias) for one in flow.bindings(scope, root.id))
        return (Edit(path, end - len(func.attr), end, ASYNC_FACTORY),) if imported else None
    found = _factory_import(flow, func) if isinstance(func, ast.Name) else None
    if found is None:
        return None
    statement, alias = found
    provided = provide(flow.syntax, statement.module or "", ASYNC_FACTORY, first, CLIENT_PACKAGES)
    named = Edit(path, start, end, provided.expression)
    changed = funcs.issuperset(flow.loads(_local(alias))) and not imported_elsewhere(project, path, _local(alias))
    if changed and provided.edits and provided.expression == ASYNC_FACTORY and alias.asname is None:
        # Nothing else needs the synchronous factory: its import becomes that of the other.
        return named, Edit(path, flow.syntax.start(alias), flow.syntax.end(alias), ASYNC_FACTORY)
    return named, *provided.edits


def asyncio_makers(flow: Flow, makers: Sequence[Maker], project: Project) -> tuple[Edit, ...] | None:
    """The edits that make clients of `redis.asyncio`; None where a type beside a name cannot follow."""
    path = flow.syntax.source.path
    sites = [maker.site for maker in makers if maker.site]
    provided = provide(flow.syntax, HOME, "Redis", min(site.first_use for site in sites), ("redis",))
    arguments = [edit for site in sites for edit in _arguments(site)]
    imported = _rebound(flow, makers, project) if provided.edits else None
    if imported is not None:
        # Each constructor is claimed as it stands, so that no fix of a synchronous client is made beside this one.
        return (*imported, *(Edit(path, *site.func_range, site.func) for site in sites), *arguments)
    types = _types(flow, makers, provided)
    if types is None:
        return None
    named = [_moved(flow, maker.call.func, provided) for maker in makers]
    return None if None in named else (*arguments, *types, *(edit for edits in named for edit in edits or ()))


def _moved(flow: Flow, named: ast.expr, provided: Provided) -> list[Edit] | None:
    """The edits by which what names a client class, or its `from_url`, names that of its asyncio twin.

    None where the class is imported under a condition, which the import of its twin would not stand under.
    """
    path, root = flow.syntax.source.path, _root(named)
    alias = _imported(flow, root.id) if root else None
    if provided.edits and root and alias:
        if alias.name == "redis":
            # `import redis` brings `redis.asyncio` too.
            end = flow.syntax.end(root)
            return [Edit(path, end, end, ".asyncio")]
        if not _is_plain(flow, alias):
            return None
    method = ".from_url" if last_name(named) == "from_url" else ""
    start, end = flow.syntax.start(named), flow.syntax.end(named)
    return [*provided.edits, Edit(path, start, end, provided.expression + method)]


def _arguments(found: CallSite) -> Iterator[Edit]:
    """What asyncio clients take by keyword only gets its keyword, and what they call otherwise its name."""
    actions = [_action(one, from_url=found.site.constructor.endswith("from_url")) for one in found.given]
    yield from (Edit(found.site.path, *replacement) for replacement in edit_arguments(found.layout, actions))


def _action(one: Given, *, from_url: bool) -> Action:
    if one.written == one.keyword or (from_url and one.keyword == "url"):
        return Action()
    return Action("keyword", one.keyword) if one.written is None else Action("replace", f"{one.keyword}={one.code}")


def _rebound(flow: Flow, makers: Sequence[Maker], project: Project) -> tuple[Edit, ...] | None:
    """The edit of the one import that names all the constructors, where all that it brings may become asyncio."""
    roots = {root.id if root else "" for root in (_root(maker.call.func) for maker in makers)}
    alias = _imported(flow, roots.pop()) if len(roots) == 1 else None
    if alias is None:
        return None
    statement = flow.parents[alias]
    path, syntax = flow.syntax.source.path, flow.syntax
    changing = [part for maker in makers for part in (maker.call.func, *maker.annotations)]
    inside = {id(node) for part in changing for node in ast.walk(part)}
    if isinstance(statement, ast.ImportFrom):
        match = FROM.match(syntax.text, syntax.start(statement))
        if match and all(_may_change(flow, one, inside, project) for one in statement.names):
            return (Edit(path, match.start(1), match.end(1), HOME),)
    elif _may_change(flow, alias, inside, project):
        text = f"{HOME} as {_local(alias)}"
        return (Edit(path, syntax.start(alias), syntax.end(alias), text),)
    return None


def _may_change(flow: Flow, alias: ast.alias, inside: set[int], project: Project) -> bool:
    """Whether what an import brings can come from `redis.asyncio`: it makes these clients only, or is alike there."""
    if alias.name in EXCEPTIONS:
        return True
    local, module = _local(alias), alias.name == "redis"
    loads = [load for load in flow.loads(local) if id(load) not in inside]
    return (
        alias.name in {"redis", "from_url", *CLASSES}
        and _imported(flow, local) is not None
        and all(is_tested(flow, load) or (module and _is_exception(flow, load)) for load in loads)
        and not imported_elsewhere(project, flow.syntax.source.path, local)
        and not any(_names(text, local, module=module) for text in _texts(flow))
    )


def _is_exception(flow: Flow, load: ast.Name) -> bool:
    return last_name(flow.parents[load]) in EXCEPTIONS


def _texts(flow: Flow) -> Iterator[str]:
    """The texts of a file that may be read as types."""
    yield from (node.value for node in flow.scopes if isinstance(node, ast.Constant) and isinstance(node.value, str))
    yield from TYPE_COMMENT.findall(flow.syntax.text)


def _names(text: str, local: str, *, module: bool) -> bool:
    """Whether a text is an expression that uses the name: of a module, by one of its attributes."""
    if local not in text:
        return False
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    named = [node.value for node in ast.walk(tree) if isinstance(node, ast.Attribute)] if module else ast.walk(tree)
    return any(isinstance(node, ast.Name) and node.id == local for node in named)


def _types(flow: Flow, makers: Sequence[Maker], provided: Provided) -> list[Edit] | None:
    """The edits of the types beside the clients' names; None where one speaks of Redis in some other way."""
    edits = []
    for annotation in (one for maker in makers for one in maker.annotations):
        found = [node for node in ast.walk(annotation) if isinstance(node, ast.expr) and _is_class(flow, node)]
        if not found and "redis" in ast.unparse(annotation).lower():
            return None
        for node in found:
            moved = _moved(flow, node, provided)
            if moved is None:
                return None
            edits += moved
    return edits


def _is_class(flow: Flow, node: ast.expr) -> bool:
    root = _root(node)
    alias = _imported(flow, root.id) if root else None
    if alias is None:
        return False
    return alias.name in CLASSES if root is node else alias.name == "redis" and last_name(node) in CLASSES


def _imported(flow: Flow, name: str) -> ast.alias | None:
    """The import of redis-py, or of a name of it, where that alone binds `name`, to something else than None."""
    if flow.syntax.bound_names[name] - sum(_is_emptied(node, name) for node in flow.scopes) != 1:
        return None
    found = next((node for node in flow.scopes if isinstance(node, ast.alias) and _local(node) == name), None)
    statement = flow.parents[found] if found else None
    if isinstance(statement, ast.ImportFrom):
        return found if statement.module in HOMES and not statement.level else None
    return found if found and found.name == "redis" else None


def _is_emptied(node: ast.AST, name: str) -> bool:
    """Whether it is `name = None`, as it stands after `except ImportError`."""
    match node:
        case ast.Assign(targets=[ast.Name(id=target)], value=ast.Constant(value=None)):
            return target == name
    return False


def _is_plain(flow: Flow, alias: ast.alias) -> bool:
    """Whether an import runs whenever its module or function does."""
    return isinstance(flow.parents[flow.parents[alias]], ast.Module | Function)


def _factory_import(flow: Flow, func: ast.Name) -> tuple[ast.ImportFrom, ast.alias] | None:
    """The import that alone binds the name by which a factory is called."""
    for alias in (node for node in flow.scopes if isinstance(node, ast.alias)):
        statement = flow.parents[alias]
        if isinstance(statement, ast.ImportFrom) and (alias.name, _local(alias)) == (FACTORY, func.id):
            alone = flow.syntax.bound_names[func.id] == 1 and not statement.level
            return (statement, alias) if alone else None
    return None


def _local(alias: ast.alias) -> str:
    return alias.asname or alias.name.partition(".")[0]


def _root(named: ast.expr) -> ast.Name | None:
    while isinstance(named, ast.Attribute):
        named = named.value
    return named if isinstance(named, ast.Name) else None
