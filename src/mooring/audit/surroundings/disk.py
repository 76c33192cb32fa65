"""The files around the audited ones: which there are in a folder, what is in them, and how they are to change."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from mooring.audit.files import SourceFile, read
from mooring.audit.fixer import Change

__all__ = ["Disk", "changed", "upward"]

LARGEST = 32 * 1024 * 1024


@dataclass(frozen=True)
class Disk:
    """How files below `root` are read.

    `read` gives the bytes of one, or None where there is no file to read; `names` what is in a folder ("" is the root).
    """

    root: Path
    read: Callable[[str], bytes | None]
    names: Callable[[str], Iterable[str]]

    @classmethod
    def at(cls, root: Path) -> Disk:
        """What is there, the names in a folder as they are when first asked for.

        Anything but a plain file of reasonable size cannot be read.
        """
        return cls(root, partial(_content, root), cache(partial(_listed, root)))

    def source(self, path: str) -> SourceFile | None:
        """The text of a file, or None where there is none to read. Raises `Undecodable` if it is no text."""
        data = self.read(path)
        return None if data is None else read(self.root, path, data)


def changed(source: SourceFile, text: str, *, created: bool = False) -> Change:
    """The change of a file that is no audited code."""
    return Change(source, text, (), created)


def upward(path: str) -> Iterator[str]:
    """The folder of a file and those above it, up to the root."""
    folder = posixpath.dirname(path)
    while folder:
        yield folder
        folder = posixpath.dirname(folder)
    yield ""


def _content(root: Path, path: str) -> bytes | None:
    file = root / path
    try:
        # A pipe, say, might never end.
        return file.read_bytes() if file.is_file() and file.stat().st_size <= LARGEST else None
    except (OSError, ValueError):
        return None


def _listed(root: Path, folder: str) -> list[str]:
    try:
        return sorted(entry.name for entry in (root / folder).iterdir())
    except (OSError, ValueError):
        return []
