"""Lists in brackets, of TOML and of Python: entries come and go, their neighbours keep commas, comments and layout."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mooring.audit.surroundings.formats.lines import indent, is_alone, line_end, line_start, lines_removed, next_line
from mooring.audit.surroundings.formats.listing import Package, Rank, predecessor

__all__ = ["Array", "Element"]

COMMA = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*,")
QUOTES = "\"'"
STEP = "    "


@dataclass(frozen=True, slots=True)
class Element:
    """One entry, from `start` to `end`, and the package that it asks for, if it is a requirement."""

    start: int
    end: int
    name: str | None


@dataclass(frozen=True, slots=True)
class Array:
    """A list whose brackets stand at `opening` and `closing`."""

    text: str
    newline: str
    rank: Rank
    opening: int
    closing: int
    elements: Sequence[Element]
    bare: bool = False  # the entries are names only

    @property
    def names(self) -> list[str | None]:
        """The packages, in order."""
        return [element.name for element in self.elements]

    def adding(self, package: Package) -> str:
        """The text with one more entry, in the quotes of its neighbour."""
        before = predecessor(self.names, package.name)
        quote = self._quote(max(before, 0))
        entry = f"{quote}{package}{quote}"
        if not self.elements:
            return self._first_of_all(entry)
        return self._after(self.elements[before], entry) if before >= 0 else self._first(entry)

    def removing(self, index: int) -> str:
        """The text without an entry, and without its line where it had one for itself."""
        text, element = self.text, self.elements[index]
        comma = self._comma(element.end)
        end = element.end if comma is None else comma + 1
        last = index == len(self.elements) - 1
        if is_alone(text, element.start, end):
            removed = lines_removed(text, element.start, end)
            if last and comma is None and index:
                # The entry before it is now the last, and the list has no comma after its last entry.
                left = self._comma(self.elements[index - 1].end)
                removed = removed if left is None else removed[:left] + removed[left + 1 :]
            return removed
        if not last:
            following = self.elements[index + 1].start
            if "\n" not in text[end:following]:
                return text[: element.start] + text[following:]
            head = text[: element.start]
            return (head if text[end:].lstrip(" \t").startswith("#") else head.rstrip(" \t")) + text[end:]
        start = self.elements[index - 1].end if index else element.start
        if "#" in text[start : element.start]:
            start = element.start
        elif comma is not None and index:
            start = (self._comma(start) or start) + 1
        return text[:start] + text[end:]

    def _quote(self, index: int) -> str:
        if self.elements and self.text[self.elements[index].end - 1] in QUOTES:
            return self.text[self.elements[index].end - 1]
        return '"'

    def _comma(self, end: int) -> int | None:
        """Where the comma after an entry stands, if it has one."""
        match = COMMA.match(self.text, end, self.closing)
        return match.end() - 1 if match else None

    def _after(self, element: Element, entry: str) -> str:
        text, comma = self.text, self._comma(element.end)
        end = element.end if comma is None else comma + 1
        if is_alone(text, element.start, end):
            line = line_end(text, end)
            added = f"{self.newline}{indent(text, element.start)}{entry}"
            if comma is None:
                return f"{text[:end]},{text[end:line]}{added}{text[line:]}"
            return f"{text[:line]}{added},{text[line:]}"
        if comma is None:
            return f"{text[:end]}, {entry}{text[end:]}"
        return f"{text[:end]} {entry},{text[end:]}"

    def _first(self, entry: str) -> str:
        text, first = self.text, self.elements[0]
        if not text[line_start(text, first.start) : first.start].strip():
            line = line_end(text, self.opening)
            return f"{text[:line]}{self.newline}{indent(text, first.start)}{entry},{text[line:]}"
        return f"{text[: first.start]}{entry}, {text[first.start :]}"

    def _first_of_all(self, entry: str) -> str:
        text, inside = self.text, self.opening + 1
        if next_line(text, inside) > self.closing:  # on one line
            return f"{text[:inside]}{entry}{text[self.closing :]}"
        line = line_end(text, inside)
        return f"{text[:line]}{self.newline}{indent(text, self.closing)}{STEP}{entry},{text[line:]}"
