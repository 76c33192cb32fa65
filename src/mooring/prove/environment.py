"""The environment of a measured server: what its manifest sets, but with the measurement's own services. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol
from urllib.parse import quote

__all__ = ["Address", "Environment", "Variable", "inherited", "repoint"]

# What a process needs of its machine; nothing here says where a service is.
_INHERITED = ("HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "USER")


class Variable(Protocol):
    """What a manifest says of one variable; `source` is `kind/name/key` where the value comes from elsewhere."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def value(self) -> str | None:
        """Its value, where the manifests hold one."""

    @property
    def source(self) -> str | None:
        """Where its value comes from, if not from here."""


@dataclass(frozen=True, slots=True)
class Address:
    """A Redis that asks for a password of its default user."""

    host: str
    port: int
    password: str

    def __repr__(self) -> str:
        return f"<Address {self.host}:{self.port}>"

    def url(self, database: str = "0") -> str:
        """The URL with credentials, or without where the password is empty."""
        if not self.password:
            return f"redis://{self.host}:{self.port}/{database}"
        return f"redis://:{quote(self.password, safe='')}@{self.host}:{self.port}/{database}"


@dataclass(frozen=True, slots=True)
class Environment:
    """The variables to set, the names that were pointed at the measurement's own services, and those left out."""

    variables: Mapping[str, str]
    repointed: tuple[str, ...]
    omitted: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<Environment {', '.join(self.variables)}>"


class _Role(Enum):
    URL = "url"
    HOST = "host"
    PORT = "port"
    PASSWORD = "password"  # noqa: S105 - a role, not a password
    USERNAME = "username"
    ADDRESS = "address"
    TLS = "tls"


# Endings of variable names, and the keys of Secrets: what the last word says.
_ROLES = {
    _Role.URL: ("URL", "URI", "DSN"),
    _Role.HOST: ("HOST", "HOSTNAME"),
    _Role.PORT: ("PORT",),
    _Role.PASSWORD: ("PASSWORD", "PASS", "AUTH", "TOKEN", "SECRET"),
    _Role.USERNAME: ("USERNAME", "USER"),
    _Role.ADDRESS: ("ADDR", "ADDRESS", "ENDPOINT", "SERVER"),
    _Role.TLS: ("TLS", "SSL"),
}
_ABOUT = re.compile(r"redis|valkey", re.IGNORECASE)
_URL = re.compile(r"^(?:rediss?|valkeys?|unix)://", re.IGNORECASE)
_DATABASE = re.compile(r"[^/]/(\d+)/?(?:\?[^/]*)?$")
_UPSTREAM = "UPSTREAM_URL"

# Kubernetes' $(NAME), and Compose's ${NAME}, ${NAME:-default}, ${NAME:?message}, $NAME.
_REFERENCE = re.compile(r"\$\((\w+)\)")
_INTERPOLATION = re.compile(r"(?<!\$)\$(?:\{(\w+)(?::?-([^}]*)|:?[?+][^}]*)?\}|(\w+))")


def inherited(environ: Mapping[str, str]) -> dict[str, str]:
    """What a measured process keeps of the caller's environment: nothing that could tell it where a service is."""
    return {name: environ[name] for name in _INHERITED if name in environ}


def repoint(variables: Iterable[Variable], redis: Address, upstream: str | None) -> Environment:
    """Give each variable that names a Redis this one, `UPSTREAM_URL` the upstream if there is one, others their value.

    A variable is about Redis where its name, its Secret or its value says so. One whose value is not in the manifests
    (a Secret about something else, a variable of whoever calls Compose) is left out.
    """
    values: dict[str, str] = {}
    repointed: list[str] = []
    omitted: list[str] = []
    for variable in variables:
        ours = _ours(variable, redis, upstream)
        value = ours if ours is not None else _literal(variable, values)
        if value is None:
            omitted.append(variable.name)
            continue
        values[variable.name] = value
        if ours is not None:
            repointed.append(variable.name)
    return Environment(values, tuple(repointed), tuple(omitted))


def _ours(variable: Variable, redis: Address, upstream: str | None) -> str | None:
    if variable.name == _UPSTREAM and upstream is not None:
        return upstream
    value = variable.value or ""
    if _URL.match(value):
        return redis.url(_database(value))
    if not any(_ABOUT.search(text) for text in (variable.name, variable.source or "", value)):
        return None
    role = _role(variable)
    return None if role is None else _parts(redis)[role]


def _parts(redis: Address) -> dict[_Role, str]:
    return {
        _Role.URL: redis.url(),
        _Role.HOST: redis.host,
        _Role.PORT: str(redis.port),
        _Role.ADDRESS: f"{redis.host}:{redis.port}",
        _Role.PASSWORD: redis.password,
        _Role.USERNAME: "default",
        _Role.TLS: "false",
    }


def _role(variable: Variable) -> _Role | None:
    key = variable.source.rpartition("/")[2] if variable.source else ""
    for text in (variable.name, key):
        last = re.split(r"[_\-.]", text.upper())[-1]
        for role, endings in _ROLES.items():
            if last in endings or (last.startswith("REDIS") and last[len("REDIS") :] in endings):
                return role
    return None


def _database(url: str) -> str:
    # Not parsed as a URL: Compose's ${NAME:?message} would end its path.
    found = _DATABASE.search(url)
    return found.group(1) if found else "0"


def _literal(variable: Variable, known: Mapping[str, str]) -> str | None:
    if variable.value is None:
        return None
    text = _REFERENCE.sub(lambda match: known.get(match.group(1), match.group()), variable.value)
    missing = False

    def default(match: re.Match[str]) -> str:
        nonlocal missing
        given = match.group(2)
        missing = missing or given is None
        return given or ""

    text = _INTERPOLATION.sub(default, text)
    return None if missing else text.replace("$$", "$")
