"""Tables of TOML in which each key is a package, as Poetry and Pipenv have them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mooring.audit.surroundings.formats.lines import indent, line_end, lines_removed
from mooring.audit.surroundings.formats.listing import Package, Rank, Unsupported, normal, predecessor
from mooring.audit.surroundings.formats.toml import Header, Statement

__all__ = ["Table", "table_at"]

# Poetry's line for the interpreter stands first, whatever follows.
INTERPRETER = "python"


@dataclass(frozen=True, slots=True)
class Entry:
    """What a table says of one package.

    `whole` tells that each line of it is this table's own, `plain` that it is a single one.
    """

    name: str
    statements: Sequence[Statement]
    whole: bool
    plain: bool

    @property
    def first(self) -> Statement:
        """Where it begins."""
        return self.statements[0]

    @property
    def last(self) -> Statement:
        """Where it ends."""
        return self.statements[-1]


@dataclass(frozen=True, slots=True)
class Table:
    """The table with this header, or with none where dotted keys make it."""

    text: str
    newline: str
    rank: Rank
    header: Header | None
    entries: Sequence[Entry]

    @property
    def names(self) -> list[str | None]:
        """The packages, in order; the interpreter is none."""
        return [None if entry.name == INTERPRETER else entry.name for entry in self.entries]

    def adding(self, package: Package) -> str:
        """The text with one more line, under a key like its neighbour's."""
        text, line = self.text, f'{package.name} = "{package.bound or "*"}"'
        before = predecessor(self.names, package.name)
        # What another header holds follows all that stands under this one.
        while before >= 0 and not self.entries[before].whole:
            before -= 1
        neighbour = self.entries[before] if before >= 0 else None
        if self.header is not None:
            place, start, prefix = self.header.end, self.header.start, ""
            if neighbour is not None:
                place, start = neighbour.last.end, neighbour.first.key
        elif neighbour is not None and neighbour.plain:
            place, start = neighbour.last.end, neighbour.first.key
            prefix = text[start : neighbour.first.last]  # `dependencies.redis = "^5"`: the key names the table too
        else:
            raise Unsupported("lists its packages in a way that cannot be added to")
        end = line_end(text, place)
        return f"{text[:end]}{self.newline}{indent(text, start)}{prefix}{line}{text[end:]}"

    def removing(self, index: int) -> str:
        """The text without what it says of a package."""
        entry = self.entries[index]
        if not entry.whole:
            raise Unsupported(f"says what it wants of {entry.name} in a table of its own")
        text = self.text
        for statement in reversed(entry.statements):
            text = lines_removed(text, statement.key, statement.end)
        return text


def table_at(
    path: tuple[str, ...], found: Sequence[Header | Statement], text: str, newline: str, rank: Rank
) -> Table | None:
    """The table at `path`, if the file has one. Raises `Unsupported` where it stands in braces."""
    depth = len(path)
    header = next((one for one in found if isinstance(one, Header) and one.path == path and not one.repeated), None)
    held: dict[str, list[Statement]] = {}
    for one in found:
        if isinstance(one, Statement) and one.path[:depth] == path and len(one.path) > depth:
            if len(one.path) == depth + 1 and one.inline:
                raise Unsupported("lists its packages in braces")
            if not one.inline:
                held.setdefault(one.path[depth], []).append(one)
    if header is None and not held:
        return None
    entries = [
        Entry(
            normal(name),
            statements,
            all(len(one.table) <= depth for one in statements),
            len(statements) == 1 and len(statements[0].path) == depth + 1,
        )
        for name, statements in held.items()
    ]
    return Table(text, newline, rank, header, entries)
