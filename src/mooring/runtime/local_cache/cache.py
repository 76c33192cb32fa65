"""What a process keeps of a Redis: replies, who is fetching one, and what an invalidation takes away. Does no I/O.

Three rules keep it true, whatever order things happen in:

- A flight (a fetch under way) lands in the cache only while it is listed. Whatever takes away a key's entries strikes
  out its flights too: those who wait already are answered, whoever asks from then on asks the server.
- No entry is given out later than `fresh_until`, up to when the server is known to have been heard. Moving that is the
  business of whoever listens to the server (`tracking`).
- When an invalidation may have been missed, everything goes (`drop`).

Memory is bounded by entries and by bytes. Of those that were not asked for since they were last looked at, the oldest
goes first (second chance, which is LRU at the price of one attribute a hit).
"""

from __future__ import annotations

import math
import sys
import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any

from mooring.config.cache_size import CacheSize

__all__ = ["CacheNumbers", "Entry", "Flight", "LocalCache", "SharedLocalCache", "copied"]

# What an entry takes beside its reply and twice its command: itself and its places in three tables (tracemalloc,
# CPython 3.11).
_OVERHEAD = 700
# One reply takes no more than this share of the whole.
_SHARE = 8


@dataclass(frozen=True, slots=True)
class CacheNumbers:
    """What a local cache holds (`entries`, their `bytes`), and what became of it so far.

    Entries are `invalidated` when the server says that their key has changed, and `evicted` for want of room; `dropped`
    is how often all went at once.
    """

    entries: int
    bytes: int
    hits: int
    misses: int
    invalidated: int
    evicted: int
    dropped: int


class Entry:
    """A reply that is given out until `until`, by the clock of `time.monotonic`."""

    __slots__ = ("key", "plain", "reply", "size", "until", "used")

    def __init__(self, key: bytes, reply: Any, until: float, size: int) -> None:
        self.key = key
        self.reply = reply
        self.until = until
        self.size = size
        self.plain = not isinstance(reply, list | dict | set)
        """Whether it can be given out as it is, for nobody can change it."""
        self.used = False


class Flight:
    """A fetch under way, which all who want the same wait for; `landing` is a future that belongs to the fetcher."""

    __slots__ = ("ident", "key", "landing", "packed")

    def __init__(self, ident: Hashable, key: bytes, packed: bytes, landing: Any) -> None:
        self.ident = ident
        self.key = key
        self.packed = packed
        self.landing = landing


class LocalCache:
    """The replies of one event loop or process, by what was asked: any hashable that tells commands apart."""

    def __init__(self, size: CacheSize) -> None:
        self._size = size
        self.entries: OrderedDict[Hashable, Entry] = OrderedDict()
        """For reading: a hit looks here and nowhere else."""
        self.fresh_until = -math.inf
        """Until when entries may be given out, by the clock of `time.monotonic`."""
        self.hits = self.misses = 0
        self._invalidated = self._evicted = self._dropped = 0
        self._flights: dict[Hashable, Flight] = {}
        self._of_key: dict[bytes, set[Hashable]] = {}
        self._bytes = 0

    def find(self, ident: Hashable, now: float) -> Entry | None:
        """Return what may be given out."""
        entry = self.entries.get(ident)
        return entry if entry is not None and now < entry.until and now < self.fresh_until else None

    def flight(self, ident: Hashable) -> Flight | None:
        """Return who is fetching it already, if that is of use to whoever asks now."""
        return self._flights.get(ident)

    def depart(self, flight: Flight) -> None:
        """List a flight."""
        self._flights[flight.ident] = flight
        self._of_key.setdefault(flight.key, set()).add(flight.ident)

    def land(self, flight: Flight, reply: Any, until: float) -> bool:
        """Keep what a flight has brought, if nothing has made it doubtful; tells whether it did."""
        if self._flights.get(flight.ident) is not flight:
            return False
        del self._flights[flight.ident]
        former = self.entries.pop(flight.ident, None)
        if former is not None:
            self._bytes -= former.size
        size = _OVERHEAD + 2 * len(flight.packed) + _footprint(reply)
        if size * _SHARE > self._size.bytes:
            self._unlist(flight.key, flight.ident)
            return False
        self.entries[flight.ident] = Entry(flight.key, reply, until, size)
        self._bytes += size
        while len(self.entries) > self._size.entries or self._bytes > self._size.bytes:
            self._evict()
        return True

    def crash(self, flight: Flight) -> None:
        """Strike out a flight that brings nothing."""
        if self._flights.get(flight.ident) is flight:
            del self._flights[flight.ident]
            if flight.ident not in self.entries:
                self._unlist(flight.key, flight.ident)

    def invalidate(self, keys: Iterable[Any]) -> int:
        """Take away all that came or is about to come from these keys, given in bytes; returns how many entries."""
        count = 0
        for key in keys:
            for ident in self._of_key.pop(key, ()):
                self._flights.pop(ident, None)
                entry = self.entries.pop(ident, None)
                if entry is not None:
                    self._bytes -= entry.size
                    count += 1
        self._invalidated += count
        return count

    def drop(self) -> int:
        """Take away everything; returns how many entries."""
        count = len(self.entries)
        self.entries.clear()
        self._flights.clear()
        self._of_key.clear()
        self._bytes = 0
        self.fresh_until = -math.inf
        self._dropped += count
        return count

    def numbers(self) -> CacheNumbers:
        """Count."""
        return CacheNumbers(
            len(self.entries),
            self._bytes,
            self.hits,
            self.misses,
            self._invalidated,
            self._evicted,
            self._dropped,
        )

    def _evict(self) -> None:
        while True:
            ident, entry = next(iter(self.entries.items()))
            if not entry.used:
                break
            entry.used = False
            self.entries.move_to_end(ident)
        del self.entries[ident]
        self._bytes -= entry.size
        self._evicted += 1
        if ident not in self._flights:
            self._unlist(entry.key, ident)

    def _unlist(self, key: bytes, ident: Hashable) -> None:
        listed = self._of_key[key]
        listed.discard(ident)
        if not listed:
            del self._of_key[key]


class SharedLocalCache(LocalCache):
    """The same for several threads: each change is whole before the next one begins. Reading needs no lock."""

    def __init__(self, size: CacheSize) -> None:
        super().__init__(size)
        self._lock = threading.RLock()

    def depart(self, flight: Flight) -> None:
        """List a flight."""
        with self._lock:
            super().depart(flight)

    def land(self, flight: Flight, reply: Any, until: float) -> bool:
        """Keep what a flight has brought, if nothing has made it doubtful; tells whether it did."""
        with self._lock:
            return super().land(flight, reply, until)

    def crash(self, flight: Flight) -> None:
        """Strike out a flight that brings nothing."""
        with self._lock:
            super().crash(flight)

    def invalidate(self, keys: Iterable[Any]) -> int:
        """Take away all that came or is about to come from these keys; returns how many entries."""
        with self._lock:
            return super().invalidate(keys)

    def drop(self) -> int:
        """Take away everything; returns how many entries."""
        with self._lock:
            return super().drop()


def copied(reply: Any) -> Any:
    """Return a reply that the receiver may change, as those that come from the server."""
    if isinstance(reply, list):
        return [copied(each) if isinstance(each, list | dict | set) else each for each in reply]
    if isinstance(reply, dict):
        return {key: copied(value) if isinstance(value, list | dict | set) else value for key, value in reply.items()}
    return set(reply) if isinstance(reply, set) else reply


def _footprint(reply: Any) -> int:
    size = sys.getsizeof(reply)
    if isinstance(reply, dict):
        return size + sum(_footprint(key) + _footprint(value) for key, value in reply.items())
    if isinstance(reply, list | set):
        return size + sum(map(_footprint, reply))
    return size
