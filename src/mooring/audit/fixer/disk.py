"""Writing a file so that a reader, or a crash at any moment, finds it old or new and never half."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from mooring.audit.fixer.outcome import Change, Failure, Fate

__all__ = ["contents", "put", "remove_litter", "replace_file", "revert", "write"]

# What a file is called until it takes the place of another; a crash may leave one behind.
PREFIX, SUFFIX = ".mooring-", ".tmp"


def write(changes: Iterable[Change]) -> tuple[Failure, ...]:
    """Write each changed file, and tell which could not be; the others are written all the same.

    A file that no longer holds what was audited is left alone.
    """
    failures = []
    for change in changes:
        reason = _exchange(change.source.location, change.before, change.after, "it was read; run again")
        if reason is not None:
            failures.append(Failure(change.path, reason))
    return tuple(failures)


def revert(changes: Iterable[Change]) -> tuple[Failure, ...]:
    """Give each changed file what it held before, and tell which could not be; a created file goes.

    A file that holds something else than the change made of it is left alone.
    """
    failures = []
    for change in changes:
        reason = _exchange(change.source.location, change.after, change.before, "it was fixed")
        if reason is not None:
            failures.append(Failure(change.path, reason, Fate.NOT_UNDONE))
    return tuple(failures)


def _exchange(path: Path, old: bytes | None, new: bytes | None, since: str) -> str | None:
    """Put `new` in the place of `old`, or tell why not. Two names of one file may ask for it twice."""
    try:
        found = contents(path)
        if found == new:
            return None
        if found is None and old is not None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        if found != old:
            return f"it changed on disk since {since}"
        put(path, new)
    except OSError as error:
        return f"cannot be written: {error.strerror or error}"
    return None


def contents(path: Path) -> bytes | None:
    """What a file holds; None where there is none."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def put(path: Path, data: bytes | None, mode: int | None = None) -> None:
    """Give a file these contents, and this mode if one is given; None removes it."""
    if data is None:
        path.unlink()
        _sync_folder(path.parent)
    else:
        replace_file(path, data, mode)


def replace_file(path: Path, data: bytes, mode: int | None = None) -> None:
    """Give the file at `path` new contents in one step, or make it; its owner stays, and its mode unless one is given.

    A symbolic link stays one, and the file that it points to is replaced. Raises `OSError` with the file as it was.
    """
    target = path.resolve()
    existing = target.stat() if target.exists() else None
    if existing and not os.access(target, os.W_OK):
        raise PermissionError(13, "it is read-only", str(target))
    descriptor, name = tempfile.mkstemp(prefix=PREFIX, suffix=SUFFIX, dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            with contextlib.suppress(OSError):  # some file systems know no locks
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # alive: not litter
            file.write(data)
            file.flush()
            if existing:
                if (existing.st_uid, existing.st_gid) != (os.geteuid(), os.getegid()):
                    os.fchown(file.fileno(), existing.st_uid, existing.st_gid)
                # After fchown, which may clear bits of it.
                os.fchmod(file.fileno(), existing.st_mode & 0o7777 if mode is None else mode)
            else:
                os.fchmod(file.fileno(), 0o666 & ~_umask() if mode is None else mode)
            os.fsync(file.fileno())
            Path(name).replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
    _sync_folder(target.parent)


def remove_litter(folders: Iterable[Path]) -> None:
    """Remove what an interrupted run left in `folders`, but not what another run is about to put in place."""
    for folder in folders:
        for file in folder.glob(f"{PREFIX}*{SUFFIX}"):
            with contextlib.suppress(OSError), file.open("rb") as opened:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
                file.unlink()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
