"""Where Redis settings come from, best source first.

1. arguments, then the `url` argument;
2. `REDIS_...` variables, of which `variables` has the table;
3. files that `REDIS_..._FILE` variables name, then directories of secrets, of which `secrets` has the table;
4. a service binding of type `redis`, where no better source has named a server;
5. Pulumi ESC, where the server or its password is still open;
6. the address that Kubernetes tells of a Service called `redis-master` or `redis`;
7. the nearest `.env`, where this process is local;
8. the `default_url` argument;
9. the environment's default host: `redis-master` in Kubernetes, `redis` in Compose, `localhost` elsewhere.

For a connection called `name`, 2 to 7 are asked for `NAME_REDIS_...` first, and then once more for `REDIS_...`: what is
said of one connection beats what is said of all, wherever it is said. In each source the URL beats the other variables.

The first source that gives a setting decides it, so a lower one fills in what a better one leaves open. One thing does
not travel: a URL speaks of its own server. Once a better source has named the server, a URL in a variable no longer
counts, and `default_url` counts for its database and options only; so its password reaches no other server. A service
binding and Kubernetes's address count as a whole or not at all, likewise.

An empty variable counts as unset, but not an empty file. A `..._PORT` such as `tcp://10.0.0.5:6379` is no port:
Kubernetes writes it into every pod beside a Service called `redis`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from mooring.config import pulumi
from mooring.config.bindings import binding_texts
from mooring.config.bounds import BOUNDS
from mooring.config.dotenv import dotenv_texts
from mooring.config.environment import Environment, EnvironmentKind
from mooring.config.faults import FIELDS
from mooring.config.kubernetes import service_texts
from mooring.config.secrets import directory_texts, file_texts
from mooring.config.surroundings import Surroundings
from mooring.config.url import read_url
from mooring.config.value import SourcedValue, Text
from mooring.config.variables import environment_texts, prefixes, single_values, url_values
from mooring.errors import ConfigError

__all__ = ["LOCATION", "read_sources"]

LOCATION = frozenset({"host", "unix_socket_path", "sentinels", "cluster_nodes"})
"""The settings of which each names a server by itself."""

_ENDPOINT = LOCATION | {
    "port",
    "ssl",
    "username",
    "password",
    "sentinel_master",
    "sentinel_username",
    "sentinel_password",
}
_URL_ARGUMENTS = frozenset({"url", "default_url"})
# Arguments for which None or "" is no answer: code that is being fixed passes `os.getenv(...)` through them.
# Not so for ssl_cert_reqs, where None is redis-py's word for no check, and for a bound, where it is no bound.
_OPTIONAL = _URL_ARGUMENTS | set(FIELDS) - {"ssl_cert_reqs"} - BOUNDS
_DEFAULT_HOSTS = {
    EnvironmentKind.KUBERNETES: ("redis-master", "default in Kubernetes"),
    EnvironmentKind.COMPOSE: ("redis", "default in Compose"),
}


def read_sources(
    name: str, overrides: Mapping[str, Any], surroundings: Surroundings, environment: Environment
) -> list[SourcedValue]:
    """Return every setting that counts, best source first; the first value of a key decides it.

    Raises `ConfigError` for a name that cannot head a variable, a malformed URL, a source that cannot be read, or two
    servers in one source.
    """
    given = {key: value for key, value in overrides.items() if key not in _OPTIONAL or value not in (None, "")}
    counting = _Counting()
    plain = ((key, value) for key, value in given.items() if key not in _URL_ARGUMENTS)
    counting.add(SourcedValue(key, value, f"argument {key}") for key, value in plain)
    counting.add(_argument_url(given, "url"), LOCATION)
    for prefix in prefixes(name):
        for texts in _texts(prefix, surroundings, environment, counting):
            counting.add_texts(prefix, texts)
    counting.add(_argument_url(given, "default_url"), _ENDPOINT)
    counting.add([_default_host(environment)], LOCATION)
    return counting.values


class _Counting:
    """The values that count so far, best first."""

    def __init__(self) -> None:
        self.values: list[SourcedValue] = []

    def gives(self, keys: Collection[str]) -> bool:
        """Tell whether one of the settings is decided."""
        return any(found.key in keys for found in self.values)

    def add(self, values: Iterable[SourcedValue], bound: Collection[str] = ()) -> None:
        """Take one source's values; those in `bound` no longer count once a better source has named the server."""
        located = self.gives(LOCATION)
        counting = [found for found in values if not located or found.key not in bound]
        servers = [found for found in counting if found.key in LOCATION]
        if len(servers) > 1:
            told = " and ".join(found.origin for found in servers)
            raise ConfigError(f"{told} name more than one server; leave all but one of them out.")
        self.values.extend(counting)

    def add_texts(self, prefix: str, texts: Mapping[str, Text]) -> None:
        """Take one source's variables: first its URL, which is bound to its own server, then the others."""
        url = url_values(prefix, texts)
        self.add(url, {found.key for found in url})
        self.add(single_values(prefix, texts), LOCATION)


def _texts(
    prefix: str, surroundings: Surroundings, environment: Environment, counting: _Counting
) -> Iterator[dict[str, Text]]:
    environ = surroundings.environ
    yield environment_texts(prefix, environ)
    yield file_texts(prefix, environ)
    yield directory_texts(prefix, environ, surroundings.root)
    if not counting.gives(LOCATION):
        yield binding_texts(prefix, environ)
    if not (counting.gives(LOCATION) and counting.gives({"password"})):
        yield pulumi.esc_texts(prefix, environ)
    if not counting.gives(LOCATION):
        yield service_texts(prefix, environ)
    if environment.kind is EnvironmentKind.LOCAL:
        yield dotenv_texts(prefix, surroundings.directory)


def _argument_url(arguments: Mapping[str, Any], key: str) -> list[SourcedValue]:
    if key not in arguments:
        return []
    origin = f"argument {key}"
    return [SourcedValue(name, value, origin) for name, value in read_url(arguments[key], origin).items()]


def _default_host(environment: Environment) -> SourcedValue:
    host, told = _DEFAULT_HOSTS.get(environment.kind, ("localhost", f"default, {environment.kind.value}"))
    return SourcedValue("host", host, f"{told}: {environment.evidence[0]}")
