"""Makes a command's arguments into the bytes that go over the wire."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

try:
    from hiredis import pack_command
except ImportError:  # an installation of redis-py without its extra, or with an old one
    pack_command = None  # type: ignore[assignment]

__all__ = ["Packer", "fitting", "make_packer"]

Packer = Callable[[Sequence[Any]], bytes]


def make_packer(encoder: Any) -> Packer:
    """Return what packs commands as redis-py does with this encoder; it raises `DataError` for what has no encoding.

    The name of a command must be one word or a sequence of its own: `("CONFIG", "GET", ...)`, not `"CONFIG GET"`.
    """
    slowly = _python_packer(encoder)
    if (
        pack_command is None
        or encoder.encoding.replace("-", "").lower() != "utf8"
        or encoder.encoding_errors != "strict"
    ):
        return slowly

    def pack(arguments: Sequence[Any]) -> bytes:
        try:
            packed: bytes = pack_command(tuple(arguments))
        except TypeError:  # a bytearray, a subclass of bytes, or what redis-py refuses in its own words
            return slowly(arguments)
        return packed

    return pack


def fitting(packed: Sequence[bytes], room: int) -> int:
    """Count how many packed commands from the first on have `room` bytes together; one is always let through."""
    size = 0
    for count, each in enumerate(packed):
        size += len(each)
        if size > room:
            return max(count, 1)
    return len(packed)


def _python_packer(encoder: Any) -> Packer:
    def pack(arguments: Sequence[Any]) -> bytes:
        name, *others = arguments
        # A command's name is never encoded as its arguments are.
        words = [name.encode() if isinstance(name, str) else name, *map(encoder.encode, others)]
        pieces = [b"*%d\r\n" % len(words)]
        for encoded in words:
            pieces += (b"$%d\r\n" % len(encoded), encoded, b"\r\n")
        return b"".join(pieces)

    return pack
