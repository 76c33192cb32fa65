"""The variables that tell where Redis is, and how their texts become settings.

In every source the same names hold, with `NAME_` ahead of them for a connection called `name`:

| variable | setting | example |
|---|---|---|
| `REDIS_URL` | all in one | `rediss://user:password@cache:6380/0` |
| `REDIS_HOST`, `REDIS_PORT` | a server | `cache`, `6379` |
| `REDIS_UNIX_SOCKET_PATH` | a server on this machine | `/run/redis.sock` |
| `REDIS_SENTINELS` | the servers that know the master | `s-0:26379,s-1:26379` |
| `REDIS_SENTINEL_MASTER` | the name that they know it by | `mymaster` |
| `REDIS_SENTINEL_USERNAME`, `REDIS_SENTINEL_PASSWORD` | how to get into the Sentinels themselves | |
| `REDIS_CLUSTER_NODES` | some nodes of a Cluster | `c-0:6379,c-1:6379` |
| `REDIS_USERNAME`, `REDIS_PASSWORD`, `REDIS_DB` | how to get in, and the database | `app`, …, `0` |
| `REDIS_TLS` | whether to use TLS | `true` |
| `REDIS_TLS_CA_FILE` | certificates that are trusted beside the system's | `/tls/ca.crt` |
| `REDIS_TLS_CERT_FILE`, `REDIS_TLS_KEY_FILE` | the certificate to show, and its key | `/tls/tls.crt`, `/tls/tls.key` |
| `REDIS_TLS_KEY_PASSWORD` | what the key is encrypted with | |
| `REDIS_TLS_SERVER_NAME` | the name in the server's certificate, if not the host's | `redis.example.com` |
| `REDIS_TLS_MIN_VERSION` | the oldest version of TLS | `1.3` |
| `REDIS_TLS_VERIFY` | whether the server must prove itself; on unless this says `false` | `true` |
| `REDIS_DEADLINE` | the longest that one call may take, in seconds, or `none` | `5` |
| `REDIS_MAX_AGE` | the age at which a connection is closed, in seconds, or `none` | `1800` |
| `REDIS_MAX_IDLE` | how long a connection may lie idle, in seconds, or `none` | `300` |
| `REDIS_MULTIPLEX` | whether asyncio clients share sockets | `true` |
| `REDIS_LANES` | how many sockets they share, 1 to 4 | `1` |
| `REDIS_LOCAL_CACHE` | what a process keeps of what it has read: a size in bytes, `true` or `false` | `64mb` |

`REDIS_PASSWORD_FILE` names a file that holds what `REDIS_PASSWORD` would; so it is for every row but those that name
files already. TLS files alone turn TLS on, unless the URL or `REDIS_TLS` says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from mooring.config.url import read_url
from mooring.config.value import SECRETS, SourcedValue, Text
from mooring.errors import ConfigError

__all__ = [
    "COMMON",
    "DEFAULT_NAME",
    "FILES",
    "SUFFIXES",
    "environment_texts",
    "prefixes",
    "single_values",
    "url_values",
]

DEFAULT_NAME = "default"
COMMON = "REDIS_"
"""What the variables begin with that speak of every connection."""

FILES = {"TLS_CA_FILE": "ssl_ca_certs", "TLS_CERT_FILE": "ssl_certfile", "TLS_KEY_FILE": "ssl_keyfile"}
"""Variables whose value is the path of a file that redis-py reads itself, without their prefix."""

_SINGLES = {
    "HOST": "host",
    "PORT": "port",
    "UNIX_SOCKET_PATH": "unix_socket_path",
    "SENTINELS": "sentinels",
    "SENTINEL_MASTER": "sentinel_master",
    "SENTINEL_USERNAME": "sentinel_username",
    "SENTINEL_PASSWORD": "sentinel_password",
    "CLUSTER_NODES": "cluster_nodes",
    "USERNAME": "username",
    "PASSWORD": "password",
    "DB": "db",
    "TLS": "ssl",
    "TLS_KEY_PASSWORD": "ssl_password",
    "TLS_SERVER_NAME": "ssl_server_name",
    "TLS_MIN_VERSION": "ssl_min_version",
    "TLS_VERIFY": "ssl_cert_reqs",
    "DEADLINE": "deadline",
    "MAX_AGE": "max_age",
    "MAX_IDLE": "max_idle",
    "MULTIPLEX": "multiplex",
    "LANES": "lanes",
    "LOCAL_CACHE": "local_cache",
    **FILES,
}
SUFFIXES = ("URL", *_SINGLES)
"""The ends of all variables, after `REDIS_`."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
# Kubernetes writes `tcp://10.0.0.5:6379` into REDIS_PORT of every pod beside a Service called `redis`.
_SERVICE_ADDRESS = re.compile(r"(tcp|udp|sctp)://")
_OFF = frozenset({"0", "false", "f", "no", "n", "off"})


def prefixes(name: str) -> tuple[str, ...]:
    """Tell what variables begin with that speak of connection `name`, the most particular first.

    Raises `ConfigError` for a name that cannot head a variable.
    """
    if name == DEFAULT_NAME:
        return (COMMON,)
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} cannot name a Redis connection, for it heads variables such as CACHE_REDIS_URL;"
            " use letters, digits, '-' and '_', a letter first."
        )
    return (f"{name.upper().replace('-', '_')}_{COMMON}", COMMON)


def environment_texts(prefix: str, environ: Mapping[str, str], place: str = "") -> dict[str, Text]:
    """Find the variables that begin with `prefix` and are not empty; `place` follows their names in what is told."""
    found = ((name, environ.get(name, "")) for name in (f"{prefix}{suffix}" for suffix in SUFFIXES))
    return {name: Text(text, f"{name}{place}") for name, text in found if text.strip()}


def url_values(prefix: str, texts: Mapping[str, Text]) -> list[SourcedValue]:
    """Read the URL among texts. Raises `ConfigError`, naming its origin, for one that is malformed or contradicted."""
    found = texts.get(f"{prefix}URL")
    if found is None:
        return []
    settings = read_url(found.text, found.origin)
    if settings.get("ssl") is False:
        _refuse_contradiction(prefix, found, texts)
    return [SourcedValue(key, value, found.origin, found.file) for key, value in settings.items()]


def single_values(prefix: str, texts: Mapping[str, Text]) -> Iterator[SourcedValue]:
    """Read everything but the URL."""
    for suffix, key in _SINGLES.items():
        found = texts.get(f"{prefix}{suffix}")
        if found is not None and not (key == "port" and _SERVICE_ADDRESS.match(found.text)):
            value = found.text if key in SECRETS else found.text.strip()
            yield SourcedValue(key, value, found.origin, found.file)


def _refuse_contradiction(prefix: str, url: Text, texts: Mapping[str, Text]) -> None:
    """Refuse a URL without TLS beside a variable that asks for it, for the password would cross the network bare."""
    for suffix in ("TLS", "TLS_SERVER_NAME", *FILES):
        other = texts.get(f"{prefix}{suffix}")
        # A mounted directory may hold certificates that this URL has no use for.
        if other is None or (suffix in FILES and other.file is not None) or other.text.strip().lower() in _OFF:
            continue
        raise ConfigError(
            f"{url.origin} does without TLS, but {other.origin} asks for it; begin the URL with rediss://"
            f" (or rediss+sentinel://, rediss+cluster://), or unset {prefix}{suffix}."
        )
