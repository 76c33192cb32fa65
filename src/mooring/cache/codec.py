"""Entry ↔ bytes. Pure.

Values are what JSON and bytes can say: None, bool, int (64 bits), float, str, bytes, list, dict. They are written as
MessagePack (msgspec), compressed by zstandard from 1 KiB on if that makes them smaller. An entry::

    crc32  "M1"  flags  born (16 digits)  stamp (16 bytes)  ttl (ms)  length of validators  |  validators  payload

`born` stands in digits at a fixed place, for the scripts compare it.
"""

from __future__ import annotations

import struct
import threading
import zlib
from typing import Any

import msgspec
import zstandard

__all__ = ["COMPRESSED_FROM", "Entry", "Unfaithful", "decode", "decode_value", "encode", "encode_value"]

COMPRESSED_FROM = 1024
"""Bytes of a payload from which it is compressed."""

_MAGIC = b"M1"
_CHECKSUM = struct.Struct(">I")
_HEADER = struct.Struct(">I2sB16s16sIH")
_COMPRESSED, _NEGATIVE = 1, 2
_LONGEST_TTL = 0xFFFF_FFFF
_LONGEST_VALIDATORS = 0xFFFF
_LEVEL = 3

# What is asked for often comes often as the same bytes, which are then read once: what a hit costs of the processor
# falls by a tenth, and by a quarter where it is compressed. That is for small ones, and takes 8 MB at most.
_SMALL = 4096
_MOST_REMEMBERED = 1024
_remembered: dict[bytes, Entry] = {}

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder().decode
_unpack_validators = msgspec.msgpack.Decoder(dict[str, str]).decode


class Unfaithful(TypeError):
    """A value would not come back from the cache as it went in."""


class Entry(msgspec.Struct, frozen=True):
    """What is known of an answer. `born` is Redis's time, in microseconds, when the upstream was asked; `ttl` in s."""

    born: int
    ttl: float
    stamp: bytes
    payload: bytes
    negative: bool = False
    validators: tuple[tuple[str, str], ...] = ()


class _Threads(threading.local):
    """zstandard's contexts are reused, and are not safe for threads."""

    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=_LEVEL)
        self.decompressor = zstandard.ZstdDecompressor()


_own = _Threads()


def encode_value(value: object) -> bytes:
    """Write a value. Raises `Unfaithful` for one that would come back as another, such as a tuple or a dataclass."""
    try:
        payload = _pack(value)
        same = bool(_unpack(payload) == value)
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
        raise Unfaithful(f"{type(value).__name__} cannot be cached: {error}") from error
    if not same:
        raise Unfaithful(f"{type(value).__name__} cannot be cached: it is not made of JSON's values and bytes alone")
    return payload


def decode_value(payload: bytes) -> Any:
    """Read a value, each time a new one."""
    return _unpack(payload)


def encode(entry: Entry) -> bytes:
    """Write an entry."""
    payload, flags = entry.payload, _NEGATIVE if entry.negative else 0
    if len(payload) >= COMPRESSED_FROM:
        smaller = _own.compressor.compress(payload)
        if len(smaller) < len(payload):
            payload, flags = smaller, flags | _COMPRESSED
    validators = _pack(dict(entry.validators)) if entry.validators else b""
    if len(validators) > _LONGEST_VALIDATORS:
        validators = b""
    ttl = min(_LONGEST_TTL, round(entry.ttl * 1000))
    born = b"%016d" % entry.born
    header = _HEADER.pack(0, _MAGIC, flags, born, entry.stamp, ttl, len(validators))
    content = header[_CHECKSUM.size :] + validators + payload
    return _CHECKSUM.pack(zlib.crc32(content)) + content


def decode(data: bytes | None) -> Entry | None:
    """Read an entry; None for nothing, for another version's and for a damaged one, which are misses."""
    if data is None or len(data) < _HEADER.size:
        return None
    if len(data) > _SMALL:
        return _decoded(data)
    if (known := _remembered.get(data)) is not None:
        return known
    entry = _decoded(data)
    if entry is not None and len(entry.payload) <= _SMALL:
        if len(_remembered) >= _MOST_REMEMBERED:
            # All of them, for threads may be reading here: what is asked for still is soon back.
            _remembered.clear()
        _remembered[data] = entry
    return entry


def _decoded(data: bytes) -> Entry | None:
    checksum, magic, flags, born, stamp, ttl, length = _HEADER.unpack_from(data)
    if magic != _MAGIC or zlib.crc32(memoryview(data)[_CHECKSUM.size :]) != checksum:
        return None
    begin = _HEADER.size + length
    try:
        validators = tuple(_unpack_validators(data[_HEADER.size : begin]).items()) if length else ()
        payload = data[begin:]
        if flags & _COMPRESSED:
            payload = _own.decompressor.decompress(payload)
    except (msgspec.MsgspecError, zstandard.ZstdError):
        return None
    return Entry(int(born), ttl / 1000, stamp, payload, flags & _NEGATIVE != 0, validators)
