"""Reports that were given before: a tree in which nothing has changed is not looked at again.

A report is good for as long as every file that it came from is the one that it was: same place, size, times and inode.
Where a file was written so shortly before that its time cannot tell, its content does.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mooring.audit.memory import signature
from mooring.audit.store import Store

__all__ = ["Answer", "Question"]

# File systems round times, at worst to two seconds (FAT); in nanoseconds.
ROUNDING = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Answer:
    """A report as text, and whether there was anything to report."""

    text: str
    found: bool


class Question:
    """What was asked: in which `words`, of the files at `paths` below `root`."""

    def __init__(self, store: Store, words: Sequence[str], root: Path, paths: Sequence[str]) -> None:
        self._store = store
        self._root = root
        self._paths = paths
        self._asked_at = time.time_ns()
        # What changes while the audit reads must not pass for what it read.
        self._stamp = _stamp(root, paths, (), self._asked_at) if store else ""
        self._key = hashlib.blake2b("\0".join([str(root), *words]).encode(errors="surrogateescape"), key=signature())

    def answer(self) -> Answer | None:
        """The report that was given before, if it still holds."""
        kept = self._store.get([self._key.digest()]).get(self._key.digest())
        if kept is None:
            return None
        record = json.loads(kept)
        stamp = _stamp(self._root, self._paths, record["consulted"], record["asked_at"])
        return Answer(record["text"], record["found"]) if stamp == record["stamp"] else None

    def keep(self, answer: Answer, consulted: Iterable[str]) -> None:
        """Keep a report that came from the files asked about and from those `consulted` besides."""
        if not self._store or _stamp(self._root, self._paths, (), self._asked_at) != self._stamp:
            return
        also = sorted(consulted)
        record = {
            "asked_at": self._asked_at,
            "consulted": also,
            "stamp": _stamp(self._root, self._paths, also, self._asked_at),
            "text": answer.text,
            "found": answer.found,
        }
        self._store.put({self._key.digest(): json.dumps(record).encode()})


def _stamp(root: Path, paths: Sequence[str], consulted: Iterable[str], asked_at: int) -> str:
    """A digest of what the files are; those that are not there have their place in it too."""
    digest = hashlib.blake2b(digest_size=20)
    for path in [*paths, *consulted]:
        file = os.path.join(root, path)  # noqa: PTH118  # ten thousand of them, so no Path for each
        try:
            told = _told(file, asked_at)
        except OSError as error:
            told = str(error.errno)
        digest.update(f"{path}\0{told}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()


def _told(file: str, asked_at: int) -> str:
    """What shows that a file is still the one that it was. Raises `OSError` where there is none."""
    status = os.stat(file)  # noqa: PTH116  # as above
    if stat.S_ISDIR(status.st_mode):
        # What is in a folder counts, not when a report was last written into it.
        return "\0".join(sorted(entry.name for entry in Path(file).iterdir()))
    told = f"{status.st_size}\0{status.st_mtime_ns}\0{status.st_ctime_ns}\0{status.st_ino}"
    if status.st_mtime_ns <= asked_at - ROUNDING:
        return told
    with Path(file).open("rb") as opened:
        return told + hashlib.file_digest(opened, "blake2b").hexdigest()
