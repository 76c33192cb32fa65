"""Versioned tags: what a write makes stale, on every replica. Pure.

A read declares what it shows (`repo:o/r`), a write what it touches. Each tag has a version in Redis, a random one. A
read takes the versions before it asks the upstream, and its entry bears their stamp; an entry is valid only while the
stamp of the versions of now is the same. So

- a write that gives a tag a new version makes stale whatever was read before it, on all replicas and at once;
- a slow read that began before the write stores an entry that is stale from its birth: nothing need be atomic between
  tags and entries, which therefore may lie on different nodes of a Cluster;
- a version that got lost (evicted, flushed, expired) is replaced by another random one, and so errs on the safe side,
  where a counter would begin anew and meet its old values again.

Every read declares, unasked, the tag `EVERYTHING`, by which a whole service is made stale.
"""

from __future__ import annotations

import itertools
import secrets
import threading
from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import cast

from mooring.cache.names import tag_name

__all__ = ["EVERYTHING", "STAMP_BYTES", "Debts", "new_version", "stamp", "tag_names"]

EVERYTHING = "*"
STAMP_BYTES = 16
_VERSION_BYTES = 8
_MOST_DEBTS = 1_000


def tag_names(space: str, tags: Iterable[str]) -> tuple[bytes, ...]:
    """Name the tags of a read, `EVERYTHING` first, the others once each and in a fixed order."""
    if isinstance(tags, str):
        raise TypeError(f"tags are several: give [{tags!r}]")
    return _names(space, tuple(tags))


@lru_cache(4096)
def _names(space: str, tags: tuple[str, ...]) -> tuple[bytes, ...]:
    return (tag_name(space, EVERYTHING), *sorted({tag_name(space, tag) for tag in tags}))


def new_version() -> bytes:
    """Draw a version that was never there before."""
    return secrets.token_bytes(_VERSION_BYTES)


def stamp(names: tuple[bytes, ...], versions: Iterable[bytes | None]) -> bytes:
    """Sum up the tags and their versions, which are all of one length and of which none is missing."""
    return blake2b(_sum(names) + b"".join(cast("Iterable[bytes]", versions)), digest_size=STAMP_BYTES).digest()


@lru_cache(4096)
def _sum(names: tuple[bytes, ...]) -> bytes:
    return blake2b(b"\0".join(names), digest_size=STAMP_BYTES).digest()


class Debts:
    """The tags that a write touched and Redis was not told of yet. Bounded: of very many, everything is owed.

    Safe for threads.
    """

    def __init__(self, space: str) -> None:
        self._everything = tag_name(space, EVERYTHING)
        self._lock = threading.Lock()
        self._owed: dict[bytes, int] = {}
        self._writes = itertools.count()

    def __bool__(self) -> bool:
        return bool(self._owed)

    def __len__(self) -> int:
        return len(self._owed)

    def owe(self, names: Iterable[bytes]) -> None:
        """Remember the tags; to be called before Redis is told."""
        with self._lock:
            write = next(self._writes)
            owed = {**self._owed, **dict.fromkeys(names, write)}
            self._owed = owed if len(owed) <= _MOST_DEBTS else {self._everything: write}

    def bill(self) -> dict[bytes, int]:
        """List what is owed, to be handed to `paid`."""
        return self._owed

    def paid(self, bill: Mapping[bytes, int]) -> None:
        """Forget what was on the bill, for Redis knows; but not a tag that was touched again meanwhile."""
        with self._lock:
            self._owed = {name: write for name, write in self._owed.items() if bill.get(name) != write}
