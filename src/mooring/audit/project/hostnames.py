"""Host names of Redis in a tree: what a site names in its code, and whether anything answers to a name."""

from __future__ import annotations

import difflib
import ipaddress
import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import cache

from mooring.audit.facts import Endpoint, HostName
from mooring.audit.manifests.addresses import URL

__all__ = ["Names", "inside", "is_loopback", "literal_hosts"]

# `$X or redis://cache:6379`: what the code says of an endpoint, one possibility after the other.
OR = re.compile(r"\s+or\s+")
PLAIN = re.compile(r"[A-Za-z0-9](?:[\w.-]*\w)?")
CLUSTER = ".svc"


def literal_hosts(endpoint: Endpoint) -> list[str]:
    """The hosts that are written in the code for an endpoint, by itself or as what it falls back to."""
    if endpoint.host is not None:
        return [endpoint.host] if endpoint.kind in ("url", "host") else []
    if endpoint.kind == "url":
        return [found["host"] for found in URL.finditer(endpoint.text) if PLAIN.fullmatch(found["host"])]
    hosts = endpoint.text.rpartition(":")[0] if endpoint.kind == "host" else ""
    return [part for part in OR.split(hosts) if PLAIN.fullmatch(part)]


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, or all its addresses."""
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return host.lower().rstrip(".") in ("localhost", "localhost.localdomain") or host.endswith(".localhost")
    return address.is_loopback or address.is_unspecified


def inside(host: str) -> tuple[str, str | None] | None:
    """The name of the Service that a host means and the namespace that it names; None for any other kind of host.

    Those are names of one part, and those under `.svc`: `redis`, `redis.data.svc.cluster.local`.
    """
    plain = host.lower().rstrip(".")
    if is_loopback(plain) or not PLAIN.fullmatch(plain):
        return None
    if "." not in plain:
        return plain, None
    before, found, after = plain.partition(CLUSTER)
    parts = before.split(".")
    if found and (not after or after.startswith(".")) and len(parts) > 1:
        return parts[-2], parts[-1]
    return None


class Names:
    """The names that answer in a tree, found by what they are."""

    def __init__(self, names: Iterable[HostName]) -> None:
        self._exact: dict[str, list[HostName]] = {}
        self._open: list[HostName] = []
        for name in names:
            if "*" in name.pattern:
                self._open.append(name)
            else:
                self._exact.setdefault(name.pattern.lower(), []).append(name)

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._exact or self._open)

    def answer(self, service: str, namespace: str | None, path: str) -> bool:
        """Whether one of them is that of `service`; where nothing tells one of the namespaces, they may be the same.

        A name that a template leaves open altogether counts for the files of its own chart only.
        """
        known = self._exact.get(service, ())
        fitting = (name for name in self._open if _counts(name, path) and fnmatchcase(service, name.pattern.lower()))
        return any(
            name.composed or None in (name.namespace, namespace) or name.namespace == namespace
            for name in (*known, *fitting)
        )

    @cache  # noqa: B019  # it lives as long as the audit
    def near(self, service: str) -> tuple[HostName, ...]:
        """Those of the same name, in other namespaces, else the one that is spelt most like it."""
        like = [service] if service in self._exact else difflib.get_close_matches(service, self._exact, n=1)
        return tuple(name for one in like for name in self._exact[one])


def _counts(name: HostName, path: str) -> bool:
    return bool(name.pattern.strip("*-")) or path.startswith(f"{name.folder}/" if name.folder else "")
