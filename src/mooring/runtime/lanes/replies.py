"""Reads replies off a socket's bytes: with hiredis, or where it is missing with a parser in Python.

Both are fed what arrives and give one whole reply at a time. An error reply is an exception, as a value; a push message
of RESP3 is a list of a type of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, Protocol

from redis.exceptions import InvalidResponse

try:
    import hiredis
except ImportError:  # an installation of redis-py without its extra
    hiredis = None  # type: ignore[assignment]

__all__ = ["MISSING", "PUSH", "PythonReader", "Reader", "make_reader"]

MISSING: Any = object()
"""What a reader answers while no whole reply has arrived."""


class _Push(list[Any]):
    """A message that answers no command."""


PUSH: type[list[Any]] = getattr(hiredis, "PushNotification", _Push)
"""The type of a push message. hiredis knows them from 3.2 on; before that it takes them for replies."""

_CUT = b"\r\n"


class Reader(Protocol):
    """What hiredis.Reader and PythonReader have in common."""

    def feed(self, data: bytes, /) -> object:
        """Take in what has arrived."""

    def gets(self) -> Any:
        """Return the next reply, or MISSING. A reply that cannot be decoded is raised, and is then over."""


def make_reader(parse_error: Callable[[str], Exception], encoding: str | None, errors: str) -> Reader:
    """Make the faster reader there is. Text is decoded if an encoding is given."""
    # Before 3.2 hiredis would let a push message pass for the reply of some command.
    if hiredis is None or not hasattr(hiredis, "PushNotification"):
        return PythonReader(parse_error, encoding, errors)
    told = {"encoding": encoding, "errors": errors} if encoding is not None else {}
    reader: Reader = hiredis.Reader(
        protocolError=InvalidResponse, replyError=parse_error, notEnoughData=MISSING, **told
    )
    return reader


class PythonReader:
    """RESP2 and RESP3 without hiredis: each byte is looked at once, however a reply is cut."""

    def __init__(self, parse_error: Callable[[str], Exception], encoding: str | None, errors: str) -> None:
        self._parse_error = parse_error
        self._encoding = encoding
        self._errors = errors
        self._buffer = bytearray()
        self._looked = 0
        self._undecodable: UnicodeDecodeError | None = None
        self._reply = self._value()

    def feed(self, data: bytes, /) -> None:
        """Take in what has arrived."""
        self._buffer += data

    def gets(self) -> Any:
        """Return the next reply, or MISSING."""
        try:
            next(self._reply)
        except StopIteration as whole:
            self._reply = self._value()
            undecodable, self._undecodable = self._undecodable, None
            if undecodable is not None:
                raise undecodable from None
            return whole.value
        return MISSING

    # A generator waits, by a bare yield, for more bytes than there are.
    def _value(self) -> Generator[None, None, Any]:
        kind, rest = yield from self._line()
        if kind in b"+(":
            return self._text(rest) if kind == b"+" else int(rest)
        if kind == b":":
            return int(rest)
        if kind == b"-":
            return self._parse_error(rest.decode("utf-8", "replace"))
        if kind in b"$=!":
            return (yield from self._bulk(kind, int(rest)))
        if kind in b"*~>%|":
            return (yield from self._collection(kind, int(rest)))
        if kind == b"_":
            return None
        if kind == b"#":
            return rest == b"t"
        if kind == b",":
            return float(rest)
        raise InvalidResponse(f"A reply begins with {kind!r}.")

    def _collection(self, kind: bytes, length: int) -> Generator[None, None, Any]:
        if length < 0:
            return None
        values: list[Any] = []
        while len(values) < (length * 2 if kind in b"%|" else length):
            values.append((yield from self._value()))
        if kind == b"|":  # attributes, of which redis-py makes nothing either
            return (yield from self._value())
        if kind == b"%":
            return dict(zip(values[::2], values[1::2], strict=True))
        return PUSH(values) if kind == b">" else values

    def _bulk(self, kind: bytes, length: int) -> Generator[None, None, Any]:
        if length < 0:
            return None
        while len(self._buffer) < length + 2:
            yield
        content = self._take(length)
        if kind == b"!":
            return self._parse_error(content.decode("utf-8", "replace"))
        return self._text(content[4:] if kind == b"=" else content)

    def _line(self) -> Generator[None, None, tuple[bytes, bytes]]:
        while (end := self._buffer.find(_CUT, self._looked)) < 0:
            # The first half of the cut may be there already.
            self._looked = max(len(self._buffer) - 1, 0)
            yield
        line = self._take(end)
        return line[:1], line[1:]

    def _take(self, length: int) -> bytes:
        taken = bytes(self._buffer[:length])
        del self._buffer[: length + 2]
        self._looked = 0
        return taken

    def _text(self, content: bytes) -> str | bytes:
        if self._encoding is None:
            return content
        try:
            return content.decode(self._encoding, self._errors)
        except UnicodeDecodeError as error:
            self._undecodable = error
            return content
