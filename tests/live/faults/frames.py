"""Where one message of Redis' protocol ends, in either direction; the messages themselves are left as they are."""

from __future__ import annotations

__all__ = ["frame_end", "words"]

_LINES = frozenset(b"+-:,#_(")
_BULKS = frozenset(b"$=!")
_COUNTED = {ord("*"): 1, ord("~"): 1, ord(">"): 1, ord("%"): 2, ord("|"): 2}


def frame_end(data: bytes | bytearray, start: int = 0) -> int | None:
    """Tell where the message that begins at `start` ends; none while some of it is missing.

    Raises `ValueError` for what is not the protocol.
    """
    line_end = data.find(b"\r\n", start)
    if line_end < 0:
        return None
    kind, after = data[start], line_end + 2
    if kind in _LINES:
        return after
    length = int(data[start + 1 : line_end])
    if kind in _BULKS:
        if length < 0:
            return after
        end = after + length + 2
        return end if end <= len(data) else None
    if kind not in _COUNTED:
        raise ValueError(f"not the protocol of Redis: {bytes(data[start:line_end])!r}")
    position = after
    # An attribute (|) stands before the message that it is about.
    for _ in range(max(0, length) * _COUNTED[kind] + (kind == ord("|"))):
        end_of_part = frame_end(data, position)
        if end_of_part is None:
            return None
        position = end_of_part
    return position


def words(frame: bytes) -> list[bytes]:
    """Read a command as its client sent it: an array of bulk strings."""
    found, position = [], frame.index(b"\r\n") + 2
    while position < len(frame):
        line_end = frame.index(b"\r\n", position)
        length = int(frame[position + 1 : line_end])
        found.append(frame[line_end + 2 : line_end + 2 + length])
        position = line_end + 2 + length + 2
    return found
