"""The services of a tree: directories with an entry point."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator

from mooring.audit.facts import Service

__all__ = ["find_services", "service_of", "with_services"]

ENTRY_POINTS = ("server.py", "main.py", "app.py", "__main__.py")
MCP_IMPORTS = (b"import mcp", b"from mcp", b"import fastmcp", b"from fastmcp")


def find_services(paths: Iterable[str], read: Callable[[str], bytes]) -> tuple[Service, ...]:
    """The services among `paths`, each a directory with one of the entry points, in order of their paths."""
    entries: dict[str, str] = {}
    for path in paths:
        folder, name = posixpath.split(path)
        if name in ENTRY_POINTS:
            known = entries.get(folder)
            if known is None or ENTRY_POINTS.index(name) < ENTRY_POINTS.index(posixpath.basename(known)):
                entries[folder] = path
    return tuple(
        Service(
            posixpath.basename(folder) or ".",
            folder or ".",
            "mcp" if "mcp" in path.lower() or any(words in read(path) for words in MCP_IMPORTS) else "python",
            path,
        )
        for folder, path in sorted(entries.items())
    )


def service_of(services: Iterable[Service], path: str) -> Service | None:
    """The service that a file belongs to: the innermost directory of one around it."""
    return next(iter(with_services(services, [path])))[1]


def with_services(services: Iterable[Service], paths: Iterable[str]) -> Iterator[tuple[str, Service | None]]:
    """Each path with the service that it belongs to."""
    homes = {service.path: service for service in services}
    for path in paths:
        folder = posixpath.dirname(path)
        while folder and folder not in homes:
            folder = posixpath.dirname(folder)
        yield path, homes.get(folder or ".")
