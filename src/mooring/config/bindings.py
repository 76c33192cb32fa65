"""Service bindings: a directory for each bound service, one file for each entry (servicebinding.io, type `redis`).

A binding tells one server and how to get into it, so it counts as a whole or not at all. Connection `cache` takes the
binding of that name (or `cache-redis`); where none is called so, and for the default connection, the only binding of
type `redis` is taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mooring.config.secrets import read_secret
from mooring.config.value import Text
from mooring.config.variables import COMMON, FILES
from mooring.errors import ConfigError

__all__ = ["ROOT_VARIABLE", "binding_directories", "binding_texts"]

ROOT_VARIABLE = "SERVICE_BINDING_ROOT"

_TYPE = "redis"
# The specification's well-known entries, then those that Spring Cloud Bindings reads for Redis.
_ENTRIES = {
    "uri": "URL",
    "host": "HOST",
    "port": "PORT",
    "username": "USERNAME",
    "password": "PASSWORD",
    "certificates": "TLS_CERT_FILE",
    "private-key": "TLS_KEY_FILE",
    "url": "URL",
    "database": "DB",
    "ssl": "TLS",
    "cluster.nodes": "CLUSTER_NODES",
    "sentinel.nodes": "SENTINELS",
    "sentinel.master": "SENTINEL_MASTER",
    "ca.crt": "TLS_CA_FILE",
}


def binding_texts(prefix: str, environ: Mapping[str, str]) -> dict[str, Text]:
    """Read the binding for the connection whose variables begin with `prefix`.

    Raises `ConfigError` for an entry that is empty or cannot be read, and when several bindings are as good.
    """
    directory = _chosen(prefix, binding_directories(environ))
    found: dict[str, Text] = {}
    for entry, suffix in _ENTRIES.items():
        if directory is not None and (directory / entry).exists():
            found.setdefault(f"{prefix}{suffix}", _text(directory / entry, suffix))
    return found


def binding_directories(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Tell the directories of bindings, in the order of their names; none where no platform has bound anything."""
    root = environ.get(ROOT_VARIABLE, "").strip()
    if not root:
        return ()
    try:
        paths = sorted(Path(root).iterdir())
    except OSError:
        return ()
    # A volume keeps its own versions in names that begin with a dot.
    return tuple(path for path in paths if not path.name.startswith("."))


def _chosen(prefix: str, directories: tuple[Path, ...]) -> Path | None:
    found = [directory for directory in directories if _is_redis(directory)]
    name = prefix.removesuffix(COMMON).rstrip("_").lower().replace("_", "-")
    wanted = (name, f"{name}-{_TYPE}") if name else (_TYPE, "default")
    named = [directory for directory in found if directory.name.replace("_", "-") in wanted]
    if named or name:
        return named[0] if named else None
    if len(found) > 1:
        names = ", ".join(directory.name for directory in found)
        raise ConfigError(
            f"{ROOT_VARIABLE} has several bindings of type {_TYPE} ({names}); name the connection after one of them,"
            f" or call one of them {_TYPE}."
        )
    return found[0] if found else None


def _is_redis(directory: Path) -> bool:
    path = directory / "type"
    return path.exists() and read_secret(path, _origin(path)).strip().lower() == _TYPE


def _text(path: Path, suffix: str) -> Text:
    return Text(str(path) if suffix in FILES else read_secret(path, _origin(path)), _origin(path), path)


def _origin(path: Path) -> str:
    return f"{ROOT_VARIABLE} ({path})"
