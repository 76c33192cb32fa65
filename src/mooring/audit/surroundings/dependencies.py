"""What the dependency files around changed code must ask for now: the files edited, and what a person has to do.

Each changed file belongs to the nearest folder above it that says what a project needs. There the files that ask for a
client of Redis ask for Mooring as well, or else the one that speaks for the program. aioredis goes where nothing below
imports it any more. What tools make (locks, pinned requirements) is never edited, but made anew from its source.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from mooring.audit.files import SourceFile
from mooring.audit.fixer import Change
from mooring.audit.surroundings.declarations import FOLDER, Declaration, declared, edited
from mooring.audit.surroundings.disk import Disk, changed, upward
from mooring.audit.surroundings.formats import Package, Unsupported
from mooring.audit.surroundings.imports import ABANDONED, MOORING, Need, importer, need_of
from mooring.audit.surroundings.locks import renewals
from mooring.audit.surroundings.notice import Notice

__all__ = ["dependencies"]


@dataclass
class Home:
    """The folder of a project, and what the changed files in it need."""

    folder: str
    packages: dict[str, Package] = field(default_factory=dict)
    abandons: bool = False

    @property
    def wanted(self) -> list[Package]:
        """The packages to ask for; Mooring brings redis-py."""
        mooring = self.packages.get(MOORING.name)
        return [mooring] if mooring else list(self.packages.values())

    def todo(self) -> str:
        """What is left to do where a file cannot be edited."""
        tasks = [f"add {package}" for package in self.wanted]
        if self.abandons:
            tasks.append(f"drop {ABANDONED} if nothing needs it")
        return " and ".join(tasks)


def dependencies(changes: Sequence[Change], disk: Disk, paths: Sequence[str]) -> tuple[list[Change], list[Notice]]:
    """The edits of dependency files that `changes` call for; `paths` are all Python files of the tree."""
    texts = {change.path: change.text for change in changes}
    after: dict[str, SourceFile] = {}
    homes, notices = _homes(filter(None, map(need_of, changes)), disk)
    for home in homes:
        notices += _settle(home, _with(disk, after), paths, texts, after)
    found = [changed(one, after[path].text) for path in sorted(after) if (one := disk.source(path)) is not None]
    return found, list(dict.fromkeys(notices))


def _with(disk: Disk, after: Mapping[str, SourceFile]) -> Disk:
    """The disk as it would be."""

    def read(path: str) -> bytes | None:
        return after[path].encode(after[path].text) if path in after else disk.read(path)

    return replace(disk, read=read)


def _homes(needs: Iterable[Need], disk: Disk) -> tuple[list[Home], list[Notice]]:
    homes: dict[str, Home] = {}
    speaking: dict[str, bool] = {}
    homeless: list[Notice] = []
    for need in needs:
        for folder in upward(need.path):
            if folder not in speaking:
                speaking[folder] = any(one.speaks for one in declared(disk, folder))
            if speaking[folder]:
                home = homes.setdefault(folder, Home(folder))
                if need.package:
                    home.packages[need.package.name] = need.package
                home.abandons |= need.abandons
                break
        else:
            if need.package:
                reason = f"needs {need.package}, but no dependency file stands above it: add that to what installs it"
                homeless.append(Notice(need.path, reason))
    return [homes[folder] for folder in sorted(homes)], homeless


def _settle(
    home: Home, disk: Disk, paths: Sequence[str], texts: Mapping[str, str], after: dict[str, SourceFile]
) -> Iterator[Notice]:
    """Edit the files of one project into `after`, and tell what is left."""
    files = declared(disk, home.folder)
    done: set[str] = set()
    for one in _targets(files):
        dropped = frozenset[str]()
        if home.abandons and ABANDONED in one.names:
            user = importer(_project(one), paths, texts, disk)
            if user is None:
                dropped = frozenset({ABANDONED})
            else:
                yield Notice(one.path, f"goes on asking for {ABANDONED}, which {user} names")
        if one.path in texts:
            yield Notice(one.path, f"is itself one of the fixed files: {home.todo()}")
            continue
        try:
            source = edited(one, _lacking(home, one, files), dropped)
        except Unsupported as error:
            yield Notice(one.path, f"{error}: {home.todo()}")
            continue
        if source.text != one.source.text:
            done.add(one.path)
            after[one.path] = source
    unless = ", unless it reads what was edited" if done else ""
    for one in files:
        if one.fault:
            yield Notice(one.path, f"{one.fault}: {home.todo()}{unless}")
    yield from renewals(home.folder, files, done, disk, home.todo())


def _targets(files: Iterable[Declaration]) -> list[Declaration]:
    """The files to edit: all that ask for a client, else the first that speaks for the program."""
    own = [one for one in files if not one.fault and not one.generated]
    return [one for one in own if one.names_client] or [one for one in own if one.is_main][:1]


def _lacking(home: Home, one: Declaration, files: Sequence[Declaration]) -> list[Package]:
    """The packages that neither a file nor what it includes asks for, nor will."""
    below = _below(one, {other.path: other for other in files})
    if any(other.names_client and not other.generated for other in below):
        return []
    known = frozenset[str]().union(*(other.names for other in [one, *below]))
    return [] if MOORING.name in known else [package for package in home.wanted if package.name not in known]


def _below(one: Declaration, files: Mapping[str, Declaration]) -> list[Declaration]:
    """What a file includes, and what that does."""
    found: dict[str, Declaration] = {}
    waiting = list(one.includes)
    while waiting:
        path = waiting.pop()
        if path in files and path not in found and path != one.path:
            found[path] = files[path]
            waiting += files[path].includes
    return list(found.values())


def _project(one: Declaration) -> str:
    """The folder of the project that a file speaks for."""
    folder = posixpath.dirname(one.path)
    return posixpath.dirname(folder) if posixpath.basename(folder) == FOLDER else folder
