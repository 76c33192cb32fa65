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

from mooring.config.settings import RedisSettings
from mooring.errors import ConfigError

# Arguments of Mooring's own, beside redis-py's.
_OWN = frozenset({"url", "default_url", "pool_timeout"})
# The pool is shared, so a client can neither bring nor close one.
_REFUSED = frozenset({"self", "connection_pool", "auto_close_connection_pool"})
_RENAMED = {"charset": "encoding", "errors": "encoding_errors"}
_CLIENT = frozenset({"single_connection_client", "event_dispatcher"})
_CLIENT_ONLY = frozenset({"single_connection_client"})
# Where redis-py defines objects that are what they hold; not all of them compare so, in every version.
_VALUE_MODULES = frozenset(
    {
        "redis.asyncio.retry",
        "redis.backoff",
        "redis.credentials",
        "redis.driver_info",
        "redis.maint_notifications",
        "redis.retry",
    }
)
_TCP_ONLY = frozenset({"socket_connect_timeout", "socket_keepalive", "socket_keepalive_options"})


@dataclass(frozen=True)
class Flavour:
    """The classes of one of redis-py's two halves."""

    client: type[redis.Redis] | type[redis.asyncio.Redis]
    tcp: type
    tls: type
    unix: type


SYNC = Flavour(redis.Redis, redis.Connection, redis.SSLConnection, redis.UnixDomainSocketConnection)
ASYNC = Flavour(
    redis.asyncio.Redis, redis.asyncio.Connection, redis.asyncio.SSLConnection, redis.asyncio.UnixDomainSocketConnection
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
        return _fingerprint(self.pool)


def check_overrides(names: Iterable[str], flavour: Flavour) -> None:
    """Raise `TypeError`, naming it, for an argument that the installed redis-py does not take."""
    accepted = _accepted(flavour)
    for name in names:
        if name not in accepted:
            raise TypeError(f"{name!r} is not an argument here; {_remedy(name, accepted)}")


def redis_options(settings: RedisSettings, flavour: Flavour) -> RedisOptions:
    """Translate settings for one half of redis-py.

    Raises `ConfigError`, naming its origin, for an option that the installed redis-py does not take.
    """
    accepted = _accepted(flavour)
    for name in settings.options:
        if name not in accepted:
            raise ConfigError(f"{settings.origins[name]} has {name}: {_remedy(name, accepted)}")
    connection_class = _connection_class(settings, flavour)
    pool = {
        "endpoint": settings.endpoint,
        "max_connections": settings.max_connections,
        "pool_timeout": settings.pool_timeout,
        "connection_class": connection_class,
        **_address(settings),
        "db": settings.db,
        **_credentials(settings),
        **_retry(settings.options, flavour),
        **{key: value for key, value in settings.options.items() if _concerns(key, value, connection_class, flavour)},
    }
    return RedisOptions(pool, {key: settings.options[key] for key in _CLIENT & settings.options.keys()})


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
    if settings.unix_socket_path is not None:
        return flavour.unix
    return flavour.tls if settings.ssl else flavour.tcp


def _address(settings: RedisSettings) -> dict[str, Any]:
    if settings.unix_socket_path is not None:
        return {"path": settings.unix_socket_path}
    return {"host": settings.host, "port": settings.port}


def _credentials(settings: RedisSettings) -> dict[str, Any]:
    # redis-py takes either; the provider is an argument, and so beats a password that comes from a variable.
    if settings.options.get("credential_provider") is not None:
        return {"username": None, "password": None}
    password = None if settings.password is None else settings.password.get_secret_value()
    return {"username": settings.username, "password": password}


def _retry(options: Mapping[str, Any], flavour: Flavour) -> dict[str, Any]:
    default = inspect.signature(flavour.client.__init__).parameters["retry"].default
    # A copy, for clients can change the policy of their pool.
    retry = {"retry": copy.deepcopy(options.get("retry", default))}
    if options.get("retry_on_error"):
        # redis-py adds to the list.
        retry["retry_on_error"] = list(options["retry_on_error"])
    return retry


def _concerns(key: str, value: Any, connection_class: type, flavour: Flavour) -> bool:
    """Tell whether redis-py's constructor hands an argument on to this class of connection."""
    if key in _CLIENT_ONLY or key in {"retry", "retry_on_error"}:
        return False
    if key == "credential_provider" and value is None:
        return False
    if key.startswith("ssl_"):
        return connection_class is flavour.tls
    return key not in _TCP_ONLY or connection_class is not flavour.unix


def _fingerprint(value: Any) -> Hashable:
    """Make what redis-py leaves unhashable, or equal only to itself, comparable by its content."""
    if isinstance(value, Mapping):
        return frozenset((key, _fingerprint(item)) for key, item in value.items())
    if isinstance(value, list | tuple):
        return tuple(map(_fingerprint, value))
    if isinstance(value, set | frozenset):
        return frozenset(map(_fingerprint, value))
    # By identity, code that makes its client and policy anew in each call would get a pool in each call.
    if type(value).__module__ in _VALUE_MODULES or type(value).__qualname__ == "CacheConfig":
        return (type(value), _fingerprint(vars(value)))
    return value if isinstance(value, Hashable) else id(value)
