"""Redis settings in redis-py's words: what a pool and its clients are made with.

Nothing here opens, reads or remembers anything. redis-py's constructor keeps its own defaults, of whatever version is
installed; only its retry policy is repeated, since the constructor gives it to no pool that is made apart.
"""

from __future__ import annotations

import copy
import difflib
import functools
import inspect
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import redis
import redis.asyncio

from mooring.config.settings import Mode, RedisSettings
from mooring.errors import ConfigError
from mooring.runtime.fingerprint import fingerprint
from mooring.runtime.sentinel import (
    AsyncSentinelConnection,
    AsyncSentinelTLSConnection,
    SentinelConnection,
    SentinelTLSConnection,
)
from mooring.runtime.tls import AsyncTLSConnection, TLSConnection

# Arguments of Mooring's own, beside redis-py's; its asyncio half learnt two of them in 6.x.
_OWN = frozenset(
    {
        "url",
        "default_url",
        "pool_timeout",
        "sentinels",
        "sentinel_master",
        "sentinel_username",
        "sentinel_password",
        "cluster_nodes",
        "ssl_server_name",
        "ssl_password",
        "ssl_ca_path",
    }
)
# The pool is shared, so a client can neither bring nor close one.
_REFUSED = frozenset({"self", "connection_pool", "auto_close_connection_pool"})
_RENAMED = {"charset": "encoding", "errors": "encoding_errors"}
_CLIENT = frozenset({"single_connection_client", "event_dispatcher"})
_CLIENT_ONLY = frozenset({"single_connection_client"})
_TCP_ONLY = frozenset({"socket_connect_timeout", "socket_keepalive", "socket_keepalive_options"})
# redis-py asks a second time for OCSP, in a way of its own.
_OCSP = ("ssl_validate_ocsp", "ssl_validate_ocsp_stapled")
# A Sentinel that does not answer must not keep the next one from being asked.
_SENTINEL_SECONDS = 1.0


__all__ = [
    "ASYNC",
    "SYNC",
    "Flavour",
    "RedisOptions",
    "check_options",
    "check_overrides",
    "credentials",
    "redis_options",
    "sentinel_arguments",
]


@dataclass(frozen=True)
class Flavour:
    """The classes of one of redis-py's two halves, and Mooring's own where that half lacks one."""

    client: type[redis.Redis] | type[redis.asyncio.Redis]
    tcp: type
    tls: type
    ocsp: type
    unix: type
    sentinel: type
    sentinel_tls: type


SYNC = Flavour(
    redis.Redis,
    redis.Connection,
    TLSConnection,
    redis.SSLConnection,
    redis.UnixDomainSocketConnection,
    SentinelConnection,
    SentinelTLSConnection,
)
ASYNC = Flavour(
    redis.asyncio.Redis,
    redis.asyncio.Connection,
    AsyncTLSConnection,
    redis.asyncio.SSLConnection,
    redis.asyncio.UnixDomainSocketConnection,
    AsyncSentinelConnection,
    AsyncSentinelTLSConnection,
)


@dataclass(frozen=True)
class RedisOptions:
    """Keyword arguments for a shared pool and for each client on it. Holds the password, so it has no repr of them."""

    pool: Mapping[str, Any]
    client: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} for {self.pool['endpoint']}>"

    def key(self) -> Hashable:
        """Tell by equality whether two clients can share a pool."""
        return fingerprint(self.pool)


def check_overrides(names: Iterable[str], flavour: Flavour) -> None:
    """Raise `TypeError`, naming it, for an argument that the installed redis-py does not take."""
    accepted = _accepted(flavour)
    for name in names:
        if name not in accepted:
            raise TypeError(f"{name!r} is not an argument here; {_remedy(name, accepted)}")


def redis_options(settings: RedisSettings, flavour: Flavour) -> RedisOptions:
    """Translate settings for one half of redis-py: for one server, a socket, or the master that Sentinels tell.

    Raises `ConfigError`, naming its origin, for an option that the installed redis-py does not take, and for a Cluster,
    whose client has pools of its own.
    """
    check_options(settings, flavour)
    if settings.mode is Mode.CLUSTER:
        raise ConfigError(
            f"{settings.origins.get('cluster_nodes', 'cluster_nodes')} names a Redis Cluster, whose client is another;"
            " make it with redis.cluster.RedisCluster(**mooring.get_redis_config())."
        )
    connection_class = _connection_class(settings, flavour)
    pool = {
        "endpoint": settings.endpoint,
        "max_connections": settings.max_connections,
        "pool_timeout": settings.pool_timeout,
        "connection_class": connection_class,
        **_address(settings),
        "db": settings.db,
        **credentials(settings),
        **_retry(settings.options, flavour),
        **(settings.tls_arguments() if settings.ssl and connection_class is not flavour.unix else {}),
        **{key: value for key, value in settings.options.items() if _concerns(key, value, settings)},
    }
    return RedisOptions(pool, {key: settings.options[key] for key in _CLIENT & settings.options.keys()})


def check_options(settings: RedisSettings, flavour: Flavour) -> None:
    """Raise `ConfigError`, naming its origin, for an option that the installed redis-py does not take."""
    accepted = _accepted(flavour)
    for name in settings.options:
        if name not in accepted:
            raise ConfigError(f"{settings.origins.get(name, 'options')} has {name}: {_remedy(name, accepted)}")


def credentials(settings: RedisSettings) -> dict[str, Any]:
    """Return user name and password in clear, both None where a credential provider gives them."""
    # redis-py takes either; the provider is an argument, and so beats a password that comes from a variable.
    if settings.options.get("credential_provider") is not None:
        return {"username": None, "password": None}
    password = None if settings.password is None else settings.password.get_secret_value()
    return {"username": settings.username, "password": password}


def sentinel_arguments(settings: RedisSettings) -> dict[str, Any]:
    """Return what a connection to one of the Sentinels is made with."""
    given = {key: settings.options.get(key) for key in ("socket_timeout", "socket_connect_timeout")}
    return {
        **settings.sentinel_credentials(),
        **{key: _SENTINEL_SECONDS if value is None else value for key, value in given.items()},
        **(settings.tls_arguments() if settings.ssl else {}),
        **{key: value for key, value in settings.options.items() if key.startswith("ssl_") and settings.ssl},
    }


@functools.cache
def _accepted(flavour: Flavour) -> frozenset[str]:
    return frozenset(inspect.signature(flavour.client.__init__).parameters) - _REFUSED - _RENAMED.keys() | _OWN


def _remedy(name: str, accepted: Iterable[str]) -> str:
    if name in _REFUSED:
        return "the pool is shared, and Mooring makes and closes it."
    if name in _RENAMED:
        return f"redis-py calls it {_RENAMED[name]}."
    close = difflib.get_close_matches(name, accepted, n=1)
    return f"redis-py {redis.__version__} has no such argument" + (f"; did you mean {close[0]}?" if close else ".")


def _connection_class(settings: RedisSettings, flavour: Flavour) -> type:
    if settings.mode is Mode.UNIX_SOCKET:
        return flavour.unix
    ocsp = settings.ssl and any(settings.options.get(key) for key in _OCSP)
    if ocsp and (settings.sentinels or settings.ssl_server_name is not None):
        key = "sentinels" if settings.sentinels else "ssl_server_name"
        raise ConfigError(f"{settings.origins.get(key, key)} gives {key}, which OCSP does not go with; leave one out.")
    if settings.sentinels:
        return flavour.sentinel_tls if settings.ssl else flavour.sentinel
    if not settings.ssl:
        return flavour.tcp
    return flavour.ocsp if ocsp else flavour.tls


def _address(settings: RedisSettings) -> dict[str, Any]:
    if settings.mode is Mode.UNIX_SOCKET:
        return {"path": settings.unix_socket_path}
    if settings.mode is Mode.SENTINEL:
        return {
            "sentinels": settings.sentinels,
            "sentinel_master": settings.sentinel_master,
            "sentinel_arguments": sentinel_arguments(settings),
        }
    return {"host": settings.host, "port": settings.port}


def _retry(options: Mapping[str, Any], flavour: Flavour) -> dict[str, Any]:
    default = inspect.signature(flavour.client.__init__).parameters["retry"].default
    # A copy, for clients can change the policy of their pool.
    retry = {"retry": copy.deepcopy(options.get("retry", default))}
    if options.get("retry_on_error"):
        # redis-py adds to the list.
        retry["retry_on_error"] = list(options["retry_on_error"])
    return retry


def _concerns(key: str, value: Any, settings: RedisSettings) -> bool:
    """Tell whether redis-py's constructor hands an argument on to connections of this kind."""
    if key in _CLIENT_ONLY or key in {"retry", "retry_on_error"}:
        return False
    if key == "credential_provider" and value is None:
        return False
    over_socket = settings.mode is Mode.UNIX_SOCKET
    if key.startswith("ssl_"):
        return settings.ssl and not over_socket
    return key not in _TCP_ONLY or not over_socket
