"""What tools have made of dependency files, and the command that makes it anew."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Collection, Iterator, Sequence

from mooring.audit.surroundings.declarations import Declaration
from mooring.audit.surroundings.disk import Disk, upward
from mooring.audit.surroundings.notice import Notice

__all__ = ["renewals"]

# By the name of a lock: the file that it is made from, and the command.
LOCKS = {
    "uv.lock": ("pyproject.toml", "uv lock"),
    "poetry.lock": ("pyproject.toml", "poetry lock"),
    "pdm.lock": ("pyproject.toml", "pdm lock"),
    "Pipfile.lock": ("Pipfile", "pipenv lock"),
}
# A workspace has one lock, which may stand further up.
SHARED = "uv.lock"
SOURCES = ("pyproject.toml", "setup.cfg", "setup.py")
STALE = "no longer fits the edited {}: make it anew"


def renewals(
    folder: str, files: Sequence[Declaration], done: Collection[str], disk: Disk, todo: str
) -> Iterator[Notice]:
    """The locks and pinned requirements to make anew once the files at `done` are edited; `todo` is for a person."""
    for name, (source, command) in LOCKS.items():
        if posixpath.join(folder, source) in done:
            places = upward(posixpath.join(folder, source)) if name == SHARED else [folder]
            holding = next((place for place in places if name in disk.names(place)), None)
            if holding is not None:
                yield Notice(posixpath.join(holding, name), STALE.format(source), command)
    by_path = {one.path: one for one in files}
    for one in files:
        if one.generated:
            yield from _pinned(one, by_path, done, folder, todo)


def _pinned(
    one: Declaration, files: dict[str, Declaration], done: Collection[str], folder: str, todo: str
) -> Iterator[Notice]:
    source = f"{one.path.removesuffix('.txt')}.in"
    if source in files:
        if {source, *files[source].includes} & set(done):
            yield Notice(one.path, STALE.format(posixpath.basename(source)), _command(one, posixpath.basename(source)))
        return
    edited = next((name for name in SOURCES if posixpath.join(folder, name) in done), None)
    if edited is not None:
        way = posixpath.relpath(posixpath.join(folder, edited), posixpath.dirname(one.path) or ".")
        yield Notice(one.path, STALE.format(edited), _command(one, way))
    elif one.names_client:
        yield Notice(one.path, f"is pinned or made by a tool: {todo} where it comes from, and make it anew")


def _command(one: Declaration, source: str) -> str:
    compiler = "uv pip compile" if "by uv" in one.source.text[:2000] else "pip-compile"
    hashes = " --generate-hashes" if "--hash" in one.source.text else ""
    return f"{compiler}{hashes} -o {shlex.quote(posixpath.basename(one.path))} {shlex.quote(source)}"
