"""Which commands a local cache answers, and what a write takes away. Pure.

A command is cached if it reads one key, the first of its arguments, and says the same until that key changes. MGET is
so many GETs.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any, Final

__all__ = ["EVERYTHING", "is_cached", "keys_named", "replies_in_doubles", "spelled"]

_CACHED: Final = frozenset(
    """
    BITCOUNT BITPOS EXISTS GEODIST GEOHASH GEOPOS GET GETBIT GETRANGE HEXISTS HGET HGETALL HKEYS HLEN HMGET HSTRLEN
    HVALS LINDEX LLEN LPOS LRANGE SCARD SISMEMBER SMEMBERS SMISMEMBER STRLEN TYPE XLEN XRANGE XREVRANGE ZCARD ZCOUNT
    ZLEXCOUNT ZMSCORE ZRANGE ZRANGEBYLEX ZRANGEBYSCORE ZRANK ZREVRANGE ZREVRANGEBYLEX ZREVRANGEBYSCORE ZREVRANK ZSCORE
    """.split()
)

_DOUBLES: Final = frozenset({"GEOPOS", "ZMSCORE", "ZSCORE"})
_SCORES: Final = frozenset({"WITHSCORE", b"WITHSCORE", "WITHSCORES", b"WITHSCORES"})

EVERYTHING: Final = frozenset({"FLUSHALL", "FLUSHDB", "SWAPDB"})
"""What changes keys without naming them."""


def is_cached(arguments: Sequence[Any]) -> bool:
    """Tell whether the reply to a command, given as to `execute_command`, may be kept."""
    head = arguments[0]
    if not isinstance(head, str) or len(arguments) < 2:
        return False
    # EXISTS of several keys adds them up.
    return head in _CACHED and (head != "EXISTS" or len(arguments) == 2)


def replies_in_doubles(arguments: Sequence[Any]) -> bool:
    """Tell whether RESP3 replies with numbers that RESP2 writes as text, in a way that depends on the server."""
    words = {each.upper() if isinstance(each, str | bytes) else each for each in arguments[2:]}
    return arguments[0] in _DOUBLES or not words.isdisjoint(_SCORES)


def spelled(arguments: tuple[Any, ...], packed: bytes) -> Hashable:
    """Return what tells a command apart: as it stands if it is all text or bytes, else as the server gets it.

    Among other things 1, 1.0 and True are equal, but not the same to the server.
    """
    return arguments if all(type(each) in _TEXTS for each in arguments) else packed


def keys_named(arguments: Sequence[Any], encode: Callable[[Any], Any]) -> Iterator[bytes]:
    """Yield all that may be a key which a write changes: a command names each of them among its arguments."""
    for each in arguments[1:]:
        kind = type(each)
        if kind is bytes:
            yield each
        elif kind is str or isinstance(each, str | int | float | memoryview | bytearray | bytes):
            yield bytes(encode(each))


_TEXTS: Final = (str, bytes)
