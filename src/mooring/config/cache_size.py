"""How much a local cache holds, and for how long: given as an object, or as a text such as `64mb`."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import permutations
from typing import Any

__all__ = ["EXPECTED", "CacheSize", "read_local_cache"]

EXPECTED = "true, false, a size such as 64mb, or a CacheSize"
"""What `read_local_cache` reads, in words."""

_ON = frozenset({"1", "true", "t", "yes", "y", "on"})
_OFF = frozenset({"0", "false", "f", "no", "n", "off", "none"})
# Units as redis.conf writes them, where "k" is a thousand.
_UNITS = {"": 1, "b": 1, "k": 1000, "kb": 1 << 10, "m": 1000**2, "mb": 1 << 20, "g": 1000**3, "gb": 1 << 30}
_SIZE = re.compile(r"([1-9][0-9]*)\s*([a-z]*)")


@dataclass(frozen=True, slots=True)
class CacheSize:
    """How much a local cache holds, for each event loop apart, and for how long.

    `entries` (default 10,000) and `bytes` (default 32 MiB) bound its memory, whichever is reached first. An entry lives
    until the server says that its key has changed, no longer than the server's own TTL, and at most `max_age` seconds
    (default 300). `staleness`, in seconds (default 5), is how long an entry is given out although the server has not
    been heard: it is asked three times in that time, so that a network that has died without a word is found out.

    With `prefixes` only keys that begin with one of them are kept, and the server tells of every change among them
    (BCAST) instead of remembering for each client which keys it has read (OPTIN).

    Raises `ValueError` or `TypeError` for what makes no sense.
    """

    entries: int = 10_000
    bytes: int = 32 << 20
    max_age: float = 300.0
    staleness: float = 5.0
    prefixes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("entries", "bytes", "max_age", "staleness"):
            value = getattr(self, name)
            if not 0 < value < math.inf:
                raise ValueError(f"{name} of a local cache must be a positive number, not {value!r}.")
        if not isinstance(self.prefixes, tuple):
            raise TypeError(f"prefixes of a local cache must be a tuple of texts, not {self.prefixes!r}.")
        for one, other in permutations(self.prefixes, 2):
            if other.startswith(one):
                raise ValueError(f"Prefix {other!r} of a local cache begins with another one, {one!r}.")

    def __str__(self) -> str:
        parts = [f"{self.entries} entries", f"{self.bytes} bytes", f"{self.max_age:g} s"]
        return ", ".join(parts + ([f"of {' '.join(self.prefixes)}"] if self.prefixes else []))


def read_local_cache(value: Any) -> CacheSize | None:
    """Read the setting `local_cache`: None is for no cache. Raises `ValueError` for what it cannot be."""
    if value is None or isinstance(value, CacheSize):
        return value
    if isinstance(value, bool):
        return CacheSize() if value else None
    text = value.strip().lower() if isinstance(value, str) else ""
    if text in _ON or text in _OFF:
        return CacheSize() if text in _ON else None
    found = _SIZE.fullmatch(text)
    if found is None or found[2] not in _UNITS:
        raise ValueError(f"expected {EXPECTED}")
    return CacheSize(bytes=int(found[1]) * _UNITS[found[2]])
