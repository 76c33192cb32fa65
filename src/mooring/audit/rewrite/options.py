"""Mends single options of a constructor that goes on to be called as it is."""

from __future__ import annotations

from collections.abc import Iterator

from mooring.audit.edits import Edit, Fix, Safety
from mooring.audit.edits.imports import provide
from mooring.audit.edits.syntax import parse
from mooring.audit.facts import Site
from mooring.audit.project import Project
from mooring.audit.project.constructors import constructor
from mooring.audit.project.faults import falls_back, is_hardcoded, lacks_credentials
from mooring.audit.project.meanings import Context, External, Known
from mooring.audit.rewrite.factory import factory_rewrite
from mooring.audit.rewrite.fallback import fallback_rewrite, password_rewrite
from mooring.audit.rewrite.given import code_of
from mooring.audit.rewrite.keywords import Keywords

__all__ = ["bound_rewrite", "own_call", "put", "timeout_rewrite"]

# Commands that wait on the server for what is not there yet.
BLOCKING = frozenset(
    "blpop brpop brpoplpush blmove blmpop bzpopmin bzpopmax bzmpop xread xreadgroup wait waitaof".split()
)
# Seconds: more than a healthy server needs for a command that does not block.
SECONDS = "5"
CONNECTIONS = "50"
POOL, BLOCKING_POOL = "ConnectionPool", "BlockingConnectionPool"
OFF = (Known(None), Known(0))


def timeout_rewrite(site: Site, project: Project) -> Fix | None:
    """The fix that gives a site's connections a timeout.

    Unsafe: a command that blocks on purpose for longer fails. None where such a command is known, where the whole call
    is to be rewritten, or where the option is given by other means than a literal.
    """
    call = own_call(site, project)
    blocks = any(command.site is site and command.name in BLOCKING for command in project.commands)
    if call is None or blocks or _is_rewritten(site, project):
        return None
    made = constructor(site.constructor)
    position = 4 if made and made.kind == "client" and not made.from_url else None
    edits = put(call, site, project, "socket_timeout", SECONDS, position)
    return Fix(f"Set socket_timeout={SECONDS}", edits, Safety.UNSAFE) if edits else None


def bound_rewrite(site: Site, project: Project) -> Fix | None:
    """The fix that lets the users of a pool wait at its bound, or gives the pool of a client a bound.

    Unsafe: where all connections are in use, a caller waits or fails that got a new one before. None where the whole
    call is to be rewritten, or its arguments are given by position.
    """
    call = own_call(site, project)
    if call is None or _is_rewritten(site, project):
        return None
    made = constructor(site.constructor)
    if made is None or made.kind != "pool":
        edits = put(call, site, project, "max_connections", CONNECTIONS)
        return Fix(f"Set max_connections={CONNECTIONS}", edits, Safety.UNSAFE) if edits else None
    if not made.from_url and any(argument.keyword is None for argument in call.arguments):
        return None
    given = project.arguments(site).meanings("max_connections", none=True)
    unbound = bool(given) and all(one in OFF for one in given)
    bound = put(call, site, project, "max_connections", CONNECTIONS) if unbound else ()
    waits, name = put(call, site, project, "timeout", SECONDS), _blocking_name(site, project)
    if bound is None or waits is None or name is None:
        return None
    return Fix(f"Use a {BLOCKING_POOL}, whose callers wait for {SECONDS} s", (*name, *bound, *waits), Safety.UNSAFE)


def own_call(site: Site, project: Project) -> Keywords | None:
    """The call of a site, where it names the library's own class: what others make of an argument is not known."""
    source = project.source(site.path)
    if site.setting or parse(source) is None:
        return None
    called = project.arguments(site).evaluator.meanings(site.call.func, Context(site.module, site.call.scope))
    own = called and all(isinstance(one, External) and constructor(one.name) for one in called)
    return Keywords(source, site.call) if own else None


def put(
    call: Keywords, site: Site, project: Project, option: str, code: str, position: int | None = None
) -> tuple[Edit, ...] | None:
    """The edits that give an option a value; None where it comes, or may come, from a URL or an unpacked mapping."""
    arguments = project.arguments(site)
    elsewhere = (arguments.open or arguments.get(option, position)) and not site.call.argument(option, position)
    return None if elsewhere or option in dict(site.endpoint.options) else call.put(option, code, position)


def _is_rewritten(site: Site, project: Project) -> bool:
    """Whether the fix of another rule rewrites the whole call, which an edit of one argument would be in the way of."""
    return any(fix is not None and fix.safety is not Safety.DISPLAY for fix in _whole_rewrites(site, project))


def _whole_rewrites(site: Site, project: Project) -> Iterator[Fix | None]:
    """What the rules on endpoints, credentials and lifetime offer for a site."""
    if falls_back(site):
        yield fallback_rewrite(site, project)
    if site.literal_password is not None:
        yield password_rewrite(site, project)
    if is_hardcoded(site) or lacks_credentials(site) or site.per_call or site.uncached:
        yield factory_rewrite(site, project)


def _blocking_name(site: Site, project: Project) -> tuple[Edit, ...] | None:
    """The edits by which a call of a pool names the blocking one."""
    source, span = project.source(site.path), site.call.func_span
    code = code_of(source, span)
    start = source.offset(span.line, span.column)
    method = ".from_url" if code.endswith(".from_url") else ""
    named = code.removesuffix(method)
    if named.endswith(f".{POOL}"):
        end = start + len(named)
        return (Edit(site.path, end - len(POOL), end, BLOCKING_POOL),)
    syntax = parse(source)
    if syntax is None or not named.isidentifier():
        return None
    home = site.constructor.removesuffix(".from_url").removesuffix(f".{POOL}")
    provided = provide(syntax, home, BLOCKING_POOL, start, (home.partition(".")[0],))
    return (*provided.edits, Edit(site.path, start, start + len(named), provided.expression))
