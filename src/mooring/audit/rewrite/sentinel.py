"""`Sentinel([("h", 26379)]).master_for("m")` becomes `create_redis_from_config(default_url="redis+sentinel://…/m/0")`.

A Sentinel makes no connection itself: what it is asked for does. So it is followed to all its uses, and goes with them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from mooring.audit.edits import Edit, Fix, Safety
from mooring.audit.edits.imports import Block
from mooring.audit.edits.removal import without_statement
from mooring.audit.facts import Call, Site
from mooring.audit.project import Project
from mooring.audit.python.scopes import span_of
from mooring.audit.rewrite.call import first_call
from mooring.audit.rewrite.exports import reached
from mooring.audit.rewrite.flow import Flow, Function
from mooring.audit.rewrite.keywords import Keywords
from mooring.audit.rewrite.master import Master, master_of
from mooring.audit.rewrite.offer import factory_for, graded, own_call
from mooring.audit.rewrite.parameters import Untold

__all__ = ["sentinel_rewrite"]

ASKED = "master_for"


def sentinel_rewrite(site: Site, project: Project) -> Fix | None:
    """The fix for the clients that a Sentinel of redis-py makes: each of the factory, and the Sentinel goes.

    Safe where every use of it asks for a master by name and the factory takes what both calls are given: it asks the
    Sentinels as redis-py does, each time that it connects. Unsafe where a password leaves the code, or where the
    Sentinels have timeouts of their own. Display-only, with the reason, where it is asked for more (`slave_for`,
    `discover_master`), is handed on, or is given what the factory does not take.
    """
    found = own_call(site, project)
    if found is None:
        return None
    try:
        return _fix(site, project, *found)
    except Untold as untold:
        return Fix(
            f"Use create_redis_from_config() with a redis+sentinel:// URL for the master: {untold}", (), Safety.DISPLAY
        )


@dataclass(frozen=True, slots=True)
class Held:
    """The calls that ask a Sentinel for a master, and the statement that gives it the name they use, if one does."""

    asking: tuple[ast.Call, ...]
    statement: ast.Assign | ast.AnnAssign | None = None


def _fix(site: Site, project: Project, flow: Flow, call: ast.Call) -> Fix:
    held, source = _held(flow, call, project), project.source(site.path)
    calls = {known.span: known for known in site.module.calls}
    first = min([first_call(site, project), *map(flow.syntax.start, held.asking)])
    factory = factory_for(site, project, first)
    edits, masters = list(factory.edits), list[Master]()
    for asking in held.asking:
        known = calls.get(span_of(source, asking))
        if known is None or not flow.located(asking):
            raise Untold(f"master_for() in line {asking.lineno} is not read")
        _refuse_elsewhere(flow, call, asking)
        master = master_of(site, known, project, {other.service for other in masters})
        masters.append(master)
        edits += _edits(flow, site, known, asking, master, factory.expression)
    if held.statement is not None:
        edits.append(_without(flow, held.statement))
    safety = Safety.UNSAFE if any(master.remark for master in masters) else Safety.SAFE
    remark = next((master.remark for master in masters if master.remark), "")
    func = source.text[flow.syntax.start(call.func) : flow.syntax.end(call.func)]
    return graded(site, project, func, factory, edits, safety, remark)


def _held(flow: Flow, call: ast.Call, project: Project) -> Held:
    """What becomes of the Sentinel that `call` makes; raises `Untold` where that is not all followed."""
    parent = flow.parents[call]
    match parent:
        case ast.Attribute():
            return Held((_asking(flow, call),))
        case ast.Assign(targets=[target]) | ast.AnnAssign(target=target):
            asking = sorted((_asking(flow, load) for load in _loads(flow, target, project)), key=flow.syntax.start)
            if not asking:
                raise Untold("nothing asks the Sentinel for it here")
            return Held(tuple(asking), parent)
    raise Untold("the Sentinel is handed on")


def _asking(flow: Flow, sentinel: ast.expr) -> ast.Call:
    """The call of `master_for` on a Sentinel, where that is what is done with it."""
    method = flow.parents[sentinel]
    call = flow.parents[method] if isinstance(method, ast.Attribute) else None
    if isinstance(method, ast.Attribute) and isinstance(call, ast.Call) and call.func is method:
        if method.attr == ASKED:
            return call
        raise Untold(f"{method.attr}() in line {method.lineno} has no counterpart")
    raise Untold(f"the Sentinel is used in line {sentinel.lineno} in another way than to ask for a master")


def _loads(flow: Flow, target: ast.expr, project: Project) -> list[ast.Name] | list[ast.Attribute]:
    """Where what a Sentinel is bound to is read, if nothing else is bound to it and nobody else can reach it."""
    holder = flow.class_of(target.value) if isinstance(target, ast.Attribute) else None
    if isinstance(target, ast.Name):
        scope = flow.owner(target)
        shared = isinstance(scope, ast.Module) and reached(project, flow.syntax, None, target.id)
        if scope is not None and not isinstance(scope, ast.ClassDef) and not shared:
            if flow.bindings(scope, target.id) == [target]:
                return flow.loads(target.id, scope)
            raise Untold(f"{target.id} has other values, too")
    elif isinstance(target, ast.Attribute) and holder is not None:
        same = [node for node in flow.attributes(target.attr) if flow.class_of(node.value) in (holder, None)]
        uses = [node for node in same if node is not target]
        inherited = any(holder.name in ast.unparse(base) for node in flow.scopes for base in _bases(node))
        own = all(flow.class_of(node.value) is holder and isinstance(node.ctx, ast.Load) for node in uses)
        if own and not inherited and not reached(project, flow.syntax, holder.name, target.attr):
            return uses
    raise Untold("the Sentinel is kept where its uses are not seen")


def _bases(node: ast.AST) -> list[ast.expr]:
    return node.bases if isinstance(node, ast.ClassDef) else []


def _refuse_elsewhere(flow: Flow, call: ast.Call, asking: ast.Call) -> None:
    """Raise `Untold` where what the Sentinel is given means something else, or nothing, where a master is asked for."""
    here, there = flow.scopes[call], flow.scopes[asking]
    given = (node for argument in [*call.args, *call.keywords] for node in ast.walk(argument))
    for name in (node for node in given if isinstance(node, ast.Name)):
        owner = flow.owner(name)
        moved = here is not there and (owner not in (None, flow.syntax.tree) or flow.owner_at(name.id, there) != owner)
        if moved:
            raise Untold(f"{name.id}, which the Sentinel is given, is not known in line {asking.lineno}")


def _edits(flow: Flow, site: Site, known: Call, asking: ast.Call, master: Master, expression: str) -> Iterator[Edit]:
    syntax = flow.syntax
    start, end = syntax.start(asking.func), syntax.end(asking.func)
    if "#" in syntax.text[start:end] and "\n" in syntax.text[start:end]:
        raise Untold(f"a comment may stand in the call in line {asking.lineno}")
    yield Edit(site.path, start, end, expression)
    arguments = Keywords(syntax.source, known).change(master.actions)
    if arguments is None:
        raise Untold(f"a comment stands in an argument in line {asking.lineno}")
    yield from arguments


def _without(flow: Flow, statement: ast.stmt) -> Edit:
    owner = flow.parents[statement]
    if isinstance(owner, ast.Module | Function | Block) and statement in owner.body:
        removed = without_statement(flow.syntax, owner, statement)
        if removed is not None:
            return removed
    raise Untold(f"line {statement.lineno}, which makes the Sentinel, cannot go without more ado")
