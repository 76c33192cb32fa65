"""A call that becomes one of Mooring's factory: how the file names that, and how far the fix can be trusted."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from mooring.audit.edits import Edit, Fix, Safety
from mooring.audit.edits.imports import provide
from mooring.audit.edits.syntax import parse
from mooring.audit.facts import Site
from mooring.audit.project import Project
from mooring.audit.project.constructors import constructor
from mooring.audit.rewrite.call import CLIENT_PACKAGES, names_constructor
from mooring.audit.rewrite.flow import Flow, flow_of
from mooring.audit.rewrite.patching import patched_name
from mooring.audit.rewrite.quoting import fitted

__all__ = ["Factory", "factory_for", "graded", "own_call"]

FACTORIES = {False: "create_redis_from_config", True: "create_async_redis_from_config"}


@dataclass(frozen=True, slots=True)
class Factory:
    """The factory that takes a constructor's place: its name, how the file spells it, and the edits that allow that.

    `parsed` is false where Python's own parser refuses the file, so that nothing can be imported in it.
    """

    name: str
    expression: str
    edits: tuple[Edit, ...]
    parsed: bool = True


def own_call(site: Site, project: Project) -> tuple[Flow, ast.Call] | None:
    """The call of a site by redis-py's own constructor, in the flow of its file; none where that cannot be told."""
    made, source = constructor(site.constructor), project.source(site.path)
    if made is None or made.package != "redis" or not source.editable or not names_constructor(site):
        return None
    syntax = parse(source)
    flow = flow_of(syntax) if syntax else None
    call = flow.call_at(site.call.span) if flow else None
    return None if flow is None or call is None else (flow, call)


def factory_for(site: Site, project: Project, first_use: int) -> Factory:
    """The factory for the client of a site, to be used from the offset `first_use` on."""
    name = FACTORIES[bool(site.asynchronous)]
    syntax = parse(project.source(site.path))
    if syntax is None:
        return Factory(name, name, (), parsed=False)
    provided = provide(syntax, project.target.factory, name, first_use, CLIENT_PACKAGES)
    return Factory(name, provided.expression, provided.edits)


def graded(
    site: Site,
    project: Project,
    func: str,
    factory: Factory,
    edits: Iterable[Edit],
    safety: Safety,
    remark: str = "",
    suffix: str = "",
) -> Fix:
    """The fix that makes `edits`, at best of grade `safety`; `func` is how the code calls what the factory replaces.

    `remark` ends its title; `suffix` is what follows the call of the factory.
    """
    syntax = parse(project.source(site.path))
    made, together = f"{factory.name}(){suffix}", tuple(fitted(syntax, edits) if syntax else edits)
    if site.asynchronous is None:
        return Fix(f"Use {made} or its asyncio twin: nothing tells which", together, Safety.DISPLAY)
    if not factory.parsed:
        return Fix(f"Use {made} once this file parses{remark}", together, Safety.DISPLAY)
    patched = patched_name(site, func, project)
    if patched:
        return Fix(f"Use {made}{remark}; a test patches {patched}", together, Safety.UNSAFE)
    return Fix(f"Use {made}{remark}", together, safety)
