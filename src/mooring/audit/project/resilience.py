"""What a site lacks that would carry it over trouble with the server or the network, and why it does.

What the code gives counts first, whatever the release: an option that is turned off is off, and one whose value cannot
be told is taken to be right. Options in a URL count as given. Only where the code is silent does the release that the
project asks for decide (`releases`, `defaults`), and if none is told, nothing is missed. Not judged are settings of
other libraries, clients over a pool, which has a site of its own, and sites whose arguments cannot be told.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from mooring.audit.facts import Provenance, Site
from mooring.audit.project.arguments import Arguments
from mooring.audit.project.constructors import Constructor, constructor
from mooring.audit.project.defaults import Defaults, defaults, is_blocking
from mooring.audit.project.meanings import Context, Definition, External, Known, Made, Meaning
from mooring.audit.project.releases import Releases

__all__ = ["missing_bound", "missing_health_check", "missing_retry", "missing_timeout"]

PACKAGES = ("redis", "valkey", "aioredis")
ZERO = (Known(None), Known(0))
POLICIES = ("redis.retry.Retry", "redis.asyncio.retry.Retry", "valkey.retry.Retry", "valkey.asyncio.retry.Retry")
NEWEST = (float("inf"),)


class Told(Enum):
    """What the code says about an option: that it is off, something else, or nothing."""

    OFF = auto()
    GIVEN = auto()
    SILENT = auto()


def missing_timeout(site: Site, arguments: Arguments, releases: Releases) -> str | None:
    """Why no socket timeout applies at a site; None if one does, or it cannot be told."""
    made = _judged(site)
    if made is None:
        return None
    position = 4 if made.kind == "client" and not made.from_url else None
    told = _told(site, arguments, "socket_timeout", position, off=(Known(None),))
    if told is Told.OFF:
        return "socket_timeout is None"
    # With arguments for the sentinels apart, those of the master may still come from master_for().
    if told is Told.GIVEN or (made.kind == "sentinel" and arguments.get("sentinel_kwargs", 2)):
        return None
    return _by_default(made, site, arguments, releases, "socket_timeout", lambda default: default.timeout)


def missing_retry(site: Site, arguments: Arguments, releases: Releases) -> str | None:
    """Why no command is tried again at a site; None if it is, or it cannot be told."""
    made = _judged(site)
    # A Sentinel that fails is followed by the next; how to retry on the master is for master_for() to say.
    if made is None or made.kind == "sentinel":
        return None
    retry = _told(site, arguments, "retry", off=(Known(None),))
    never = any(_is_zero(meaning, arguments) for meaning in arguments.meanings("retry"))
    if made.kind == "cluster":
        # It takes None for its own policy.
        off = _told(site, arguments, "cluster_error_retry_attempts", off=(Known(0),)) is Told.OFF
        return "cluster_error_retry_attempts is 0" if off and (never or retry is not Told.GIVEN) else None
    if Told.GIVEN in (
        _told(site, arguments, "retry_on_timeout", off=(Known(False), Known(None))),
        _told(site, arguments, "retry_on_error", off=(Known(None),)),
    ):
        return None
    if never:
        return "retry makes no second attempt"
    if retry is Told.OFF:
        return "retry is None"
    return (
        None
        if retry is Told.GIVEN
        else _by_default(made, site, arguments, releases, "retry", lambda default: default.retry)
    )


def missing_health_check(site: Site, arguments: Arguments, releases: Releases) -> str | None:
    """Why no idle connection of a site's pool is checked; None if it is, or it cannot be told."""
    made = _judged(site)
    if made is None or made.kind not in ("client", "pool"):
        return None
    told = _told(site, arguments, "health_check_interval", off=ZERO)
    if told is Told.OFF:
        return "health_check_interval is 0"
    if told is Told.GIVEN:
        return None
    return _by_default(made, site, arguments, releases, "health_check_interval", lambda _: False)


def missing_bound(site: Site, arguments: Arguments, releases: Releases) -> str | None:
    """Why a site's pool has no bound at which callers wait; None if it has, or it cannot be told.

    A pool is told by its class; one that the tree derives may wait. A client makes its own pool, which fails at its
    bound too, but has no argument to change that: with a bound it is taken to be right.
    """
    made = _judged(site)
    if made is None or made.kind not in ("client", "pool", "cluster") or is_blocking(made):
        return None
    if made.kind == "pool" and _is_derived(site, arguments):
        return None
    told = _told(site, arguments, "max_connections", 1 if made.kind == "pool" else None, off=ZERO)
    lack = None
    if told is not Told.GIVEN:
        lack = _by_default(made, site, arguments, releases, "max_connections", lambda default: default.bound)
    if lack is None and made.kind == "pool":
        return "it raises ConnectionError at its bound, where a BlockingConnectionPool waits"
    return lack


def _is_derived(site: Site, arguments: Arguments) -> bool:
    """Whether what is called is a class of the tree, made from the library's."""
    called = arguments.evaluator.meanings(site.call.func, Context(site.module, site.call.scope))
    return any(isinstance(meaning, Definition) for meaning in called)


def _judged(site: Site) -> Constructor | None:
    """The constructor of a site whose options can be judged."""
    if site.setting or site.provenance in (Provenance.POOL, Provenance.UNKNOWN):
        return None
    made = constructor(site.constructor)
    return made if made and made.package in PACKAGES and made.kind != "address" else None


def _told(
    site: Site, arguments: Arguments, option: str, position: int | None = None, *, off: tuple[Known, ...]
) -> Told:
    in_url = [text for name, text in site.endpoint.options if name == option]
    if in_url:  # it beats an argument
        return Told.OFF if any(_number(text) in off for text in in_url) else Told.GIVEN
    if f"{option}=" in site.endpoint.text:  # in a URL that is known in part
        return Told.GIVEN
    if arguments.get(option, position) is None:
        return Told.GIVEN if arguments.open else Told.SILENT
    found = arguments.meanings(option, position, none=True)
    return Told.OFF if found and all(meaning in off for meaning in found) else Told.GIVEN


def _number(text: str) -> Known:
    try:
        return Known(float(text))
    except ValueError:
        return Known(text)


def _is_zero(meaning: Meaning, arguments: Arguments) -> bool:
    """Whether it is the library's own policy, made with no retries."""
    if not isinstance(meaning, Made) or meaning.name not in POLICIES:
        return False
    retries = meaning.call.argument("retries", 1)
    return retries is not None and arguments.evaluator.meanings(retries.value, meaning.context) == (Known(0),)


def _by_default(
    made: Constructor,
    site: Site,
    arguments: Arguments,
    releases: Releases,
    option: str,
    has: Callable[[Defaults], bool],
) -> str | None:
    """Why a site whose code does not mention `option` lacks what it stands for, by the release of its library."""
    release = releases.of(site.path, made.package)
    if release is None or _has_own_connections(made, arguments):
        return None
    default, newest = defaults(made, release.version), defaults(made, NEWEST)
    if default is None or newest is None or has(default):
        return None
    verb = "may have" if has(newest) and not release.requirement.exact else "has"
    unless = " (unless the URL gives one)" if site.endpoint.kind == "url" and not site.endpoint.known else ""
    return f"no {option} is given{unless}, and {release} {verb} none by default"


def _has_own_connections(made: Constructor, arguments: Arguments) -> bool:
    """Whether a class of connections that is not the library's may bring defaults of its own."""
    classes = arguments.meanings("connection_class", 0 if made.kind == "pool" and not made.from_url else None)
    return any(not isinstance(one, External) or constructor(one.name) is None for one in classes)
