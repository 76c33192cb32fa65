"""Where the statements of a TOML text stand: the standard library reads such a file, but forgets where it read what.

Only for texts that `tomllib` takes: whatever else may be in them is told apart no further than this needs.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass

from mooring.audit.surroundings.formats.listing import Unsupported

__all__ = ["Header", "Statement", "elements", "load", "scan"]

STRING = r'"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\''
TRIVIA = re.compile(r"(?:\s|#[^\n]*)*")
KEY = re.compile(rf"{STRING}|[A-Za-z0-9_-]+", re.DOTALL)
DOT = re.compile(r"[ \t]*\.[ \t]*")
EQUALS = re.compile(r"[ \t]*=[ \t]*")
TOKEN = re.compile(rf"{STRING}|#[^\n]*|\s+|[\[\]{{}},]|[^\[\]{{}},\"'#\s]+", re.DOTALL)
OPENING, CLOSING = frozenset("[{"), frozenset("]}")
VALUE = re.compile(rf"{STRING}|[^,\]}}#\n]*", re.DOTALL)

Path = tuple[str, ...]
Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Header:
    """`[a.b]`, or `[[a.b]]` if it is `repeated`."""

    path: Path
    start: int
    end: int
    repeated: bool


@dataclass(frozen=True, slots=True)
class Statement:
    """`key = value`, under its whole path: `table` of it stands in the header above, the rest in the key.

    `key` is where that starts, `last` where its last part does. The value stands from `start` to `end`. One that is
    `inline` stands in braces.
    """

    path: Path
    table: Path
    key: int
    last: int
    start: int
    end: int
    inline: bool = False


def load(text: str) -> dict[str, object]:
    """What the text says. Raises `Unsupported` where it is no TOML."""
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise Unsupported(f"is no TOML: {error}") from error


def scan(text: str) -> Iterator[Header | Statement]:
    """The headers and statements of a text, in order; each statement in braces comes before the one that it is in."""
    position, table = _skip(text, 0), Path()
    while position < len(text):
        if text[position] == "[":
            repeated = text.startswith("[[", position)
            path, _, end = _key(text, _skip(text, position + 1 + repeated))
            end = text.index("]", end) + 1 + repeated
            yield Header(path, position, end, repeated)
            table = path
        else:
            *inner, statement = _statement(text, position, table, inline=False)
            yield from inner
            yield statement
            end = statement.end
        position = _skip(text, end)


def elements(text: str, opening: int) -> tuple[list[Range], int]:
    """Where the elements of the array that opens at `opening` stand, and where it closes."""
    found: list[Range] = []
    start = end = depth = 0
    for token in TOKEN.finditer(text, opening):
        word = token.group()
        if word[0] == "#" or word.isspace():
            continue
        depth += (word in OPENING) - (word in CLOSING)
        if depth == 0 or (depth == 1 and word == ","):
            if start:
                found.append((start, end))
            start = 0
            if depth == 0:
                return found, token.start()
        elif token.start() > opening:
            start, end = start or token.start(), token.end()
    raise Unsupported("has a list that does not end")


def _statement(text: str, position: int, table: Path, *, inline: bool) -> Iterator[Statement]:
    key, last, end = _key(text, position)
    equals = EQUALS.match(text, end)
    if equals is None:
        raise Unsupported("cannot be taken apart")
    start, path = equals.end(), table + key
    if text[start] == "{":
        ranges, closing = elements(text, start)
        for begin, _ in ranges:
            yield from _statement(text, begin, path, inline=True)
        end = closing + 1
    elif text[start] == "[":
        end = elements(text, start)[1] + 1
    else:
        value = VALUE.match(text, start)
        end = start + len(value.group().rstrip()) if value else start
    yield Statement(path, table, position, last, start, end, inline)


def _key(text: str, position: int) -> tuple[Path, int, int]:
    """The parts of a key, where the last one starts and where it ends."""
    parts: list[str] = []
    while True:
        match = KEY.match(text, position)
        if match is None:
            raise Unsupported("cannot be taken apart")
        word = match.group()
        parts.append(str(tomllib.loads(f"key = {word}")["key"]) if word[0] in "\"'" else word)
        dot = DOT.match(text, match.end())
        if dot is None:
            return tuple(parts), position, match.end()
        position = dot.end()


def _skip(text: str, position: int) -> int:
    match = TRIVIA.match(text, position)
    return match.end() if match else position
