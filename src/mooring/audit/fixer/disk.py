"""Writing a file so that a reader, or a crash at any moment, finds it old or new and never half."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from mooring.audit.fixer.outcome import Change, Failure

__all__ = ["replace_file", "write"]


def write(changes: Iterable[Change]) -> tuple[Failure, ...]:
    """Write each changed file, and tell which could not be; the others are written all the same.

    A file that no longer holds what was audited is left alone.
    """
    failures = []
    for change in changes:
        source = change.source
        try:
            if source.location.read_bytes() != source.encode(source.text):
                failures.append(Failure(change.path, "it changed on disk since it was read; run again"))
                continue
            replace_file(source.location, source.encode(change.text))
        except OSError as error:
            failures.append(Failure(change.path, f"cannot be written: {error.strerror or error}"))
    return tuple(failures)


def replace_file(path: Path, data: bytes) -> None:
    """Give the file at `path` new contents in one step, or make it; its mode and owner stay.

    A symbolic link stays one, and the file that it points to is replaced. Raises `OSError` with the file as it was.
    """
    target = path.resolve()
    existing = target.stat() if target.exists() else None
    if existing and not os.access(target, os.W_OK):
        raise PermissionError(13, "it is read-only", str(target))
    descriptor, name = tempfile.mkstemp(prefix=".mooring-", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            if existing:
                if (existing.st_uid, existing.st_gid) != (os.geteuid(), os.getegid()):
                    os.fchown(file.fileno(), existing.st_uid, existing.st_gid)
                os.fchmod(file.fileno(), existing.st_mode & 0o7777)  # after fchown, which may clear bits of it
            else:
                os.fchmod(file.fileno(), 0o666 & ~_umask())
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
    _sync_folder(target.parent)


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
