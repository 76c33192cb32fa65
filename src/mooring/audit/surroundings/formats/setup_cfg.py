"""`setup.cfg`: values of an option that go on over indented lines, one requirement a line."""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterator
from dataclasses import dataclass

from mooring.audit.files import SourceFile
from mooring.audit.surroundings.formats.lines import indent, line_end, lines_removed
from mooring.audit.surroundings.formats.listing import Format, Listing, Package, Rank, Unsupported, name_of, predecessor

__all__ = ["SETUP_CFG"]

SECTION = re.compile(r"\[(?P<name>[^\]]+)\]")
OPTION = re.compile(r"(?P<name>[^\s:=#;\[][^:=]*?)[ \t]*[:=][ \t]*")
LINE = re.compile(r"[^\n]*\n|[^\n]+")
STEP = "    "
# Values that name where the list is.
ELSEWHERE = ("file:", "attr:")

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Value:
    """One option's list; `opening` is where its value starts, on the line of its name."""

    text: str
    newline: str
    rank: Rank
    opening: int
    ranges: tuple[Range, ...]

    @property
    def names(self) -> list[str | None]:
        """The packages, in order."""
        return [name_of(self.text[start:end]) for start, end in self.ranges]

    def adding(self, package: Package) -> str:
        """The text with one more line. Raises `Unsupported` where several requirements share one."""
        text = self.text
        if any(start == self.opening and ";" in text[start:end] for start, end in self.ranges):
            raise Unsupported("lists requirements on one line")
        before = predecessor(self.names, package.name)
        if before < 0 and self.ranges and self.ranges[0][0] == self.opening:
            before = 0
        own_lines = [start for start, _ in self.ranges if start != self.opening]
        blanks = indent(text, own_lines[0]) if own_lines else STEP
        end = line_end(text, self.ranges[before][1] if before >= 0 else self.opening)
        return f"{text[:end]}{self.newline}{blanks}{package}{text[end:]}"

    def removing(self, index: int) -> str:
        """The text without an entry."""
        start, end = self.ranges[index]
        if start == self.opening:
            return self.text[:start].rstrip(" \t") + self.text[end:]
        return lines_removed(self.text, start, end)


def _listings(source: SourceFile) -> list[Listing]:
    _data(source)
    return list(_values(source))


def _values(source: SourceFile) -> Iterator[Value]:
    text, section = source.text, ""
    rank: Rank | None = None
    opening, ranges = 0, list[Range]()
    for line in LINE.finditer(text):
        start = line.start()
        content = line.group().strip()
        if not content or content[0] in "#;":
            continue
        first = start + line.group().index(content)
        if first > start:  # the value goes on
            ranges.append((first, first + len(content)))
            continue
        if rank is not None:
            yield Value(text, source.newline, rank, opening, tuple(ranges))
        rank = None
        header, option = SECTION.match(content), OPTION.match(content)
        if header:
            section = header["name"]
        elif option:
            opening = start + option.end()
            given = content[option.end() :]
            ranges = [(opening, opening + len(given))] if given else []
            rank = None if given.startswith(ELSEWHERE) else _rank(section, option["name"].lower())
    if rank is not None:
        yield Value(text, source.newline, rank, opening, tuple(ranges))


def _rank(section: str, option: str) -> Rank | None:
    if section == "options.extras_require":
        return Rank.EXTRA
    return {"install_requires": Rank.MAIN, "tests_require": Rank.GROUP}.get(option) if section == "options" else None


def _data(source: SourceFile) -> object:
    file = configparser.ConfigParser(interpolation=None)
    try:
        file.read_string(source.text)
    except configparser.Error as error:
        raise Unsupported("is no configuration file that Python reads") from error
    return {
        name: {option: list(filter(None, value.split("\n"))) for option, value in file.items(name)}
        for name in file.sections()
    }


SETUP_CFG = Format(_listings, _data)
