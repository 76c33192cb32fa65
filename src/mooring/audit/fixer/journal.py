"""What runs of the fixer replaced, kept so that they can be undone: one file a run, under the user's state directory.

It is on the disk before the first file of the tree is replaced, so that a run that was killed can be undone as well.
Each is a zip archive: the earlier contents, passwords and all, so it is the user's alone, and a list of what is whose.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import time
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from mooring.audit.fixer.disk import remove_litter, replace_file
from mooring.audit.fixer.outcome import Change
from mooring.audit.places import user_folder
from mooring.errors import UsageError

__all__ = ["Entry", "Run", "digest", "record", "runs", "state_folder"]

LIST = "run.json"
SUFFIX = ".zip"
# What an undo could not put back is kept apart: that run is over, and is not undone again.
LEFT = ".left"
# Runs of one tree that can be undone, and for how long, in nanoseconds.
MOST = 20
LONGEST = 90 * 86_400 * 10**9


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a run: the digests of what it held before and after, None before if it was created.

    `member` is where the archive has its earlier contents.
    """

    path: Path
    member: str
    mode: int
    before: str | None
    after: str


@dataclass(frozen=True)
class Run:
    """A run that can be undone, and where it is kept."""

    file: Path
    root: Path
    entries: tuple[Entry, ...]

    @property
    def when(self) -> float:
        """When it was, in seconds since 1970."""
        return int(self.file.name.partition("-")[0]) / 10**9

    @cached_property
    def earlier(self) -> Mapping[Entry, bytes | None]:
        """What each file held before the run; None where it was created."""
        with _intact(self.file), zipfile.ZipFile(self.file) as archive:
            return {entry: None if entry.before is None else archive.read(entry.member) for entry in self.entries}

    def keep(self, entries: Iterable[Entry]) -> None:
        """Forget all but `entries`, and the whole run if there are none."""
        kept = tuple(entries)
        if not kept:
            self.file.unlink(missing_ok=True)
        elif kept != self.entries:
            self._save(self.file, kept)

    def set_aside(self, entries: Iterable[Entry]) -> Path:
        """Keep the earlier contents of `entries` where a person can find them, but no undo looks; tell where."""
        own = self.file.stem.partition("-")[2]
        file = self.file.with_name(f"{time.time_ns():020}-{own}{LEFT}{SUFFIX}")
        self._save(file, entries)
        return file

    def _save(self, file: Path, entries: Iterable[Entry]) -> None:
        _save(file, self.root, {entry: self.earlier[entry] for entry in entries})


def state_folder() -> Path:
    """Where runs are kept: below `MOORING_STATE_DIR`, else below the user's place for such things.

    Raises `UsageError` where there is none.
    """
    folder = user_folder("MOORING_STATE_DIR", "XDG_STATE_HOME", "~/.local/state")
    if folder is None:
        raise UsageError("there is no folder to keep the journal in; set MOORING_STATE_DIR to one")
    return folder / "fix"


def record(root: Path, changes: Iterable[Change]) -> Run:
    """Keep what `changes` are about to replace below `root`; it is on the disk when this returns.

    Raises `UsageError` where it cannot be kept: what cannot be undone is better not done.
    """
    folder = state_folder()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        earlier = {entry.path: (entry, data) for entry, data in map(_entry, changes)}
        own = hashlib.sha256(os.fsencode(root)).hexdigest()[:16]
        _prune(folder, own)
        remove_litter([folder])
        file = folder / f"{time.time_ns():020}-{own}{SUFFIX}"
        _save(file, root, dict(earlier.values()))
    except OSError as error:
        reason = error.strerror or error
        raise UsageError(
            f"{folder}: cannot keep the journal: {reason}; set MOORING_STATE_DIR to another folder"
        ) from error
    return Run(file, root, tuple(entry for entry, _ in earlier.values()))


def runs() -> Iterator[Run]:
    """The runs that can be undone, the last one first. Raises `UsageError` where a file of the journal is damaged."""
    for file in sorted(state_folder().glob(f"*{SUFFIX}"), reverse=True):
        if not file.stem.endswith(LEFT):
            yield _read(file)


def digest(data: bytes | None) -> str | None:
    """What tells contents apart; None where there is no file."""
    return None if data is None else hashlib.sha256(data).hexdigest()


def _entry(change: Change) -> tuple[Entry, bytes | None]:
    path = change.source.location.resolve()
    try:
        mode = path.stat().st_mode & 0o7777
    except FileNotFoundError:
        mode = 0  # it is to be created, or will not be written
    name = path.name.encode(errors="replace").decode()
    member = f"{hashlib.sha256(os.fsencode(path)).hexdigest()[:12]}/{name}"
    before, after = change.before, hashlib.sha256(change.after).hexdigest()
    return Entry(path, member, mode, digest(before), after), before


def _save(file: Path, root: Path, earlier: dict[Entry, bytes | None]) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        listed = [{**asdict(entry), "path": str(entry.path)} for entry in earlier]
        archive.writestr(LIST, json.dumps({"root": str(root), "files": listed}, indent=1))
        for entry, data in earlier.items():
            if data is not None:
                archive.writestr(entry.member, data)
    replace_file(file, packed.getvalue(), 0o600)


def _read(file: Path) -> Run:
    with _intact(file), zipfile.ZipFile(file) as archive:
        told = json.loads(archive.read(LIST))
        entries = tuple(Entry(**{**one, "path": Path(one["path"])}) for one in told["files"])
        return Run(file, Path(told["root"]), entries)


@contextlib.contextmanager
def _intact(file: Path) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, EOFError, KeyError, TypeError, ValueError, zlib.error) as error:
        raise UsageError(
            f"{file}: this file of the journal is damaged; remove it to undo the runs before it"
        ) from error


def _prune(folder: Path, own: str) -> None:
    """Let go of runs that are too old, and of those of this tree that are too many."""
    oldest = time.time_ns() - LONGEST
    files = sorted(folder.glob(f"*{SUFFIX}"))
    mine = [file for file in files if f"-{own}." in file.name]
    for file in {*mine[: max(0, len(mine) - MOST + 1)], *(file for file in files if file.name < f"{oldest:020}")}:
        with contextlib.suppress(OSError):
            file.unlink()
