"""What is wrong with a value, in words: where it comes from, and what would be right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import ValidationError

from mooring.config.bounds import BOUNDS
from mooring.config.cache_size import EXPECTED
from mooring.config.nodes import Node
from mooring.config.value import SourcedValue
from mooring.errors import ConfigError

__all__ = ["FIELDS", "refuse_mismatch", "told_faults"]

_NODES = "servers as host:port,host:port, for example"

_BOUND = "a number of seconds above 0, or none, for example"

_EXPECTED = {
    "host": "a host name or address, not a URL",
    "port": "a whole number from 1 to 65535, for example 6379",
    "unix_socket_path": "the path of a socket",
    "sentinels": f"{_NODES} sentinel-0:26379,sentinel-1:26379",
    "sentinel_master": "the name that the Sentinels know the master by, for example mymaster",
    "sentinel_username": "text",
    "sentinel_password": "text",
    "cluster_nodes": f"{_NODES} redis-0:6379,redis-1:6379",
    "username": "text",
    "password": "text",
    "db": "a whole number from 0, for example 0",
    "ssl": "true or false",
    "ssl_cert_reqs": "true, false, required, optional or none",
    "ssl_check_hostname": "true or false",
    "ssl_min_version": "1.2 or 1.3",
    "ssl_server_name": "a host name, for example redis.example.com",
    "ssl_ca_certs": "the path of a file in PEM",
    "ssl_certfile": "the path of a file in PEM",
    "ssl_keyfile": "the path of a file in PEM",
    "ssl_password": "text",
    "max_connections": "a whole number from 1, for example 50",
    "pool_timeout": "a number of seconds above 0, for example 5",
    "deadline": f"{_BOUND} 5",
    "max_age": f"{_BOUND} 1800",
    "max_idle": f"{_BOUND} 300",
    "multiplex": "true or false",
    "lanes": "a whole number from 1 to 4",
    "local_cache": EXPECTED,
}
FIELDS = tuple(_EXPECTED)
"""The settings that are checked one by one; every other is an argument for redis-py, as given."""

# A value is repeated in a message only where nobody keeps a secret.
_REPEATABLE = BOUNDS | {
    "port",
    "db",
    "ssl",
    "ssl_cert_reqs",
    "ssl_min_version",
    "max_connections",
    "pool_timeout",
    "multiplex",
    "lanes",
    "local_cache",
}


def told_faults(error: ValidationError, chosen: Mapping[str, SourcedValue]) -> str:
    """Tell of each malformed value among those chosen."""
    keys = dict.fromkeys(str(detail["loc"][0]) for detail in error.errors(include_input=False, include_url=False))
    return " ".join(_fault(chosen[key]) for key in keys)


def refuse_mismatch(
    sentinels: Sequence[Node], master: str | None, cluster_nodes: Sequence[Node], db: int, origins: Mapping[str, str]
) -> None:
    """Raise `ConfigError` for values that are sound one by one but not together."""
    if sentinels and master is None:
        raise ConfigError(
            f"{origins.get('sentinels', 'sentinels')} names Sentinels, but nothing names the master; set"
            " REDIS_SENTINEL_MASTER, for example to mymaster."
        )
    if cluster_nodes and db:
        raise ConfigError(
            f"{origins.get('db', 'db')} chooses database {db}, but a Redis Cluster has database 0 only; leave it out."
        )


def _fault(found: SourcedValue) -> str:
    # A file that is named by mistake may hold anything.
    repeatable = found.key in _REPEATABLE and found.file is None
    value = f"is {found.value!r}, but" if repeatable else "is malformed:"
    return f"{found.origin} {value} {found.key} must be {_EXPECTED[found.key]}."
