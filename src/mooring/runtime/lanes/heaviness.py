"""What holds up those behind it on a lane: a reply that is large, or one that its lane waits for longer than usual."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, islice
from typing import Any, Final

__all__ = ["HEAVY_BYTES", "Waits", "is_heavy", "weight"]

HEAVY_BYTES: Final = 1 << 17
"""From how many bytes on a command or a reply is heavy: 128 KiB take a millisecond at 1 Gbit/s."""

# The way there and back is no fault of a command: what a lane usually waits is multiplied by this. And what holds up
# the server's one thread holds up all connections, so it takes much to be worth a connection of its own.
_WAITS: Final = 4.0
_SECONDS: Final = 0.05
_SAMPLE = 16
# A tuple, which is quicker than a union.
_TEXT = (bytes, str)


class Waits:
    """How long replies usually take, in seconds."""

    __slots__ = ("usual",)

    def __init__(self) -> None:
        self.usual = 0.0

    def note(self, waited: float) -> bool:
        """Learn of one wait, and tell whether it was much longer than usual, and than 50 ms."""
        usual = self.usual or waited
        longest = _WAITS * usual
        late = waited > _SECONDS and waited > longest
        self.usual = usual + (min(waited, longest) - usual) / _SAMPLE
        return late


def weight(reply: Any) -> int:
    """Estimate the bytes of a reply; of a long one by its first items."""
    if isinstance(reply, bytes | str):
        return len(reply)
    if isinstance(reply, dict):
        items, count = chain(reply.keys(), reply.values()), 2 * len(reply)
    elif isinstance(reply, list | tuple | set | frozenset):
        items, count = chain(reply), len(reply)
    else:
        return _SAMPLE
    some = list(islice(items, _SAMPLE))
    return count * (_SAMPLE + sum(map(weight, some)) // max(len(some), 1))


def is_heavy(arguments: Sequence[Any]) -> bool:
    """Tell whether a command of three arguments or more is heavy by its value alone, which stands third or last.

    Cheaper than packing it; what else makes it heavy is seen then.
    """
    value, last = arguments[2], arguments[-1]
    return (isinstance(value, _TEXT) and len(value) > HEAVY_BYTES) or (
        isinstance(last, _TEXT) and len(last) > HEAVY_BYTES
    )
