"""What was read of a file before, found again by the digest of its bytes."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from mooring.audit.store import Store

__all__ = ["Memory", "signature"]

# Bytes that are held back before they go to the store.
UNSAVED = 2_000_000


@cache
def signature() -> bytes:
    """The digest of this very program: what another version worked out is not asked for."""
    home = Path(__file__).parent.parent
    digest = hashlib.blake2b(sys.version.encode(), digest_size=16)
    for file in sorted(home.rglob("*.py")):
        status = file.stat()
        digest.update(f"{file.relative_to(home)}\0{status.st_size}\0{status.st_mtime_ns}\0".encode())
    return digest.digest()


class Memory:
    """Packed facts and faults by path, for the contents that `ask` was told of; `save` keeps what is new."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._keys: dict[tuple[str, bool], bytes] = {}
        self._new: dict[bytes, bytes] = {}
        self._size = 0

    def __bool__(self) -> bool:
        """Whether it remembers at all."""
        return bool(self._store)

    def ask(self, path: str, data: bytes, *, facts: bool) -> None:
        """Tell what the file at `path` holds, and whether its facts are wanted or only what is wrong with it."""
        if self._store:
            digest = hashlib.blake2b(data, digest_size=20, key=signature(), person=b"facts" if facts else b"fault")
            digest.update(path.encode(errors="surrogateescape"))
            self._keys[path, facts] = digest.digest()

    def recall(self, paths: Iterable[str], *, facts: bool) -> dict[str, bytes]:
        """What is known of those `paths` that were asked about."""
        wanted = {self._keys[path, facts]: path for path in paths if (path, facts) in self._keys}
        return {wanted[key]: value for key, value in self._store.get(wanted).items()}

    def keep(self, path: str, packed: bytes, *, facts: bool) -> None:
        """Take note of what was read."""
        if (path, facts) in self._keys:
            self._new[self._keys[path, facts]] = packed
            self._size += len(packed)
            if self._size > UNSAVED:
                self.save()

    def save(self) -> None:
        """Put what is new into the store."""
        self._store.put(self._new)
        self._new, self._size = {}, 0
