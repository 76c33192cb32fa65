"""The redis.conf of one server."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mooring.errors import EmbeddedRedisError

__all__ = ["checked", "quoted", "rendered", "server_settings", "write"]

DEFAULTS: Mapping[str, str] = {
    "save": "",
    # A replica gets its copy at once, not after the five seconds in which others might ask for one too.
    "repl-diskless-sync-delay": "0",
}

MANAGED = frozenset(
    {"bind", "port", "unixsocket", "requirepass", "dir", "daemonize", "logfile", "include", "supervised"}
)
"""Settings that follow from an option of EmbeddedRedis, or that it depends on."""


def quoted(text: str) -> str:
    """Return `text` as one argument of a redis.conf line, whatever characters it holds."""
    plain = (chr(byte) if 0x20 <= byte < 0x7F and byte not in b'"\\' else f"\\x{byte:02x}" for byte in text.encode())
    return f'"{"".join(plain)}"'


def server_settings(
    settings: Mapping[str, str], directory: Path, port: int, socket: Path | None, password: str | None
) -> dict[str, str]:
    """Return all settings of one server: the defaults, `settings` over them, and what the other arguments mean."""
    merged = {
        **DEFAULTS,
        **settings,
        "bind": "127.0.0.1",
        "port": str(port),
        "daemonize": "no",
        "dir": quoted(str(directory)),
    }
    if socket is not None:
        merged |= {"unixsocket": quoted(str(socket)), "unixsocketperm": "700"}
    if password is not None:
        # Each server of a trio is a master at one time and a replica at another.
        merged |= {"requirepass": quoted(password), "masterauth": quoted(password)}
    return merged


def checked(settings: Mapping[str, str]) -> dict[str, str]:
    """Return a copy of `settings`; raises EmbeddedRedisError for one that is managed or that is not one line."""
    for key, value in settings.items():
        if key.lower() in MANAGED:
            raise EmbeddedRedisError(f"the setting {key!r} is managed: use the options of EmbeddedRedis instead")
        if not key or not (key + value).isprintable():
            raise EmbeddedRedisError(f"the setting {key!r} is not one line of a redis.conf")
    return dict(settings)


def write(settings: Mapping[str, str], path: Path) -> None:
    """Create the file `path` of `settings`, for its owner alone: passwords belong there, not on a command line."""
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(rendered(settings), encoding="utf-8")


def rendered(settings: Mapping[str, str]) -> str:
    """Return `settings` as the lines of a redis.conf; a value is written as it is, an empty one as empty quotes."""
    return "".join(f"{key} {value or quoted('')}\n" for key, value in settings.items())
