"""The services of a tree: directories with an entry point."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable

from mooring.audit.facts import Service

__all__ = ["find_services", "service_of"]

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
    around = [s for s in services if s.path == "." or path.startswith(f"{s.path}/")]
    return max(around, key=lambda service: len(service.path) if service.path != "." else 0, default=None)
