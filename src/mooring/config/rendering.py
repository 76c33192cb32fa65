"""Settings written as one URL, secrets and all."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from mooring.config.nodes import write_nodes
from mooring.config.url import OPTIONS
from mooring.errors import ConfigError

if TYPE_CHECKING:
    from mooring.config.settings import RedisSettings

__all__ = ["write_server", "write_url"]


def write_server(settings: RedisSettings, userinfo: str = "") -> str:
    """Write the servers and the database as a URL, without options; without credentials unless `userinfo` has them."""
    scheme = "rediss" if settings.ssl else "redis"
    if settings.unix_socket_path is not None:
        return f"unix://{userinfo}{quote(settings.unix_socket_path)}?db={settings.db}"
    if settings.sentinels:
        master = quote(settings.sentinel_master or "", safe="")
        return f"{scheme}+sentinel://{userinfo}{write_nodes(settings.sentinels)}/{master}/{settings.db}"
    if settings.cluster_nodes:
        return f"{scheme}+cluster://{userinfo}{write_nodes(settings.cluster_nodes)}"
    return f"{scheme}://{userinfo}{write_nodes([(settings.host, settings.port)])}/{settings.db}"


def write_url(settings: RedisSettings) -> str:
    """Write where Redis is and how to get in, secrets too, as `read_url` reads it, and how replies are read.

    The bounds of Mooring's own clients (`deadline`, `max_age`, `max_idle`, `multiplex`, `lanes`, `local_cache`) are
    left out: whoever else reads the URL would pass them on to redis-py, which knows none of them.

    Raises `ConfigError`, naming its origin, for a setting that no URL can carry.
    """
    url = write_server(settings, _userinfo(settings))
    options = {key: _written(key, value, settings.origins) for key, value in _options(settings).items()}
    if not options:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode(options, quote_via=quote)}"


def _userinfo(settings: RedisSettings) -> str:
    username = quote(settings.username or "", safe="")
    if settings.password is None:
        return f"{username}@" if username else ""
    return f"{username}:{quote(settings.password.get_secret_value(), safe='')}@"


def _options(settings: RedisSettings) -> Mapping[str, Any]:
    given = {"max_connections": settings.max_connections, "pool_timeout": settings.pool_timeout}
    own = {key: value for key, value in given.items() if key in settings.origins}
    sentinel = {f"sentinel_{key}": value for key, value in settings.sentinel_credentials().items() if value is not None}
    return {**own, **sentinel, **(settings.tls_arguments() if settings.ssl else {}), **settings.options}


def _written(key: str, value: Any, origins: Mapping[str, str]) -> str:
    if isinstance(value, ssl.TLSVersion):
        value = value.name
    if key not in OPTIONS or not isinstance(value, str | int | float):
        raise ConfigError(
            f"{origins.get(key, key)} gives {key}, which a URL cannot carry; use get_redis_config() instead."
        )
    return str(value)
