"""A Redis URL, read into settings.

| URL | mode |
|---|---|
| `redis://user:password@host:6379/0` | one server |
| `unix:///run/redis.sock?db=0` | one server on this machine |
| `redis+sentinel://user:password@s-0:26379,s-1:26379/mymaster/0` | whichever server the Sentinels call the master |
| `redis+cluster://user:password@c-0:6379,c-1:6379` | a Cluster that these nodes know |

With `rediss` for `redis` all connections use TLS. User and password are those of the servers; the Sentinels' own are
the options `sentinel_username` and `sentinel_password`.

redis-py's own reader lets a mistyped option through to the first command, leaves `decode_responses=False` a true string
and takes a password with an unescaped `/` for a path. This one refuses, and never repeats a piece of the URL that could
belong to a password.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from mooring.config.bounds import BOUNDS, read_bound
from mooring.config.cache_size import read_local_cache
from mooring.config.nodes import CLUSTER_PORT, SENTINEL_PORT, Node, read_nodes
from mooring.errors import ConfigError

__all__ = ["OPTIONS", "read_url"]

_SCHEMES = frozenset(
    {"redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel", "redis+cluster", "rediss+cluster"}
)

_TRUE = frozenset({"1", "true", "t", "yes", "y", "on"})
_FALSE = frozenset({"0", "false", "f", "no", "n", "off"})


def _truth(text: str) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise ValueError(text)


def _natural(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(text)
    return int(text)


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < math.inf:
        raise ValueError(text)
    return seconds


def _bound(text: str) -> float | None:
    return None if read_bound(text) is None else _seconds(text)


def _local_cache(text: str) -> str:
    read_local_cache(text)
    return text


_EXPECTED = "expected, for example, redis://user:password@host:6379/0"
_BOOLEANS = (
    "decode_responses",
    "legacy_responses",
    "multiplex",
    "read_from_replicas",
    "retry_on_timeout",
    "single_connection_client",
    "socket_keepalive",
    "ssl_check_hostname",
    "ssl_validate_ocsp",
    "ssl_validate_ocsp_stapled",
)
_NATURALS = ("db", "health_check_interval", "lanes", "max_connections", "protocol", "socket_read_size")
_SECONDS = ("pool_timeout", "socket_connect_timeout", "socket_timeout", "timeout")
_TEXTS = (
    "client_name",
    "encoding",
    "encoding_errors",
    "lib_name",
    "lib_version",
    "password",
    "sentinel_password",
    "sentinel_username",
    "ssl_ca_certs",
    "ssl_ca_data",
    "ssl_ca_path",
    "ssl_cert_reqs",
    "ssl_certfile",
    "ssl_ciphers",
    "ssl_keyfile",
    "ssl_min_version",
    "ssl_ocsp_expected_cert",
    "ssl_password",
    "ssl_server_name",
    "username",
)
_READERS: Mapping[str, tuple[Callable[[str], Any], str]] = {
    **dict.fromkeys(_BOOLEANS, (_truth, "true or false")),
    **dict.fromkeys(_NATURALS, (_natural, "a whole number")),
    **dict.fromkeys(_SECONDS, (_seconds, "a number of seconds above 0")),
    **dict.fromkeys(BOUNDS, (_bound, "a number of seconds above 0, or none")),
    **dict.fromkeys(_TEXTS, (str, "text")),
    "local_cache": (_local_cache, "true, false or a size such as 64mb"),
}
OPTIONS = frozenset(_READERS)
"""What may follow the question mark."""

_PRIVATE = frozenset({"password", "sentinel_password", "ssl_password"})
# The name that redis-py's blocking pool gives to the longest wait for a connection.
_SYNONYMS = {"timeout": "pool_timeout"}


def read_url(url: str, origin: str) -> dict[str, Any]:
    """Read a URL into settings, by the names of redis-py's arguments where it has one.

    What the URL leaves open is not in the result. Raises `ConfigError`, naming `origin`, when the URL is malformed or
    has an option that redis-py does not know.
    """
    parts = _split(url.strip(), origin)
    settings = _credentials(parts)
    if parts.scheme == "unix":
        settings |= _unix_path(parts, origin)
    else:
        settings |= {"ssl": parts.scheme.startswith("rediss"), **_server(parts, origin)}
    return settings | _options(parts.query, origin)


def _split(url: str, origin: str) -> SplitResult:
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ConfigError(f"{origin} is not a URL; {_EXPECTED}.") from None
    if parts.scheme not in _SCHEMES or not url[len(parts.scheme) :].startswith("://"):
        raise ConfigError(
            f"{origin} does not begin with redis://, rediss:// or unix:// (or redis+sentinel://, redis+cluster://);"
            f" {_EXPECTED}."
        )
    if _is_torn(parts):
        raise ConfigError(
            f"{origin} has a character that must be percent-encoded in a user name, password or option"
            " (/ is %2F, ? is %3F, # is %23, @ is %40)."
        )
    return parts


def _is_torn(parts: SplitResult) -> bool:
    """Tell whether a bare "/", "?" or "#" tore the URL: an "@" so late ends a password, and what is read is a piece."""
    if parts.scheme == "unix":
        late = parts.netloc.rpartition("@")[2] + parts.query.partition("@")[1]
    else:
        late = (parts.path + parts.query).partition("@")[1]
    return bool(late or parts.fragment)


def _credentials(parts: SplitResult) -> dict[str, Any]:
    found = {"username": parts.username, "password": parts.password}
    return {key: unquote(value) for key, value in found.items() if value}


def _unix_path(parts: SplitResult, origin: str) -> dict[str, Any]:
    if not parts.path:
        raise ConfigError(f"{origin} names no socket; expected, for example, unix:///run/redis.sock?db=0.")
    return {"unix_socket_path": unquote(parts.path)}


def _server(parts: SplitResult, origin: str) -> dict[str, Any]:
    if parts.scheme.endswith("+sentinel"):
        master, _, db = map(unquote, parts.path.strip("/").partition("/"))
        if not master:
            raise ConfigError(
                f"{origin} names no master; expected, for example, redis+sentinel://host:26379/mymaster/0."
            )
        return {"sentinels": _nodes(parts, SENTINEL_PORT, origin), "sentinel_master": master, **_database(db, origin)}
    database = _database(unquote(parts.path).strip("/"), origin)
    if parts.scheme.endswith("+cluster"):
        return {"cluster_nodes": _nodes(parts, CLUSTER_PORT, origin), **database}
    host = {"host": unquote(parts.hostname)} if parts.hostname else {}
    port = _port(parts, origin)
    return host | ({} if port is None else {"port": port}) | database


def _nodes(parts: SplitResult, default_port: int, origin: str) -> tuple[Node, ...]:
    try:
        return read_nodes(unquote(parts.netloc.rpartition("@")[2]), default_port)
    except ValueError:
        raise ConfigError(f"The servers in {origin} must be host:port,host:port.") from None


def _database(path: str, origin: str) -> dict[str, int]:
    if not path:
        return {}
    try:
        return {"db": _natural(path)}
    except ValueError:
        raise ConfigError(f"The path in {origin} must be a database number, for example /0.") from None


def _port(parts: SplitResult, origin: str) -> int | None:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise ConfigError(f"The port in {origin} must be a whole number from 1 to 65535, for example 6379.")
    return port


def _options(query: str, origin: str) -> dict[str, Any]:
    pairs = parse_qsl(query)
    # The rest of a password with a bare "&" would look like an option, so no name is repeated beside one.
    private = any(name in _PRIVATE for name, _ in pairs)
    settings: dict[str, Any] = {}
    for name, text in pairs:
        if name not in _READERS:
            raise ConfigError(_unknown_option("" if private else name, origin))
        read, expected = _READERS[name]
        try:
            settings.setdefault(_SYNONYMS.get(name, name), read(text))
        except ValueError:
            raise ConfigError(f"The option {name} in {origin} must be {expected}.") from None
    return settings


def _unknown_option(name: str, origin: str) -> str:
    if not name:
        return f"{origin} has an option that no Redis URL takes (or a password whose & is not written %26)."
    close = difflib.get_close_matches(name, _READERS, n=1)
    remedy = f"did you mean {close[0]}?" if close else f"known are {', '.join(sorted(_READERS))}."
    return f"{origin} has the option {name}, which no Redis URL takes; {remedy}"
