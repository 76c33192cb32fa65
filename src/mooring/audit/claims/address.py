"""The endpoint that a claim names, and whether what is known of a site's is the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

__all__ = ["Address"]

DEFAULT_PORT = "6379"
# Names of this machine: who claims one of them means the others too.
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
WRITTEN = re.compile(
    r"(?:[a-z][\w+.-]*://)?(?:[^@/\s]*@)?(?:\[(?P<six>[^\]\s]+)\]|(?P<host>[^:/?\s\[\]]+))(?::(?P<port>[^:/?\s]+))?(?:[/?]\S*)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Address:
    """A host, and a port if it was given; or, where `host` is empty, a text to be found as it stands (a socket)."""

    text: str
    host: str
    port: str | None

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """What `localhost`, `localhost:6379`, `redis://localhost/0` or `unix:///run/redis.sock` names; None if nothing.

        A URL without a port names the default one; a bare host names any.
        """
        if text.lower().startswith("unix:") or text.startswith("/"):
            return cls(text, "", None)
        read = WRITTEN.fullmatch(text)
        if read is None or not (read["port"] or DEFAULT_PORT).isdecimal():
            return None
        implied = DEFAULT_PORT if "://" in text else None
        return cls(text, _host(read), read["port"] or implied)

    def reached_by(self, endpoint: str) -> bool:
        """Whether an endpoint, as an audit describes it (`$HOST or localhost:6379`), may be this one."""
        if not self.host:
            return self.text in endpoint.split(" or ")
        return any(
            _same(host, self.host) and (self.port is None or self.port in ports) for host, ports in _read(endpoint)
        )


def _read(endpoint: str) -> Iterator[tuple[str, list[str]]]:
    """The hosts in a description, each with the ports that it may have.

    Alternatives are separated by `or`, those of a port as well: `cache:$PORT or 6379`.
    """
    ports: list[str] = []
    for part in reversed(endpoint.split(" or ")):
        if part.isdecimal():
            ports.append(part)
        elif read := WRITTEN.fullmatch(part):
            yield _host(read), [read["port"] or DEFAULT_PORT, *ports]
            ports = []


def _host(read: re.Match[str]) -> str:
    return (read["six"] or read["host"]).lower()


def _same(one: str, other: str) -> bool:
    return one == other or {one, other} <= LOOPBACK
