"""A place in a file that lists what a project needs: what every kind of it can do, and where a new entry belongs."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from mooring.audit.files import SourceFile
from mooring.audit.project.requirements import REQUIREMENTS, requirements

__all__ = ["Format", "Listing", "Package", "Rank", "Unsupported", "name_of", "normal", "predecessor"]


class Unsupported(ValueError):
    """A file, or a place in it, that cannot be edited; the message says why, and goes on a sentence about the file."""


class Rank(IntEnum):
    """Who needs what is listed; the lowest speaks for the code."""

    MAIN = 0
    EXTRA = 1
    GROUP = 2
    MENTION = 3  # lists what another place asks for


@dataclass(frozen=True, slots=True)
class Package:
    """A package to add, with the bound that it needs, if any."""

    name: str
    bound: str = ""

    def __str__(self) -> str:
        """As a requirement: `redis>=4.2`."""
        return f"{self.name}{self.bound}"


class Listing(Protocol):
    """One list of requirements in a text."""

    @property
    def rank(self) -> Rank:
        """Who needs these."""

    @property
    def names(self) -> Sequence[str | None]:
        """The package that each entry asks for, normalised; None for an entry that is no plain requirement."""

    def adding(self, package: Package) -> str:
        """The text with one more entry. Raises `Unsupported`."""

    def removing(self, index: int) -> str:
        """The text without an entry. Raises `Unsupported`."""


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file: what lists requirements in it, and all that it says, as plain data to compare.

    Both raise `Unsupported` where the file is not what it should be.
    """

    listings: Callable[[SourceFile], Sequence[Listing]]
    data: Callable[[SourceFile], object]


def normal(name: str) -> str:
    """A package's name as all of its spellings are compared."""
    return re.sub(r"[-_.]+", "-", name).lower()


def name_of(entry: object) -> str | None:
    """The package that a requirement such as `Redis[hiredis]>=5 ; python_version > "3"` asks for."""
    found = requirements(REQUIREMENTS, entry) if isinstance(entry, str) else []
    return found[0].name if found else None


def predecessor(names: Sequence[str | None], name: str) -> int:
    """The index after which `name` belongs: a sorted list stays sorted, any other grows at its end; -1 is the front."""
    known = [(other, index) for index, other in enumerate(names) if other is not None]
    if known and known == sorted(known):
        return next((index - 1 for other, index in known if other > name), known[-1][1])
    return len(names) - 1
