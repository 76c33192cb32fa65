"""Redis settings in redis-py's words: what a pool and its clients are made with.

Nothing here opens or reads anything. Connections keep redis-py's own defaults, of whatever version is installed, but
for what bounds a call: its timeouts and retries, which differ by version and by the way in which a client is made, give
way to `recovery`.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from mooring.config.cache_size import CacheSize
from mooring.config.nodes import Node
from mooring.config.settings import Mode, RedisSettings
from mooring.errors import ConfigError
from mooring.runtime.arguments import accepted, check_local_cache, check_options
from mooring.runtime.credentials.fingerprint import fingerprint
from mooring.runtime.credentials.login_source import LoginSource
from mooring.runtime.flavour import ASYNC, SYNC, Flavour
from mooring.runtime.recovery.endpoints import endpoint
from mooring.runtime.recovery.recovery import Policy, Recovery

_CLIENT = frozenset({"single_connection_client", "event_dispatcher"})
_CLIENT_ONLY = frozenset({"single_connection_client"})
# What bounds attempts, which are the client's and not the connection's.
_RECOVERY = frozenset({"retry", "retry_on_error", "retry_on_timeout", "socket_timeout"})
_TCP_ONLY = frozenset({"socket_connect_timeout", "socket_keepalive", "socket_keepalive_options"})
# redis-py asks a second time for OCSP, in a way of its own.
_OCSP = ("ssl_validate_ocsp", "ssl_validate_ocsp_stapled")
# A Sentinel that does not answer must not keep the next one from being asked.
_SENTINEL_SECONDS = 1.0


__all__ = ["RedisOptions", "credentials", "redis_options", "sentinel_arguments"]


@dataclass(frozen=True)
class RedisOptions:
    """Keyword arguments for a shared pool and for each client on it; `nodes` are those of a Cluster to begin with.

    `lanes` is how many sockets asyncio clients share for ordinary commands, 0 if each command is to have one of its
    own. `local_cache` is how much is kept of what was read; for threads `tracking` holds the arguments of the asyncio
    pool that the server tells of changes on. Holds the password, so it has no repr of them.
    """

    pool: Mapping[str, Any]
    client: Mapping[str, Any]
    nodes: tuple[Node, ...] = ()
    lanes: int = 0
    local_cache: CacheSize | None = None
    tracking: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} for {self.pool['endpoint']}>"

    def key(self) -> Hashable:
        """Tell by equality whether two clients can share a pool."""
        return fingerprint((self.pool, self.nodes, self.lanes, self.local_cache))


def redis_options(
    settings: RedisSettings, flavour: Flavour, overrides: Mapping[str, Any] = MappingProxyType({})
) -> RedisOptions:
    """Translate settings for one half of redis-py: for one server, a socket, or the master that Sentinels tell.

    `overrides` are what the settings were loaded with, for a login that is read again when it changes.
    Raises `ConfigError`, naming its origin, for an option that the installed redis-py does not take.
    """
    check_options(settings, flavour)
    check_local_cache(settings)
    connection_class = _connection_class(settings, flavour)
    recovery = _recovery(settings)
    pool = {
        "endpoint": settings.endpoint,
        "max_connections": settings.max_connections,
        "pool_timeout": settings.pool_timeout,
        "max_age": settings.max_age,
        "max_idle": settings.max_idle,
        "login": LoginSource.of(settings, overrides),
        "dialed": recovery.endpoint,
        "patience": recovery.patience,
        "connection_class": connection_class,
        **_address(settings),
        "db": settings.db,
        # Of connections for tasks the client bounds each attempt, and redis-py need not time each read.
        "socket_timeout": settings.options.get("socket_timeout") if flavour is SYNC else None,
        **(settings.tls_arguments() if settings.ssl and connection_class is not flavour.unix else {}),
        **{key: value for key, value in settings.options.items() if _concerns(key, settings)},
    }
    own = {key: settings.options[key] for key in _CLIENT & settings.options.keys()}
    lanes = settings.lanes if flavour is ASYNC and settings.multiplex else 0
    client = {"recovery": recovery, **own}
    if settings.local_cache is None:
        return RedisOptions(pool, client, settings.cluster_nodes, lanes)
    tracking = _tracking(settings, overrides) if flavour is SYNC else {}
    return RedisOptions(pool, client, settings.cluster_nodes, lanes, settings.local_cache, tracking)


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


def _tracking(settings: RedisSettings, overrides: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the pool's arguments for asyncio, without those that redis-py's other half lacks."""
    options = {key: value for key, value in settings.options.items() if key in accepted(ASYNC)}
    same = settings.model_copy(update={"options": options, "local_cache": None})
    return redis_options(same, ASYNC, overrides).pool


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
    if settings.mode is Mode.CLUSTER:
        return {}
    return {"host": settings.host, "port": settings.port}


def _recovery(settings: RedisSettings) -> Recovery:
    return Recovery(
        settings.endpoint,
        endpoint(settings.server),
        settings.deadline or math.inf,
        settings.options.get("socket_timeout") or math.inf,
        Policy.of(settings.options),
    )


def _concerns(key: str, settings: RedisSettings) -> bool:
    """Tell whether redis-py's constructor hands an argument on to connections of this kind."""
    if key in _CLIENT_ONLY or key in _RECOVERY or key == "credential_provider":
        return False
    over_socket = settings.mode is Mode.UNIX_SOCKET
    if key.startswith("ssl_"):
        return settings.ssl and not over_socket
    return key not in _TCP_ONLY or not over_socket
