"""Which service reaches which Redis: from its code, from its manifests, and where the two disagree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mooring.audit.engine import Audit
from mooring.audit.facts import EnvVar, Place, Provenance, Service, Site, Span
from mooring.audit.manifests.addresses import hosts, is_address
from mooring.audit.project.hostnames import inside, is_loopback, literal_hosts
from mooring.audit.project.links import Link

__all__ = ["LOOPBACK", "Map", "Reach", "RedisServer", "Subject", "chart"]

LOOPBACK = "localhost"
# The rules whose findings are disagreements, and what each says of a line of the map.
DISAGREES = {"MR601": "never read", "MR602": "no such service", "MR605": "another host elsewhere"}
WORDS = {
    Provenance.DEFAULT: "the library's default",
    Provenance.LITERAL: "written in the code",
    Provenance.FALLBACK: "a fallback in the code",
    Provenance.EXTERNAL: "from outside",
    Provenance.POOL: "its pool",
    Provenance.UNKNOWN: "cannot be told",
}


@dataclass(frozen=True, slots=True)
class Reach:
    """A way to a Redis: the host (`target`), who says so (`code` or `manifest`), how, where, and what is wrong."""

    target: str
    source: str
    how: str
    place: Place
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """A service, or a workload whose code is not in the tree, with the ways that it takes; `links` say what runs it."""

    name: str
    path: str
    links: tuple[str, ...]
    reaches: tuple[Reach, ...]


@dataclass(frozen=True, slots=True)
class RedisServer:
    """A Redis that the manifests run; `closed` is None where the tree does not tell."""

    name: str
    place: Place
    closed: bool | None


@dataclass(frozen=True, slots=True)
class Map:
    """The subjects by their paths, and the Redis servers of the tree."""

    subjects: tuple[Subject, ...]
    servers: tuple[RedisServer, ...]

    @property
    def targets(self) -> list[str]:
        """Every host that is reached or run, each once."""
        reached = [reach.target for subject in self.subjects for reach in subject.reaches]
        return list(dict.fromkeys([*reached, *(server.name for server in self.servers)]))


def chart(audit: Audit) -> Map:
    """The map of an audited tree; family 6 must have been among the rules for the disagreements to be told."""
    troubles = {(f.problem.path, f.problem.span): DISAGREES[f.rule] for f in audit.findings if f.rule in DISAGREES}
    groups: dict[tuple[str, str], list[Link]] = {}
    linked = set()
    for link in audit.project.deployed.links:
        path = link.service.path if link.service and link.service.path != "." else link.roots[0]
        name = link.service.name if link.service and link.service.path != "." else link.workload.name
        groups.setdefault((name, path), []).append(link)
        linked.add(link.workload)
    subjects = [_subject(audit, name, path, links, troubles) for (name, path), links in groups.items()]
    known = {subject.path for subject in subjects}
    subjects += [_unlinked(audit, service, troubles) for service in audit.services if service.path not in known]
    for workload in audit.project.deployed.deployment.workloads:
        if workload not in linked:
            reaches = tuple(_distinct(_told(workload.environment, workload.name, troubles)))
            subjects.append(Subject(workload.name, workload.path, (), reaches))
    shown = sorted((s for s in subjects if s.reaches), key=lambda s: (s.path, s.name))
    return Map(tuple(shown), tuple(_servers(audit)))


def _subject(
    audit: Audit, name: str, path: str, links: Sequence[Link], troubles: dict[tuple[str, Span], str]
) -> Subject:
    sites = {site: None for link in links for site in audit.project.deployed.sites(link)}
    told = [reach for link in links for reach in _told(link.workload.environment, link.workload.name, troubles)]
    ran = dict.fromkeys(f"{link.workload.name} ({link.workload.path}): {link.evidence}" for link in links)
    return Subject(name, path, tuple(ran), tuple(_distinct([*_coded(sites, troubles), *told])))


def _unlinked(audit: Audit, service: Service, troubles: dict[tuple[str, Span], str]) -> Subject:
    """A service that no manifest is known to run."""
    code = audit.project.deployed.code((service.entry,))
    sites = [site for site in audit.sites if site.path in code]
    return Subject(service.name, service.path, (), tuple(_distinct(_coded(sites, troubles))))


def _coded(sites: Iterable[Site], troubles: dict[tuple[str, Span], str]) -> Iterator[Reach]:
    for site in sites:
        if site.provenance is Provenance.POOL:
            continue
        place = Place(site.path, site.call.span)
        for host in literal_hosts(site.endpoint) or [_named(site)]:
            yield Reach(_target(host), "code", WORDS[site.provenance], place, troubles.get(place, ""))


def _named(site: Site) -> str:
    """What stands for the host of a site that is not known: its variable, or the default's host."""
    if site.provenance is Provenance.DEFAULT:
        return LOOPBACK
    return site.endpoint.text


def _told(environment: Iterable[EnvVar], workload: str, troubles: dict[tuple[str, Span], str]) -> Iterator[Reach]:
    for variable in environment:
        if not is_address(variable.name, variable.value):
            continue
        place = variable.at or Place(variable.path, variable.span)
        found = list(hosts(variable.name, variable.value or ""))
        found = found or ([variable.source] if variable.source else [])
        for host in found:
            how = f"{variable.name} of {workload}"
            yield Reach(_target(host), "manifest", how, place, troubles.get(place, ""))


def _target(host: str) -> str:
    """One word for one Redis: `redis` and `redis.data.svc.cluster.local` may be the same."""
    if is_loopback(host):
        return LOOPBACK
    meant = inside(host)
    return meant[0] if meant else host


def _servers(audit: Audit) -> Iterator[RedisServer]:
    for server in audit.project.deployed.deployment.servers:
        yield RedisServer(server.name, server.image.place, server.closed)


def _distinct(reaches: Iterable[Reach]) -> Iterable[Reach]:
    return dict.fromkeys(reaches)
