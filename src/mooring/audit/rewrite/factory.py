"""`redis.Redis(host="localhost", db=1)` becomes `create_redis_from_config(db=1)`, and one import is added."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from mooring.audit.edits import Edit, Fix, Safety
from mooring.audit.edits.imports import provide
from mooring.audit.edits.syntax import parse
from mooring.audit.facts import Argument, Attribute, Constant, Imported, Module, Name, Provenance, Site, Span, Value
from mooring.audit.files import SourceFile
from mooring.audit.project import Project
from mooring.audit.rewrite.arguments import Action, Layout, edit_arguments
from mooring.audit.rewrite.endpoint import Address, address_of
from mooring.audit.rewrite.given import Given, code_of, read_given, resolved
from mooring.audit.rewrite.signature import ENDPOINT

__all__ = ["factory_rewrite"]

FACTORIES = {False: "create_redis_from_config", True: "create_async_redis_from_config"}
# Clients only: pools, connections, Sentinel, clusters and other packages are left to a person.
REWRITABLE = re.compile(r"(?:redis|redis\.asyncio|aioredis)\.(?:(?:Strict)?Redis(?:\.from_url)?|from_url)")
CLIENT_PACKAGES = ("redis", "aioredis")
# Arguments that `default_url` can take the place of.
LOCATION = ENDPOINT | {"ssl"}
# Arguments that say nothing when they are None.
OPTIONAL = ENDPOINT | {"connection_pool", "db", "password", "username"}


@dataclass(frozen=True, slots=True)
class Plan:
    """One action per argument, in the order of the source, and what there is to say about them."""

    actions: tuple[Action, ...]
    safety: Safety = Safety.SAFE
    remark: str = ""


@lru_cache(maxsize=1)
def factory_rewrite(site: Site, project: Project) -> Fix | None:
    """The fix that lets a site read its address from the environment, through the pool that the process shares.

    Safe where the address is the default or known in full; unsafe where a password or a database number leaves the
    code; display-only where nothing tells whether the client is an asyncio one, or Python's own parser refuses the
    file. None for what is no plain client (pools, clusters, subclasses) or takes arguments that the factory does not.
    """
    source = project.source(site.path)
    call = site.call
    func = code_of(source, call.func_span)
    if not source.editable or not REWRITABLE.fullmatch(site.constructor) or not _names_constructor(site) or "#" in func:
        return None
    arguments = sorted(call.arguments, key=lambda argument: argument.span)
    plan = _plan(site, source, arguments)
    if plan is None:
        return None
    layout = _layout(source, site, arguments)
    if any(_hides_comment(layout, index) for index, action in enumerate(plan.actions) if action.kind in _REMOVING):
        return None

    name = FACTORIES[bool(site.asynchronous)]
    syntax = parse(source)
    imported = (
        provide(syntax, project.factory, name, _first_use(site, project, source), CLIENT_PACKAGES) if syntax else None
    )
    start = source.offset(call.func_span.line, call.func_span.column)
    edits = [
        Edit(site.path, start, start + len(func), imported.expression if imported else name),
        *(imported.edits if imported else ()),
        *(Edit(site.path, *replacement) for replacement in edit_arguments(layout, plan.actions)),
    ]
    if site.asynchronous is None:
        return Fix(f"Use {name}() or its asyncio twin: nothing tells which", tuple(edits), Safety.DISPLAY)
    if imported is None:
        return Fix(f"Use {name}() once this file parses{plan.remark}", tuple(edits), Safety.DISPLAY)
    return Fix(f"Use {name}(){plan.remark}", tuple(edits), plan.safety)


_REMOVING = ("drop", "replace")


def _names_constructor(site: Site) -> bool:
    """Whether the call names the package's own constructor: a subclass, partial or wrapper of it does more."""
    return site.unbound_root is not None or _is_imported(site.module, site.call.scope, site.call.func)


def _is_imported(module: Module, scope: int, func: Value, depth: int = 0) -> bool:
    match func:
        case Attribute(base=base):
            return _is_imported(module, scope, base, depth)
        case Imported(module=imported, level=0):
            return imported.partition(".")[0] in CLIENT_PACKAGES
        case Name(id=name) if depth < 4:
            for holder in module.enclosing(scope):
                bindings = [binding for binding in holder.bindings.get(name, ()) if not _is_nothing(binding.value)]
                if bindings:
                    return all(_is_imported(module, binding.scope, binding.value, depth + 1) for binding in bindings)
    return False


def _is_nothing(value: Value) -> bool:
    """`redis = None`, as it stands after `except ImportError`."""
    return value == Constant(None)


def _plan(site: Site, source: SourceFile, arguments: list[Argument]) -> Plan | None:
    given = read_given(site, source, arguments)
    if given is None or site.provenance is Provenance.POOL:
        return None
    address = address_of(site, {one.keyword: one for one in given})
    if address is None:
        return None
    fates = [_fate(site, address, one) for one in given]
    added = _added(address)
    secret = address.secret or any(_is_secret(site, one) for one in given)
    actions = tuple(_actions(arguments, given, fates, added))
    placed = not added or any(action.kind == "replace" for action in actions)
    if not placed:
        return None
    if secret:
        remark = " and set REDIS_PASSWORD: the password leaves the code"
        return Plan(actions, Safety.UNSAFE, remark)
    if address.loses_database:
        return Plan(actions, Safety.UNSAFE, ": the whole URL, with its database, becomes the default")
    return Plan(actions)


def _fate(site: Site, address: Address, one: Given) -> str | None:
    """The keyword under which an argument goes on, or None if it goes."""
    value = resolved(site.module, site.call.scope, one.value)
    if one.keyword in address.options or _is_secret(site, one):
        return None
    if one.keyword in OPTIONAL and value == Constant(None):
        return None
    if address.kept:
        return one.keyword
    by_default = one.keyword == "db" and value in (Constant(0), Constant("0"))
    if one.keyword == "ssl" and site.endpoint.kind in ("default", "host"):
        # TLS is part of the address: `default_url` says rediss.
        by_default = value in (Constant(value=False), Constant(value=True))
    return None if one.keyword in ENDPOINT or by_default else one.keyword


def _is_secret(site: Site, one: Given) -> bool:
    value = resolved(site.module, site.call.scope, one.value)
    return one.keyword == "password" and isinstance(value, Constant) and value.value not in (None, "")


def _added(address: Address) -> list[str]:
    """The arguments that take the place of the address."""
    options = [f"{name}={code}" for name, code in address.options.items() if (name, code) != ("db", "0")]
    return [f"default_url={address.url}", *options] if address.url else options


def _actions(
    arguments: list[Argument], given: list[Given], fates: list[str | None], added: list[str]
) -> Iterator[Action]:
    for index, argument in enumerate(arguments):
        own = [(one, fate) for one, fate in zip(given, fates, strict=True) if one.index == index]
        here = added if any(one.keyword in LOCATION and fate is None for one, fate in own) else []
        if argument.keyword == "**":
            kept = all(fate == one.written for one, fate in own)
            texts = [*here, *(f"{fate}={one.code}" for one, fate in own if fate)]
            yield Action() if kept else Action("replace", ", ".join(texts)) if texts else Action("drop")
        else:
            one, fate = own[0]
            yield _direct(one, fate, here)
        if here:
            added = []


def _direct(one: Given, fate: str | None, added: list[str]) -> Action:
    if added:
        return Action("replace", ", ".join(added))
    if fate is None:
        return Action("drop")
    if fate == one.written:
        return Action()
    return Action("keyword", fate) if one.written is None else Action("replace", f"{fate}={one.code}")


def _layout(source: SourceFile, site: Site, arguments: list[Argument]) -> Layout:
    spans = [
        (
            source.offset(argument.span.line, argument.span.column),
            source.offset(argument.span.end_line, argument.span.end_column),
        )
        for argument in arguments
    ]
    func, whole = site.call.func_span, site.call.span
    func_end = source.offset(func.end_line, func.end_column)
    return Layout.read(source.text, func_end, source.offset(whole.end_line, whole.end_column), spans)


def _hides_comment(layout: Layout, index: int) -> bool:
    slot = layout.slots[index]
    code = layout.text[slot.start : slot.end]
    return "#" in code and ("\n" in code or "\r" in code)


def _first_use(site: Site, project: Project, source: SourceFile) -> int:
    """Where the first client of the file is made: what all of them need is imported at one place above."""
    first = _first_calls(project).get(site.path, site.call.span)
    return source.offset(first.line, first.column)


@lru_cache(maxsize=1)
def _first_calls(project: Project) -> dict[str, Span]:
    first: dict[str, Span] = {}
    for site in project.sites:
        first[site.path] = min(site.call.span, first.get(site.path, site.call.span))
    return first
