"""The names under which things lie in Redis. Pure.

::

    mooring:cache:github:{<digest of account and key>}           an entry
    mooring:cache:github:{<digest of account and key>}:lease     who is loading it
    mooring:tag:github:<digest of tag>                           the version of a tag
    mooring:budget:github:{<digest of account and budget>}       what is spent of a budget

An account, a key and a tag enter by their digest only: names are shown by monitors and logs. The account is always part
of it, so that no two accounts share an entry, and every part is delimited, so that no key reaches into another part.

They are bytes, for redis-py would encode them anew for each command.

In a Cluster an entry and its lease are in one slot, by the braces, so that a script may touch both; other names spread
over all nodes.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import blake2b

import msgspec

from mooring.cache.result import Key

__all__ = ["budget_name", "check_service", "entry_name", "lease_name", "tag_name"]

_SERVICE = re.compile(r"[A-Za-z0-9._-]{1,64}")
_DIGEST_BYTES = 16
_encode = msgspec.msgpack.Encoder(order="deterministic").encode


def check_service(name: str) -> str:
    """Return the name of a service or a space of tags; raises `ValueError` if it is none."""
    if not _SERVICE.fullmatch(name):
        raise ValueError(f"{name!r} does not name a service: 1 to 64 letters, digits, dots, dashes or underscores")
    return name


def entry_name(service: str, account: str, key: Key) -> bytes:
    """Name the entry of an account. Raises `TypeError` for a key that is not made of plain values."""
    return b"mooring:cache:%b:{%b}" % (service.encode(), _digest((account, key)))


def lease_name(entry: bytes) -> bytes:
    """Name the lease that goes with an entry."""
    return entry + b":lease"


@lru_cache(4096)
def tag_name(space: str, tag: str) -> bytes:
    """Name the version of a tag."""
    return b"mooring:tag:%b:%b" % (space.encode(), _digest(tag))


@lru_cache(4096)
def budget_name(service: str, account: str, budget: str) -> bytes:
    """Name what an account has spent of a budget."""
    return b"mooring:budget:%b:{%b}" % (service.encode(), _digest((account, budget)))


def _digest(parts: Key) -> bytes:
    try:
        content = _encode(parts)
    except OverflowError:
        raise TypeError("a number of a key has 64 bits at most") from None
    return blake2b(content, digest_size=_DIGEST_BYTES).hexdigest().encode()
