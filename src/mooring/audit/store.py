"""What was worked out before, kept under the user's cache directory: bytes by key, in one SQLite file.

A cache is a convenience: whatever goes wrong with it (a full disk, a damaged file, another process that holds it), the
audit goes on without. The facts of a file hold its literals, passwords among them, so the folder is the user's alone.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from mooring.audit.places import user_folder

__all__ = ["Store", "cache_folder"]

# In bytes.
LARGEST = 256 * 1024 * 1024
# How long another process may hold the file before this one does without, in seconds.
PATIENCE = 1.0
DAY = 86_400
# Below the number of variables that any SQLite allows in one statement.
BATCH = 500
TABLE = "CREATE TABLE IF NOT EXISTS kept (key BLOB PRIMARY KEY, value BLOB NOT NULL, used INTEGER NOT NULL)"


def cache_folder() -> Path | None:
    """Where caches go; None where there is no place for them."""
    return user_folder("MOORING_CACHE_DIR", "XDG_CACHE_HOME", "~/.cache")


class Store:
    """Bytes by key. Without a folder, or after any trouble, it holds nothing and takes nothing."""

    def __init__(self, folder: Path | None) -> None:
        self._connection: sqlite3.Connection | None = None
        if folder is None:
            return
        self._file = folder / "audit-1.sqlite"
        with self._careful():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Made before SQLite opens it, because that would take the user's mask for its mode.
            os.close(os.open(self._file, os.O_CREAT | os.O_RDWR, 0o600))
            self._connection = sqlite3.connect(self._file, timeout=PATIENCE, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.execute(TABLE)

    def __bool__(self) -> bool:
        """Whether it holds anything at all."""
        return self._connection is not None

    def get(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """The values of those `keys` that are known."""
        found: dict[bytes, bytes] = {}
        with self._careful():
            if self._connection is not None:
                wanted = list(keys)
                for start in range(0, len(wanted), BATCH):
                    found.update(self._some(self._connection, wanted[start : start + BATCH]))
        return found

    def put(self, values: Mapping[bytes, bytes]) -> None:
        """Keep `values`, and let go of the oldest where they are too many."""
        with self._careful():
            if self._connection is not None and values:
                now = int(time.time())
                rows = [(key, value, now) for key, value in values.items()]
                with self._connection:
                    self._connection.execute("BEGIN IMMEDIATE")
                    self._connection.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", rows)
                    self._shrink(self._connection)

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _some(self, connection: sqlite3.Connection, keys: list[bytes]) -> dict[bytes, bytes]:
        marks = ",".join("?" * len(keys))  # nothing else goes into the text of the statement
        rows = connection.execute(f"SELECT key, value, used FROM kept WHERE key IN ({marks})", keys).fetchall()  # noqa: S608
        now = int(time.time())
        old = [(now, key) for key, _, used in rows if now - used > DAY]
        if old:
            connection.executemany("UPDATE kept SET used = ? WHERE key = ?", old)
        return {key: value for key, value, _ in rows}

    @staticmethod
    def _shrink(connection: sqlite3.Connection) -> None:
        """Where the file has grown too large, forget the half that was not asked for the longest."""
        (pages,), (free,), (size,) = (
            connection.execute(f"PRAGMA {what}").fetchone() for what in ("page_count", "freelist_count", "page_size")
        )
        if (pages - free) * size > LARGEST:
            connection.execute(
                "DELETE FROM kept WHERE rowid IN"
                " (SELECT rowid FROM kept ORDER BY used LIMIT (SELECT (count(*) + 1) / 2 FROM kept))"
            )

    @contextlib.contextmanager
    def _careful(self) -> Iterator[None]:
        """Do without a cache from here on if anything about it fails."""
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            with contextlib.suppress(sqlite3.Error):
                self.close()
            self._connection = None
            damaged = isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)
            if damaged:  # the next one begins anew
                self._file.unlink(missing_ok=True)
