"""Where one workload is told of different Redis hosts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mooring.audit.facts import EnvVar, Place, Provenance, Workload
from mooring.audit.manifests.addresses import hosts, is_address_name, tokens
from mooring.audit.project.deployed import Deployed
from mooring.audit.project.hostnames import inside, is_loopback, literal_hosts
from mooring.audit.project.links import Link

__all__ = ["Conflict", "conflicts"]

# Words that say how an address is written, not whose it is.
FORM = frozenset(
    {"URL", "URI", "DSN", "HOST", "HOSTNAME", "ADDR", "ADDRESS", "SERVER", "ENDPOINT", "HOSTPORT", "STRING"}
)


@dataclass(frozen=True, slots=True)
class Conflict:
    """A variable that names one host, and what names another."""

    workload: str
    name: str
    host: str
    place: Place
    other: str
    other_host: str
    other_place: Place


def conflicts(deployed: Deployed) -> Iterator[Conflict]:
    """Every conflict of a workload: between variables for the same purpose, and with a fallback in its code."""
    for workload in deployed.deployment.workloads:
        yield from _among(workload)
    for link in deployed.links:
        yield from _with_code(link, deployed)


def _among(workload: Workload) -> Iterator[Conflict]:
    """`REDIS_URL` beside a `REDIS_HOST` of another host, or the same name set twice."""
    first: dict[frozenset[str], tuple[EnvVar, str]] = {}
    for variable in workload.environment:
        for host in _named(variable):
            purpose = frozenset(tokens(variable.name)) - FORM
            other, known = first.setdefault(purpose, (variable, host))
            if _service(host) != _service(known) and other is not variable:
                yield Conflict(workload.name, variable.name, host, _at(variable), other.name, known, _at(other))


def _with_code(link: Link, deployed: Deployed) -> Iterator[Conflict]:
    for variable in link.workload.environment:
        for host in _named(variable):
            for site in deployed.sites(link):
                if site.provenance is not Provenance.FALLBACK or f"${variable.name} or " not in site.endpoint.text:
                    continue
                for fallback in literal_hosts(site.endpoint):
                    if not is_loopback(fallback) and _service(fallback) != _service(host):
                        place = Place(site.path, site.call.span)
                        told = "the fallback in its code"
                        yield Conflict(link.workload.name, variable.name, host, _at(variable), told, fallback, place)


def _named(variable: EnvVar) -> list[str]:
    """The hosts that a variable names, if it names one at all."""
    if variable.value is None or not is_address_name(variable.name):
        return []
    return list(hosts(variable.name, variable.value))[:1]


def _service(host: str) -> str:
    """`redis` and `redis.data.svc.cluster.local` may be the same."""
    meant = inside(host)
    return meant[0] if meant else host.lower().rstrip(".")


def _at(variable: EnvVar) -> Place:
    return variable.at or Place(variable.path, variable.span)
