"""Names for the connections of a program that uses more than one Redis.

The environment tells one address for all that a program connects to; a second one must have a name of its own, under
which the environment can tell it: `name="sessions"` reads `SESSIONS_REDIS_URL`, then `REDIS_URL`.
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from functools import lru_cache
from urllib.parse import urlsplit

from mooring.audit.facts import Attribute, Call, Constant, Provenance, Site
from mooring.audit.project import Project
from mooring.audit.project.factories import FactoryCall
from mooring.audit.project.meanings import Context, Made
from mooring.audit.project.services import with_services
from mooring.audit.rewrite.endpoint import told_as
from mooring.audit.rewrite.nodes import known_nodes, known_value

__all__ = ["connection_name"]

LITERAL = (Provenance.DEFAULT, Provenance.LITERAL)
WORD = re.compile(r"[a-z][a-z0-9]{2,}")
# What says nothing in the name of a client or a host.
PLAIN = frozenset(
    "redis client conn connection pool async aio sync db database server master primary host svc service default "
    "r rdb self get make create url main the sentinel cluster mymaster localhost".split()
)
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0"})  # noqa: S104  # compared, never bound

# Arguments by which a factory is told a place that no variable outweighs.
PLACED = ("url", "host", "unix_socket_path", "sentinels", "cluster_nodes")

# Scheme apart, what makes two addresses the same Redis.
Place = tuple[str, int]


def connection_name(site: Site, project: Project) -> str:
    """The name of the connection that a site stands for: that of its own variable, if any, else one for its place.

    It is empty for `REDIS_URL`, and for the place that a program uses most.
    """
    told = told_as(site)
    if told is not None:
        return told
    place = _place(site, project)
    return _names(project).get((_program(project).get(site.path, ""), place), "") if place else ""


@lru_cache(maxsize=1)
def _names(project: Project) -> dict[tuple[str, Place], str]:
    programs: dict[str, list[tuple[Place, Site]]] = {}
    for site in project.sites:
        place = _place(site, project)
        if place and not site.setting:
            programs.setdefault(_program(project).get(site.path, ""), []).append((place, site))
    known = _known(project)
    names: dict[tuple[str, Place], str] = {}
    for program, used in programs.items():
        counted = Counter(place for place, _ in used)
        # The first of those that are used most needs no name, unless one goes without already.
        (most, _), *_ = counted.most_common()
        settled = known.get(program, {})
        main = settled.get("", most)
        names |= {(program, place): name for name, place in settled.items()}
        taken = {"", *settled}
        for place in counted:
            if place != main and (program, place) not in names:
                names[program, place] = _unused(taken, [site for other, site in used if other == place], place)
    return names


def _known(project: Project) -> dict[str, dict[str, Place]]:
    """The connections that programs have already, from what the factory is told: by program and name."""
    known: dict[str, dict[str, Place]] = {}
    for found in project.factory_calls:
        name, url = (_told(found, keyword, position) for keyword, position in (("name", 0), ("default_url", None)))
        elsewhere = any(found.arguments.get(keyword) for keyword in PLACED) or found.arguments.open
        place = _place_of(url) if isinstance(url, str) and not elsewhere else None
        if isinstance(name, str) and place is not None:
            program = _program(project).get(found.module.path, "")
            known.setdefault(program, {}).setdefault("" if name == "default" else name, place)
    return known


def _told(found: FactoryCall, keyword: str, position: int | None) -> object:
    """The literal that a factory is given; empty where it is given none, None where it cannot be told."""
    entry = found.arguments.get(keyword, position)
    return known_value(found.arguments.evaluator, entry.value, entry.context) if entry else ""


def _place_of(url: str) -> Place | None:
    """The place of the first server in a URL that a factory is told; without one it is this machine's."""
    try:
        parts = urlsplit(url or "//localhost")
        first = urlsplit(f"//{parts.netloc.rpartition('@')[2].partition(',')[0]}")
        host, port = first.hostname or "localhost", first.port or 6379
    except ValueError:
        return None
    host = "localhost" if host in LOOPBACK else host
    if parts.scheme.endswith("+sentinel"):
        host = f"{host}/{parts.path.strip('/').partition('/')[0]}"
    return host, port


@lru_cache(maxsize=1)
def _program(project: Project) -> dict[str, str]:
    """The folder of the service that each file belongs to; outside any service the files of a folder are a program."""
    paths = {*(site.path for site in project.sites), *(found.module.path for found in project.factory_calls)}
    homes = with_services(project.services, paths)
    return {path: service.path if service else posixpath.dirname(path) for path, service in homes}


def _place(site: Site, project: Project) -> Place | None:
    endpoint = site.endpoint
    if endpoint.kind == "nodes" and site.provenance in LITERAL:
        return _first_node(site, project)
    if site.provenance not in LITERAL or endpoint.kind not in ("default", "host", "url") or not endpoint.host:
        return None
    host = endpoint.host.lower()
    return ("localhost" if host in LOOPBACK else host), endpoint.port or 6379


def _first_node(site: Site, project: Project) -> Place | None:
    """One server stands for all that a Sentinel or a Cluster is named by; a Sentinel is told by its master as well."""
    sentinel = site.constructor.endswith("Sentinel")
    keyword, position = ("sentinels", 0) if sentinel else ("startup_nodes", 2)
    nodes = known_nodes(project.arguments(site), keyword, position)
    if nodes is None:
        return None
    host, port = nodes[0]
    host = "localhost" if host in LOOPBACK else host
    if not sentinel:
        return host, port
    masters = (call for call in site.module.calls if _asks(call, site, project))
    given = (call.argument("service_name", 0) for call in masters)
    named = (argument.value.value for argument in given if argument and isinstance(argument.value, Constant))
    return f"{host}/{next(named, '')}", port


def _asks(call: Call, site: Site, project: Project) -> bool:
    """Whether a call asks the Sentinel of a site for a master."""
    if not isinstance(call.func, Attribute) or call.func.name != "master_for":
        return False
    context = Context(site.module, call.scope)
    meanings = project.arguments(site).evaluator.meanings(call.func.base, context)
    return any(isinstance(one, Made) and one.call is site.call for one in meanings)


def _unused(taken: set[str], sites: list[Site], place: Place) -> str:
    """A name for a place that no other has: what the code calls its client, else what its host is called."""
    told = [word for site in sites for target in site.call.targets for word in _telling(target)]
    module = posixpath.basename(sites[0].path).removesuffix(".py")
    host, _, master = place[0].partition("/")
    last = master if WORD.fullmatch(master) else f"redis{place[1]}"
    candidates = [*told, *_telling(master), *_telling(host.partition(".")[0]), *_telling(module), last]
    name = next((word for word in candidates if word not in taken), "")
    number = 2
    while not name:
        numbered = f"{candidates[0]}{number}"
        name, number = (numbered if numbered not in taken else ""), number + 1
    taken.add(name)
    return name


def _telling(text: str) -> list[str]:
    return [word for word in WORD.findall(text.lower()) if word not in PLAIN]
