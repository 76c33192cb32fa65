"""A call that can be rewritten, with all that a rewrite needs to know of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

from mooring.audit.facts import Argument, Attribute, Constant, Imported, Module, Name, Site, Span, Value
from mooring.audit.files import SourceFile
from mooring.audit.project import Project
from mooring.audit.rewrite.arguments import Layout
from mooring.audit.rewrite.given import Given, code_of, read_given
from mooring.audit.rewrite.naming import connection_name

__all__ = ["CLIENT_PACKAGES", "CallSite", "first_call", "names_constructor", "read_site"]

# Connections, Sentinel, clusters and other packages are left to a person.
CLIENT = re.compile(r"(?:redis|redis\.asyncio|aioredis)\.(?:(?:Strict)?Redis(?:\.from_url)?|from_url)")
POOL = re.compile(r"redis(?:\.asyncio)?\.(?:Blocking)?ConnectionPool(?:\.from_url)?")
CLIENT_PACKAGES = ("redis", "aioredis")


@dataclass(frozen=True)
class CallSite:
    """The call of a client or pool of redis-py at a site.

    `func` is the code that names it, `arguments` are in the order of the source, `name` is that of the connection in
    its program (empty for the main one), and what the file needs is imported above `first_use`.
    """

    site: Site
    source: SourceFile
    func: str
    arguments: list[Argument]
    given: list[Given]
    name: str
    first_use: int

    @property
    def is_pool(self) -> bool:
        """Whether it makes a pool, and no client."""
        return POOL.fullmatch(self.site.constructor) is not None

    @property
    def func_range(self) -> tuple[int, int]:
        """The offsets of `func`."""
        span = self.site.call.func_span
        start = self.source.offset(span.line, span.column)
        return start, start + len(self.func)

    @property
    def end(self) -> int:
        """The offset at which the call ends."""
        span = self.site.call.span
        return self.source.offset(span.end_line, span.end_column)

    @cached_property
    def layout(self) -> Layout:
        """Where the arguments stand."""
        spans = [
            (
                self.source.offset(argument.span.line, argument.span.column),
                self.source.offset(argument.span.end_line, argument.span.end_column),
            )
            for argument in self.arguments
        ]
        return Layout.read(self.source.text, self.func_range[1], self.end, spans)

    def hides_comment(self, index: int) -> bool:
        """Whether a comment stands inside an argument, and would go with it."""
        slot = self.layout.slots[index]
        code = self.layout.text[slot.start : slot.end]
        return "#" in code and ("\n" in code or "\r" in code)


def read_site(site: Site, project: Project) -> CallSite | None:
    """The call at a site, or None where it is none of redis-py's own or its arguments cannot be told."""
    source = project.source(site.path)
    func = code_of(source, site.call.func_span)
    if not source.editable or not _is_rewritable(site, func):
        return None
    arguments = sorted(site.call.arguments, key=lambda argument: argument.span)
    given = read_given(site, source, arguments)
    if given is None:
        return None
    return CallSite(site, source, func, arguments, given, connection_name(site, project), first_call(site, project))


def first_call(site: Site, project: Project) -> int:
    """Where the first site of a site's file stands: what its fix needs is imported above that."""
    first = _first_calls(project).get(site.path, site.call.span)
    return project.source(site.path).offset(first.line, first.column)


def names_constructor(site: Site) -> bool:
    """Whether the call names the package's own constructor: a subclass, partial or wrapper of it does more."""
    return site.unbound_root is not None or _is_imported(site.module, site.call.scope, site.call.func)


def _is_rewritable(site: Site, func: str) -> bool:
    """Whether the call names redis-py's own client or pool; the arguments of a pool are told by their names only."""
    if "#" in func or not names_constructor(site):
        return False
    if POOL.fullmatch(site.constructor) and "(" not in func:
        return site.constructor.endswith("from_url") or all(argument.keyword for argument in site.call.arguments)
    return CLIENT.fullmatch(site.constructor) is not None


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


@lru_cache(maxsize=1)
def _first_calls(project: Project) -> dict[str, Span]:
    first: dict[str, Span] = {}
    for site in project.sites:
        first[site.path] = min(site.call.span, first.get(site.path, site.call.span))
    return first
