"""Settings as the arguments of redis-py's own constructors, for code that makes its clients itself.

Such clients have pools of their own, of redis-py's kind and with redis-py's bounds.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import redis
from redis.cluster import REDIS_ALLOWED_KEYS, ClusterNode, RedisCluster

from mooring.config.settings import Mode, RedisSettings
from mooring.errors import ConfigError
from mooring.runtime.arguments import check_options
from mooring.runtime.flavour import SYNC
from mooring.runtime.options import credentials, sentinel_arguments

__all__ = ["constructor_arguments"]


def constructor_arguments(settings: RedisSettings) -> dict[str, Any]:
    """Return arguments for `redis.Redis`, or for `Sentinel` or `RedisCluster` where the settings name these.

    Secrets are in clear. Raises `ConfigError`, naming its origin, for what the constructor does not take.
    """
    check_options(settings, SYNC)
    if settings.ssl and settings.ssl_server_name is not None:
        raise ConfigError(
            f"{settings.origins.get('ssl_server_name', 'ssl_server_name')} names the server in its certificate, which"
            " redis-py cannot be told; make the client with create_redis_from_config()."
        )
    if settings.mode is Mode.CLUSTER:
        return _cluster(settings)
    if settings.mode is Mode.SENTINEL:
        tls = {"ssl": True} if settings.ssl else {}
        return {
            "sentinels": list(settings.sentinels),
            "sentinel_kwargs": _given(sentinel_arguments(settings)) | tls,
            "db": settings.db,
            **_shared(settings),
        }
    if settings.mode is Mode.UNIX_SOCKET:
        return {"unix_socket_path": settings.unix_socket_path, "db": settings.db, **_shared(settings)}
    return {"host": settings.host, "port": settings.port, "db": settings.db, **_shared(settings)}


def _shared(settings: RedisSettings) -> dict[str, Any]:
    tls = settings.ssl and settings.mode is not Mode.UNIX_SOCKET
    return {
        **_given(credentials(settings)),
        **({"max_connections": settings.max_connections} if "max_connections" in settings.origins else {}),
        **({"ssl": True, **settings.tls_arguments()} if tls else {}),
        **settings.options,
    }


def _cluster(settings: RedisSettings) -> dict[str, Any]:
    arguments = _shared(settings)
    # redis-py drops silently what a Cluster's connections cannot be given, the check of a server's name up to 5.x.
    accepted = frozenset(REDIS_ALLOWED_KEYS) | inspect.signature(RedisCluster.__init__).parameters.keys()
    for key, value in arguments.items():
        if key not in accepted and value:
            raise ConfigError(
                f"{settings.origins.get(key, f'the default of {key}')} asks for {key}, which the Cluster client of"
                f" redis-py {redis.__version__} does not take; leave it out, or install a later redis-py."
            )
    kept = {key: value for key, value in arguments.items() if key in accepted}
    return {"startup_nodes": [ClusterNode(host, port) for host, port in settings.cluster_nodes], **kept}


def _given(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in arguments.items() if value is not None}
