"""The files of a folder that say what its project needs, and the edit of one of them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from mooring.audit.files import SourceFile, Undecodable
from mooring.audit.project.requirements import included
from mooring.audit.surroundings.disk import Disk
from mooring.audit.surroundings.formats import (
    REQUIREMENTS_TXT,
    Format,
    Listing,
    Package,
    Rank,
    Unsupported,
    format_of,
    is_generated,
    name_of,
    normal,
)

__all__ = ["Declaration", "declared", "edited"]

# A folder that only holds requirements files belongs to the one that it stands in.
FOLDER = "requirements"
CLIENTS = frozenset({"redis", "aioredis"})
# Requirements of the program itself, by custom, and not of its tests.
MAIN_FILE = re.compile(r"(?:requirements|base|main|common|prod\w*)\.(?:txt|in)")
CONSTRAINTS = "constraints"


@dataclass(frozen=True)
class Declaration:
    """A dependency file: what it lists, or why it cannot be read or edited (`fault`).

    `order` tells which kind of file speaks first; a `generated` one is made from another.
    """

    path: str
    order: int
    kind: Format
    source: SourceFile
    listings: Sequence[Listing] = ()
    fault: str = ""
    generated: bool = False

    @property
    def names(self) -> frozenset[str]:
        """The packages that it asks for."""
        return frozenset(name for listing in self.listings for name in listing.names if name is not None)

    @property
    def names_client(self) -> bool:
        """Whether it asks for a client of Redis."""
        return bool(self.names & CLIENTS)

    @property
    def is_main(self) -> bool:
        """Whether it lists what the program itself needs."""
        if self.kind is REQUIREMENTS_TXT and not MAIN_FILE.fullmatch(posixpath.basename(self.path)):
            return False
        return any(listing.rank is Rank.MAIN for listing in self.listings)

    @property
    def speaks(self) -> bool:
        """Whether it makes its folder the home of a project."""
        return bool(self.fault) or self.is_main or self.names_client

    @property
    def includes(self) -> list[str]:
        """The files that it includes, as far as they are in the tree."""
        if self.kind is not REQUIREMENTS_TXT:
            return []
        folder = posixpath.dirname(self.path)
        paths = (posixpath.normpath(posixpath.join(folder, name)) for name in included(self.source.text))
        return [path for path in paths if not path.startswith(("..", "/"))]


def declared(disk: Disk, folder: str) -> list[Declaration]:
    """The dependency files of a folder and those that they include, the kind that speaks first in front."""
    found: dict[str, Declaration] = {}
    waiting = list(_files(disk, folder))
    while waiting:
        path, order, kind = waiting.pop(0)
        one = None if path in found else _declaration(disk, path, order, kind)
        if one is not None:
            found[path] = one
            waiting += [(other, order, kind) for other in one.includes]
    return sorted(found.values(), key=lambda one: (one.order, one.path))


def edited(one: Declaration, packages: Iterable[Package], dropped: frozenset[str]) -> SourceFile:
    """The file with the packages that it lacks, and without those to drop.

    Raises `Unsupported` where that cannot be done, or the result would say anything else that is new.
    """
    source = one.source
    wanted = list(packages)
    try:
        places = [(package, index) for package in wanted for index in _places(one.listings, package)]
        # What goes may have stood in the way of order, so it goes first; unless nothing else tells how lines end.
        without = _without(source, one.kind, dropped)
        source = without if without.text and without.newline == source.newline else source
        for package, index in places:
            source = _with(source, one.kind, package, index)
        source = _without(source, one.kind, dropped)
        names = dropped | {package.name for package in wanted}
        same = _rest(one.kind.data(one.source), names) == _rest(one.kind.data(source), names)
    except RecursionError as error:
        raise Unsupported("is nested too deeply") from error
    if not same:
        raise Unsupported("is laid out in a way that is not understood")
    return source


def _files(disk: Disk, folder: str) -> Iterator[tuple[str, int, Format]]:
    names = sorted(disk.names(folder))
    for name in names:
        known = format_of(name)
        if known:
            yield posixpath.join(folder, name), *known
    if FOLDER in names:
        inside = posixpath.join(folder, FOLDER)
        for name in sorted(disk.names(inside)):
            known = format_of(f"{FOLDER}{posixpath.splitext(name)[1]}")
            if known and not name.startswith(CONSTRAINTS):
                yield posixpath.join(inside, name), *known


def _declaration(disk: Disk, path: str, order: int, kind: Format) -> Declaration | None:
    try:
        source = disk.source(path)
    except Undecodable as error:
        return Declaration(path, order, kind, SourceFile(path, disk.root / path, ""), fault=f"is no text: {error}")
    if source is None:
        return None
    generated = kind is REQUIREMENTS_TXT and is_generated(source.text)
    try:
        return Declaration(path, order, kind, source, kind.listings(source), generated=generated)
    except Unsupported as error:
        return Declaration(path, order, kind, source, fault=str(error))


def _places(listings: Sequence[Listing], package: Package) -> list[int]:
    """Which lists must ask for a package: those of the lowest rank that name a client, else the program's own."""
    main = [index for index, one in enumerate(listings) if one.rank is Rank.MAIN]
    if any(package.name in listings[index].names for index in main):
        return []
    for rank in (Rank.MAIN, Rank.EXTRA, Rank.GROUP):
        named = [index for index, one in enumerate(listings) if one.rank is rank and CLIENTS & set(one.names)]
        if named:
            return [index for index in named if package.name not in listings[index].names]
    if not main:
        raise Unsupported("lists no dependencies of the program itself")
    return main[:1]


def _with(source: SourceFile, kind: Format, package: Package, index: int) -> SourceFile:
    listings = kind.listings(source)
    if index >= len(listings):  # a table goes with the last of its keys
        raise Unsupported("lists nothing else")
    return replace(source, text=listings[index].adding(package))


def _without(source: SourceFile, kind: Format, dropped: frozenset[str]) -> SourceFile:
    while dropped:
        places = [(one, i) for one in kind.listings(source) for i, name in enumerate(one.names) if name in dropped]
        if not places:
            break
        listing, index = places[0]
        source = replace(source, text=listing.removing(index))
    return source


def _rest(data: object, names: frozenset[str]) -> object:
    """What a file says apart from these packages."""
    if isinstance(data, dict):
        return {key: _rest(value, names) for key, value in data.items() if normal(str(key)) not in names}
    if isinstance(data, list):
        return [_rest(value, names) for value in data if name_of(value) not in names]
    return data
