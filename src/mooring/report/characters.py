"""Keeps what is no text out of reports that other programs read."""

from __future__ import annotations

import re

__all__ = ["NONE", "plain", "printable"]

NONE = "�"
# Control characters, separators that some readers take for newlines, marks that turn the direction of writing, and what
# no encoding has: halves of characters (which file names hold that are not UTF-8) and non-characters. Tab and newlines
# are left to each format.
STEERING = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def plain(text: str) -> str:
    """`text` with `�` in place of each character that would steer a terminal, a runner or a parser, or break it."""
    return STEERING.sub(NONE, text)


def printable(text: str) -> str:
    """`text` with `�` in place of each character that cannot be seen, except a tab."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() or character == "\t" else NONE for character in text)
