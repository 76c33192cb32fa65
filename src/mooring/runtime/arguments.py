"""Which arguments the factories take: redis-py's of the installed version, Mooring's own, and which go together."""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Iterable

import redis
import redis.cluster

from mooring.config.settings import Mode, RedisSettings
from mooring.errors import ConfigError
from mooring.runtime.flavour import Flavour

__all__ = ["accepted", "check_local_cache", "check_options", "check_overrides"]

# Arguments of Mooring's own, beside redis-py's; its asyncio half learnt two of them in 6.x.
_OWN = frozenset(
    {
        "url",
        "default_url",
        "pool_timeout",
        "deadline",
        "max_age",
        "max_idle",
        "multiplex",
        "lanes",
        "local_cache",
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
# What only the clients of a Cluster know; the second is of redis-py 5.3.
_CLUSTER = frozenset({"read_from_replicas", "load_balancing_strategy"})
# The pool is shared, so a client can neither bring nor close one.
_REFUSED = frozenset({"self", "connection_pool", "auto_close_connection_pool"})
_RENAMED = {"charset": "encoding", "errors": "encoding_errors"}


def check_overrides(names: Iterable[str], flavour: Flavour) -> None:
    """Raise `TypeError`, naming it, for an argument that the installed redis-py does not take."""
    known = accepted(flavour)
    for name in names:
        if name not in known:
            raise TypeError(f"{name!r} is not an argument here; {_remedy(name, known)}")


def check_options(settings: RedisSettings, flavour: Flavour) -> None:
    """Raise `ConfigError`, naming its origin, for an option that redis-py does not take, or not with the others."""
    known = accepted(flavour)
    for name in settings.options:
        if name not in known:
            raise ConfigError(f"{settings.origins.get(name, 'options')} has {name}: {_remedy(name, known)}")
    _check_cluster(settings)


@functools.cache
def accepted(flavour: Flavour) -> frozenset[str]:
    """Name the arguments that the factories of one half take, with the installed redis-py."""
    known = frozenset(inspect.signature(flavour.client.__init__).parameters) - _REFUSED - _RENAMED.keys() | _OWN
    return known | _CLUSTER & inspect.signature(redis.cluster.RedisCluster.__init__).parameters.keys()


def _remedy(name: str, known: Iterable[str]) -> str:
    if name in _REFUSED:
        return "the pool is shared, and Mooring makes and closes it."
    if name in _RENAMED:
        return f"redis-py calls it {_RENAMED[name]}."
    close = difflib.get_close_matches(name, known, n=1)
    return f"redis-py {redis.__version__} has no such argument" + (f"; did you mean {close[0]}?" if close else ".")


def _check_cluster(settings: RedisSettings) -> None:
    given = sorted(_CLUSTER & settings.options.keys())
    if given and settings.mode is not Mode.CLUSTER:
        raise ConfigError(
            f"{settings.origins.get(given[0], 'options')} has {given[0]}, which is for a Redis Cluster; leave it out,"
            " or give its nodes in cluster_nodes."
        )


def check_local_cache(settings: RedisSettings) -> None:
    """Raise `ConfigError`, naming its origin, for a local cache that the other settings leave no room for."""
    if settings.local_cache is None:
        return
    origin = settings.origins.get("local_cache", "local_cache")
    if settings.cluster_nodes:
        raise ConfigError(
            f"{origin} asks for a local cache, which the clients of a Redis Cluster do not have; leave it out, or say"
            " false for this connection."
        )
    for other in ("redis_connect_func", "cache_config", "cache"):
        if settings.options.get(other) is not None:
            raise ConfigError(f"{origin} asks for a local cache, which {other} does not go with; leave one out.")
