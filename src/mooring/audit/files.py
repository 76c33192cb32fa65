"""A file and its text, with every character where it was."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

__all__ = ["SourceFile", "Undecodable", "decode", "is_test", "read"]

LINE = re.compile(r"\r\n|\r|\n")
# PEP 263: a declaration on one of the first two lines, the first of which may otherwise hold only a comment.
CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
BLANK = re.compile(rb"^[ \t\f]*(?:#.*)?\r?$")


class Undecodable(ValueError):
    """The bytes of a file are not text in the encoding that it declares."""


@dataclass(frozen=True)
class SourceFile:
    """One file: `path` relative to the root with `/`, its decoded text with newlines as they stand, without the BOM.

    Where the text is not the file's own (code of a notebook, what could be mended of a broken file) it cannot be edited
    by its offsets, so it is not `editable`, and `shifts` says how far to the left each line was moved.
    """

    path: str
    location: Path
    text: str
    encoding: str = "utf-8"
    bom: bool = False
    shifts: Mapping[int, int] = field(default_factory=dict, compare=False)
    editable: bool = True

    @cached_property
    def starts(self) -> list[int]:
        """The offset at which each line starts."""
        return [0, *(match.end() for match in LINE.finditer(self.text))]

    @cached_property
    def ascii(self) -> bool:
        """Whether each of its characters takes one byte, so that columns of bytes are columns of characters."""
        return self.text.isascii()

    @property
    def newline(self) -> str:
        r"""The newline that an added line must end with: the file's first, else `\n`."""
        match = LINE.search(self.text)
        return match.group() if match else "\n"

    def line(self, number: int) -> str:
        """The text of a line (from 1), without its newline."""
        start = self.starts[number - 1]
        end = self.starts[number] if number < len(self.starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")

    def offset(self, line: int, column: int) -> int:
        """The offset into the text of a line and column, both from 1."""
        return self.starts[line - 1] + column - 1 - self.shifts.get(line, 0)

    def column(self, line: int, byte_offset: int) -> int:
        """The column (from 1, in characters) of a UTF-8 byte offset into a line, as `ast` gives it."""
        shift = self.shifts.get(line, 0) if self.shifts else 0
        if self.ascii:
            return byte_offset + 1 + shift
        text = self.line(line)
        if text.isascii():
            return byte_offset + 1 + shift
        return len(text.encode()[:byte_offset].decode(errors="ignore")) + 1 + shift

    def encode(self, text: str) -> bytes:
        """The bytes of `text` as this file is encoded."""
        return (codecs.BOM_UTF8 if self.bom else b"") + text.encode(self.encoding)


def decode(data: bytes) -> tuple[str, str, bool]:
    """The text of a Python file, its encoding and whether it began with a BOM (PEP 263).

    Raises `Undecodable` where the bytes are not what the file declares.
    """
    bom = data.startswith(codecs.BOM_UTF8)
    if bom:
        data = data[3:]
    encoding = "utf-8"
    for line in data.split(b"\n", 2)[:2]:
        declared = CODING.match(line)
        if declared:
            encoding = declared.group(1).decode("ascii", "replace")
            break
        if not BLANK.match(line):
            break
    try:
        return data.decode(encoding), encoding, bom
    except LookupError as error:
        raise Undecodable(f"unknown encoding {encoding!r}") from error
    except UnicodeDecodeError as error:
        raise Undecodable(f"not {encoding}: byte {error.start} is {data[error.start]:#04x}") from error


def read(root: Path, path: str, data: bytes) -> SourceFile:
    """The file at `path` under `root`, whose bytes are `data`."""
    text, encoding, bom = decode(data)
    return SourceFile(path, root / path, text, encoding, bom)


def is_test(path: str) -> bool:
    """Whether the contract calls this path a test: `test_*.py`, `*_test.py`, `conftest.py` or anything in `tests/`."""
    *folders, name = path.split("/")
    stem = name.removesuffix(".py")
    return "tests" in folders or stem.startswith("test_") or stem.endswith("_test") or name == "conftest.py"
