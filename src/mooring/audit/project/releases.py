"""Which release of a client library the project of a site may run with, by the dependency files nearest to the site.

The files are looked for in the site's folder, then in each folder above it up to the root. The nearest that says
anything about the release counts, and of several there the lowest release. What a lock file says is what is installed:
it beats a range beside it or further down that allows it. With a range, the lowest release that it allows decides,
because nothing better can be relied on; with nothing but an upper bound, the newest below it. Where no file says
anything about the release, none is told, and nobody can say what is left off by default.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mooring.audit.project.requirements import (
    REQUIREMENTS,
    Reader,
    Requirement,
    Version,
    included,
    reader,
    requirements,
)

__all__ = ["Release", "Releases", "on_disk"]

# A folder that only holds requirements files belongs to the one that it stands in.
FOLDER = "requirements"
TEXT = ".txt"
LARGEST = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Release:
    """The release of a library that counts for a site, the requirement that says so and the file it stands in."""

    version: Version
    requirement: Requirement
    path: str

    def __str__(self) -> str:
        """For people: `redis>=5.0.4 (requirements.txt)`."""
        return f"{self.requirement.text} ({self.path})"


class Releases:
    """The releases that a tree's dependency files tell of; each file is read once, when a site first asks.

    `names` gives the names in a folder, `text` the content of a file or None if it cannot be read.
    """

    def __init__(
        self, names: Callable[[str], Iterable[str]] = lambda _: (), text: Callable[[str], str | None] = lambda _: None
    ) -> None:
        self._names = names
        self._text = text
        self._folders: dict[str, list[Release]] = {}
        self._found: dict[tuple[str, str], Release | None] = {}
        self._read: set[str] = set()

    @property
    def consulted(self) -> list[str]:
        """The folders and files that the answers so far came from, relative to the root."""
        return sorted({folder or "." for folder in self._folders} | self._read)

    def of(self, path: str, package: str) -> Release | None:
        """The release of `package` that counts for the file at `path`; None if nothing tells."""
        key = posixpath.dirname(path), package
        if key not in self._found:
            self._found[key] = self._nearest(*key)
        return self._found[key]

    def _nearest(self, folder: str, package: str) -> Release | None:
        nearest: Release | None = None
        for place in _upward(folder):
            found = [release for release in self._in(place) if release.requirement.name == package]
            locked = [release for release in found if release.requirement.locked]
            if nearest is None:
                nearest = _lowest(locked or found)
            else:
                # A lock that does not fit is about another project.
                nearest = _lowest(r for r in locked if nearest.requirement.allows(r.version)) or nearest
            if nearest is not None and nearest.requirement.exact:
                break
        return nearest

    def _in(self, folder: str) -> list[Release]:
        """What the dependency files of one folder tell of releases."""
        if folder not in self._folders:
            names = sorted(self._names(folder))
            files = {posixpath.join(folder, name): read for name in names if (read := reader(name))}
            if FOLDER in names:
                inside = posixpath.join(folder, FOLDER)
                files |= {
                    posixpath.join(inside, n): REQUIREMENTS for n in sorted(self._names(inside)) if n.endswith(TEXT)
                }
            seen: set[str] = set()
            self._folders[folder] = [r for path, read in files.items() for r in self._told(path, read, seen)]
            self._read |= seen
        return self._folders[folder]

    def _told(self, path: str, read: Reader, seen: set[str]) -> Iterator[Release]:
        """What one file tells, and what it includes."""
        if path in seen:
            return
        seen.add(path)
        text = self._text(path)
        if text is None:
            return
        for requirement in requirements(read, text):
            if requirement.release is not None:
                yield Release(requirement.release, requirement, path)
        for other in included(text) if path.endswith(TEXT) else ():
            target = posixpath.normpath(posixpath.join(posixpath.dirname(path), other))
            if not target.startswith(("..", "/")):
                yield from self._told(target, REQUIREMENTS, seen)


def _lowest(releases: Iterable[Release]) -> Release | None:
    return min(releases, key=lambda release: release.version, default=None)


def on_disk(root: Path) -> Releases:
    """What the dependency files below `root` tell."""
    return Releases(partial(_listed, root), partial(_content, root))


def _listed(root: Path, folder: str) -> list[str]:
    try:
        return [entry.name for entry in (root / folder).iterdir()]
    except OSError:
        return []


def _content(root: Path, path: str) -> str | None:
    file = root / path
    try:
        # Anything but a plain file, such as a pipe, might never end.
        return file.read_text("utf-8-sig") if file.is_file() and file.stat().st_size <= LARGEST else None
    except (OSError, UnicodeDecodeError):
        return None


def _upward(folder: str) -> Iterator[str]:
    """The folder and those above it, up to the root."""
    while folder:
        yield folder
        folder = posixpath.dirname(folder)
    yield ""
