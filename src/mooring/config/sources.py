"""Where Redis settings come from, best source first.

1. arguments, then the `url` argument;
2. for a named connection, `NAME_REDIS_URL`, then `NAME_REDIS_HOST`, `_PORT`, `_USERNAME`, `_PASSWORD`, `_DB`;
3. `REDIS_URL`, then `REDIS_HOST`, `REDIS_PORT`, `REDIS_USERNAME`, `REDIS_PASSWORD`, `REDIS_DB`;
4. the `default_url` argument;
5. the environment's default host.

The first source that gives a setting decides it, so a lower one fills in what a better one leaves open. One thing does
not travel: a URL speaks of its own server. Once a better source has named the server, a URL in a variable no longer
counts, and `default_url` counts for its database and options only; so its password reaches no other server.

An empty variable counts as unset. So does a `..._PORT` such as `tcp://10.0.0.5:6379`: Kubernetes writes it into every
pod beside a Service called `redis`, and it is not a port.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mooring.config.environment import ENVIRONMENT_VARIABLES, Environment, EnvironmentKind
from mooring.config.url import read_url
from mooring.errors import ConfigError

DEFAULT_NAME = "default"

_VARIABLES = {"HOST": "host", "PORT": "port", "USERNAME": "username", "PASSWORD": "password", "DB": "db"}
_LOCATION = frozenset({"host", "unix_socket_path"})
_ENDPOINT = _LOCATION | {"port", "ssl", "username", "password"}
_URL_ARGUMENTS = frozenset({"url", "default_url"})
# Arguments for which None or "" is no answer: code that is being fixed passes `os.getenv(...)` through them.
_OPTIONAL = _ENDPOINT | _URL_ARGUMENTS | {"db", "max_connections", "pool_timeout"}
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_SERVICE_ADDRESS = re.compile(r"(tcp|udp|sctp)://")


@dataclass(frozen=True, slots=True)
class SourcedValue:
    """One setting, by the name of redis-py's argument, and the place that gave it. Its repr hides the value."""

    key: str
    value: Any = field(repr=False)
    origin: str


# Values of one source, and which of their keys no longer count once a better source has named the server.
_Layer = tuple[list[SourcedValue], Collection[str]]


def read_sources(
    name: str, overrides: Mapping[str, Any], environ: Mapping[str, str], environment: Environment
) -> Iterator[SourcedValue]:
    """Yield every setting that counts, best source first; the first value of a key decides it.

    Raises `ConfigError` for a name that cannot head a variable, a malformed URL, or two servers in the arguments.
    """
    located = False
    for values, bound in _layers(name, _given(overrides), environ, environment):
        counting = [found for found in values if not located or found.key not in bound]
        yield from counting
        located = located or any(found.key in _LOCATION for found in counting)


def variables(name: str) -> tuple[str, ...]:
    """Name the variables that decide the settings of connection `name`. Raises `ConfigError` as `read_sources` does."""
    redis = [f"{prefix}REDIS_{suffix}" for prefix in _prefixes(name) for suffix in ("URL", *_VARIABLES)]
    return (*redis, *ENVIRONMENT_VARIABLES)


def _layers(
    name: str, arguments: Mapping[str, Any], environ: Mapping[str, str], environment: Environment
) -> Iterator[_Layer]:
    plain = {key: value for key, value in arguments.items() if key not in _URL_ARGUMENTS}
    yield [SourcedValue(key, value, f"argument {key}") for key, value in plain.items()], ()
    yield _url_values(arguments.get("url"), "argument url"), _LOCATION
    for prefix in _prefixes(name):
        variable = f"{prefix}REDIS_URL"
        values = _url_values(environ.get(variable), variable)
        yield values, {found.key for found in values}
        yield list(_variable_values(prefix, environ)), _LOCATION
    yield _url_values(arguments.get("default_url"), "argument default_url"), _ENDPOINT
    yield [_default_host(environment)], _LOCATION


def _given(overrides: Mapping[str, Any]) -> dict[str, Any]:
    given = {key: value for key, value in overrides.items() if key not in _OPTIONAL or value not in (None, "")}
    if given.keys() >= _LOCATION:
        raise ConfigError("The arguments host and unix_socket_path name two servers; leave one of them out.")
    return given


def _prefixes(name: str) -> tuple[str, ...]:
    if name == DEFAULT_NAME:
        return ("",)
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} cannot name a Redis connection, for it heads variables such as CACHE_REDIS_URL;"
            " use letters, digits, '-' and '_', a letter first."
        )
    return (f"{name.upper().replace('-', '_')}_", "")


def _url_values(url: str | None, origin: str) -> list[SourcedValue]:
    if not url:
        return []
    return [SourcedValue(key, value, origin) for key, value in read_url(url, origin).items()]


def _variable_values(prefix: str, environ: Mapping[str, str]) -> Iterator[SourcedValue]:
    for suffix, key in _VARIABLES.items():
        variable = f"{prefix}REDIS_{suffix}"
        value = environ.get(variable, "")
        if key != "password":
            value = value.strip()
        if value and not (key == "port" and _SERVICE_ADDRESS.match(value)):
            yield SourcedValue(key, value, variable)


def _default_host(environment: Environment) -> SourcedValue:
    if environment.kind is EnvironmentKind.KUBERNETES:
        return SourcedValue("host", "redis-master", f"default in Kubernetes: {environment.evidence[0]}")
    return SourcedValue("host", "localhost", f"default, {environment.kind.value}: {environment.evidence[0]}")
