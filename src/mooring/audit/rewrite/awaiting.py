"""Turns a synchronous client that coroutines use into an asyncio one, its constructor and all its uses together."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial

from mooring.audit.edits import Edit, Fix, Safety, apply
from mooring.audit.edits.syntax import parse
from mooring.audit.facts import Command, Confidence, Module, Provenance, Site, Span, Use
from mooring.audit.project import Project
from mooring.audit.python.scopes import span_of
from mooring.audit.rewrite.call import read_site
from mooring.audit.rewrite.conversion import Conversion, Stuck, await_edits
from mooring.audit.rewrite.exports import reached
from mooring.audit.rewrite.flavour import FACTORY, Maker, asyncio_factories, asyncio_makers, has_asyncio_twin
from mooring.audit.rewrite.flow import Flow, flow_of, last_name
from mooring.audit.rewrite.retrying import asyncio_retries

__all__ = ["asyncio_rewrite", "await_rewrite", "is_lost", "without_await"]

CLIENTS = re.compile(r"redis\.(?:(?:Strict)?Redis(?:\.from_url)?|from_url)")
# The first release of redis-py with asyncio clients.
ASYNCIO = (4, 2)
# From this release on an asyncio client's `close` is called `aclose`.
ACLOSE = (5, 0, 1)
# What is done with a command's result where nobody waits for it, and what else may be.
VALUES = frozenset({Use.DROPPED, Use.RECEIVER, Use.TESTED, Use.OTHER})
KEPT = frozenset({Use.AWAITED, Use.PASSED, Use.RETURNED, Use.YIELDED, Use.STORED, Use.CAPTURED})
# Functions that want the answer, not something to wait for.
READERS = frozenset(
    {"loads", "int", "float", "str", "len", "bool", "list", "dict", "set", "print", "sorted", "json_loads"}
)
UNTOLD = "not all its uses are seen here"


@dataclass
class Conversions:
    """What can be done about the synchronous clients of one module.

    `fixes` are by the span of each call that they await; `reasons` tell why a client stays as it is, by the span of the
    call that makes it and of those of its commands that were seen.
    """

    fixes: dict[Span, Fix] = field(default_factory=dict)
    reasons: dict[Span, str] = field(default_factory=dict)

    def note(self, flow: Flow, conversion: Conversion, reason: str) -> None:
        """Keep a reason."""
        self.reasons.update({_span(flow, call): reason for call in (conversion.made, *conversion.commands)})


def asyncio_rewrite(command: Command, project: Project) -> Fix:
    """The fix for a command that blocks a coroutine: its client becomes an asyncio one, and every use is awaited.

    One fix for all such clients of a module. Unsafe, because each `await` lets other tasks run in between. Display-only
    where some use of the client has no asyncio form or is out of sight.
    """
    found = _conversions(command.module, project)
    fix = found.fixes.get(command.call.span)
    if fix is not None:
        return fix
    reason = found.reasons.get(command.call.span)
    if reason is None:
        reason = found.reasons.get(command.site.call.span, UNTOLD) if command.site else UNTOLD
    title = f"Call {command.name}() with asyncio.to_thread(), or use an asyncio client throughout: {reason}"
    return Fix(title, (), Safety.DISPLAY)


def without_await(command: Command, project: Project) -> Fix:
    """The fix for an awaited command of a synchronous client: as `asyncio_rewrite`, else the `await` is to be dropped.

    Dropping it is display-only, because the command goes on to block the event loop.
    """
    found = _conversions(command.module, project).fixes.get(command.call.span)
    if found is not None:
        return found
    syntax = parse(project.source(command.module.path))
    flow = flow_of(syntax) if syntax else None
    call = flow.call_at(command.call.span) if flow else None
    edits: tuple[Edit, ...] = ()
    if flow and call and flow.located(call) and isinstance(waiting := flow.parents[call], ast.Await):
        start, end = flow.syntax.start(waiting), flow.syntax.start(call)
        if flow.syntax.text[start:end].split() == ["await"]:
            edits = (Edit(command.module.path, start, end, ""),)
    return Fix(f"Drop the await of {command.name}(), or use an asyncio client throughout", edits, Safety.DISPLAY)


def await_rewrite(command: Command, project: Project) -> Fix | None:
    """The fix for a command of an asyncio client that nobody waits for: `await`, with parentheses where needed.

    Unsafe, because the command is sent from now on, and may raise. Display-only where `await` cannot stand. None where
    Python's own parser refuses the file.
    """
    syntax = parse(project.source(command.module.path))
    flow = flow_of(syntax) if syntax else None
    call = flow.call_at(command.call.span) if flow else None
    if flow is None or call is None:
        return None
    edits = await_edits(flow, call)
    if edits is None:
        return Fix(f"Await {command.name}() in a coroutine; here await cannot stand", (), Safety.DISPLAY)
    return Fix(f"Await {command.name}()", edits, Safety.UNSAFE)


def is_lost(command: Command) -> bool:
    """Whether nobody waits for what a command of an asyncio client gives: it is dropped, or taken for the answer."""
    call = command.call
    if call.use is Use.LOCAL:
        uses = [command.module.scopes[call.scope].uses.get(name, frozenset()) for name in call.targets]
        return bool(uses) and all(uses) and not any(found & KEPT for found in uses)
    return call.use in VALUES or (call.use is Use.PASSED and call.passed_to in READERS)


@lru_cache(maxsize=1)
def _conversions(module: Module, project: Project) -> Conversions:
    syntax = parse(project.source(module.path))
    found = Conversions()
    if syntax is None:
        return found
    flow = flow_of(syntax)
    sites = {site.call.span: site for site in project.sites if site.module is module and not site.setting}
    made: list[tuple[Maker, Conversion]] = []
    for span, call in flow.calls():
        site = sites.get(span)
        if site is None and not _is_factory(call):
            continue
        conversion = Conversion(flow, call, partial(reached, project, syntax), _closing(site, project))
        try:
            conversion.follow()
            made.append((_maker(call, site, conversion, project), conversion))
        except Stuck as stuck:
            found.note(flow, conversion, str(stuck))
    for factories in (True, False):
        _convert(flow, [one for one in made if (one[0].site is None) is factories and one[1].commands], project, found)
    return found


def _convert(flow: Flow, made: Sequence[tuple[Maker, Conversion]], project: Project, found: Conversions) -> None:
    """Make one fix for all clients of a module that are made in the same way."""
    retries = asyncio_retries(flow, (maker.call for maker, _ in made))
    if retries is None:
        kept = [one for one in made if any(keyword.arg == "retry" for keyword in one[0].call.keywords)]
        for _, conversion in kept:
            found.note(flow, conversion, "its retry policy is one for synchronous clients")
        made, retries = [one for one in made if one not in kept], ()
    makers = [maker for maker, _ in made]
    if not makers:
        return
    edits = (asyncio_makers if makers[0].site else asyncio_factories)(flow, makers, project)
    if edits is None:
        for _, conversion in made:
            found.note(flow, conversion, "its type or import is not followed")
        return
    uses = {edit for _, conversion in made for edit in conversion.edits}
    together = tuple(sorted(uses | {*edits, *retries}))
    try:
        apply(flow.syntax.text, together)
    except ValueError:  # one client is told its address by another
        return
    fix = Fix("Use an asyncio client, and await it wherever it is used", together, Safety.UNSAFE)
    found.fixes.update({_span(flow, call): fix for _, conversion in made for call in conversion.answered})


def _span(flow: Flow, call: ast.Call) -> Span:
    return span_of(flow.syntax.source, call)


def _is_factory(call: ast.Call) -> bool:
    return last_name(call.func) == FACTORY


def _maker(call: ast.Call, site: Site | None, conversion: Conversion, project: Project) -> Maker:
    """How the client is made; raises `Stuck` where an asyncio one is not made in the same way."""
    found = read_site(site, project) if site else None
    if site and (found is None or not _is_plain(site) or _is_shared(site, project)):
        raise Stuck(call, "made in a way that asyncio clients are not, or used by other modules,")
    release = project.releases.of(site.path, "redis") if site else None
    if not has_asyncio_twin(call) or (release and release.version < ASYNCIO):
        raise Stuck(call, "given what asyncio clients do not take, or made by a release without them,")
    return Maker(call, found, tuple(conversion.annotations))


def _is_plain(site: Site) -> bool:
    """Whether the constructor of a synchronous client, imported under a name that is known, makes its own pool."""
    sure = site.confidence is Confidence.HIGH and site.unbound_root is None and site.asynchronous is False
    return sure and CLIENTS.fullmatch(site.constructor) is not None and site.provenance is not Provenance.POOL


def _is_shared(site: Site, project: Project) -> bool:
    return any(command.site is site and command.module is not site.module for command in project.commands)


def _closing(site: Site | None, project: Project) -> str:
    """What `close` is called on an asyncio client of the release that the project asks for."""
    release = project.releases.of(site.path, "redis") if site else None
    return "close" if release and release.version < ACLOSE else "aclose"
