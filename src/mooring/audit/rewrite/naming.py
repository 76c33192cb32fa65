"""Names for the connections of a program that uses more than one Redis.

The environment tells one address for all that a program connects to; a second one must have a name of its own, under
which the environment can tell it: `name="sessions"` reads `SESSIONS_REDIS_URL`, then `REDIS_URL`.
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from functools import lru_cache

from mooring.audit.facts import Provenance, Site
from mooring.audit.project import Project
from mooring.audit.project.services import with_services

__all__ = ["connection_name"]

LITERAL = (Provenance.DEFAULT, Provenance.LITERAL)
WORD = re.compile(r"[a-z][a-z0-9]{2,}")
# What says nothing in the name of a client or a host.
PLAIN = frozenset(
    "redis client conn connection pool async aio sync db database server master primary host svc service default "
    "r rdb self get make create url main the".split()
)
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0"})  # noqa: S104  # compared, never bound

# Scheme apart, what makes two addresses the same Redis.
Place = tuple[str, int]


def connection_name(site: Site, project: Project) -> str:
    """The name of the connection that a site stands for; empty for the one that its program uses most."""
    place = _place(site)
    return _names(project).get((_program(project).get(site.path, ""), place), "") if place else ""


@lru_cache(maxsize=1)
def _names(project: Project) -> dict[tuple[str, Place], str]:
    programs: dict[str, list[tuple[Place, Site]]] = {}
    for site in project.sites:
        place = _place(site)
        if place and not site.setting:
            programs.setdefault(_program(project).get(site.path, ""), []).append((place, site))
    names: dict[tuple[str, Place], str] = {}
    for program, used in programs.items():
        counted = Counter(place for place, _ in used)
        # The first of those that are used most needs no name.
        (main, _), *_ = counted.most_common()
        taken = {""}
        for place in counted:
            if place != main:
                names[program, place] = _unused(taken, [site for other, site in used if other == place], place)
    return names


@lru_cache(maxsize=1)
def _program(project: Project) -> dict[str, str]:
    """The folder of the service that each file belongs to; outside any service the files of a folder are a program."""
    homes = with_services(project.services, {site.path for site in project.sites})
    return {path: service.path if service else posixpath.dirname(path) for path, service in homes}


def _place(site: Site) -> Place | None:
    endpoint = site.endpoint
    if site.provenance not in LITERAL or endpoint.kind not in ("default", "host", "url") or not endpoint.host:
        return None
    host = endpoint.host.lower()
    return ("localhost" if host in LOOPBACK else host), endpoint.port or 6379


def _unused(taken: set[str], sites: list[Site], place: Place) -> str:
    """A name for a place that no other has: what the code calls its client, else what its host is called."""
    told = [word for site in sites for target in site.call.targets for word in _telling(target)]
    module = posixpath.basename(sites[0].path).removesuffix(".py")
    candidates = [*told, *_telling(place[0].partition(".")[0]), *_telling(module), f"redis{place[1]}"]
    name = next((word for word in candidates if word not in taken), "")
    number = 2
    while not name:
        numbered = f"{candidates[0]}{number}"
        name, number = (numbered if numbered not in taken else ""), number + 1
    taken.add(name)
    return name


def _telling(text: str) -> list[str]:
    return [word for word in WORD.findall(text.lower()) if word not in PLAIN]
