"""`pyproject.toml`, as the standards, uv, PDM and Poetry write it, and Pipenv's `Pipfile`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from mooring.audit.files import SourceFile
from mooring.audit.surroundings.formats.arrays import Array, Element
from mooring.audit.surroundings.formats.listing import Format, Listing, Rank, name_of
from mooring.audit.surroundings.formats.tables import table_at
from mooring.audit.surroundings.formats.toml import Header, Statement, elements, load, scan

__all__ = ["PIPFILE", "PYPROJECT"]

ANY = "*"
# Where lists of requirements stand.
ARRAYS: dict[tuple[str, ...], Rank] = {
    ("project", "dependencies"): Rank.MAIN,
    ("project", "optional-dependencies", ANY): Rank.EXTRA,
    ("dependency-groups", ANY): Rank.GROUP,
    ("tool", "uv", "dev-dependencies"): Rank.GROUP,
    ("tool", "pdm", "dev-dependencies", ANY): Rank.GROUP,
    ("tool", "poetry", "extras", ANY): Rank.MENTION,
}
POETRY: dict[tuple[str, ...], Rank] = {
    ("tool", "poetry", "dependencies"): Rank.MAIN,
    ("tool", "poetry", "dev-dependencies"): Rank.GROUP,
    ("tool", "poetry", "group", ANY, "dependencies"): Rank.GROUP,
}
PIPENV: dict[tuple[str, ...], Rank] = {("packages",): Rank.MAIN, ("dev-packages",): Rank.GROUP}

Tables = dict[tuple[str, ...], Rank]


def _listings(arrays: Tables, tables: Tables) -> Callable[[SourceFile], list[Listing]]:
    def read(source: SourceFile) -> list[Listing]:
        load(source.text)
        found = list(scan(source.text))
        listed: list[Listing] = list(_arrays(source, found, arrays))
        standard = any(one.rank is Rank.MAIN for one in listed)
        for path, pattern in _paths(found, tables).items():
            # Beside the standard's own list, Poetry's table only says more about what that asks for.
            rank = Rank.MENTION if standard and tables[pattern] is Rank.MAIN else tables[pattern]
            table = table_at(path, found, source.text, source.newline, rank)
            if table is not None:
                listed.append(table)
        return listed

    return read


def _arrays(source: SourceFile, found: Sequence[Header | Statement], arrays: Tables) -> Iterator[Array]:
    for one in found:
        pattern = next((pattern for pattern in arrays if _matches(one.path, pattern)), None)
        if pattern is None or isinstance(one, Header) or source.text[one.start] != "[":
            continue
        ranges, closing = elements(source.text, one.start)
        entries = [Element(start, end, _name(source.text[start:end])) for start, end in ranges]
        yield Array(source.text, source.newline, arrays[pattern], one.start, closing, entries)


def _name(code: str) -> str | None:
    return name_of(load(f"entry = {code}")["entry"])


def _paths(found: Sequence[Header | Statement], tables: Tables) -> dict[tuple[str, ...], tuple[str, ...]]:
    """The paths of the tables that there are, in order, each with the pattern that it matches."""
    paths: dict[tuple[str, ...], tuple[str, ...]] = {}
    for one in found:
        for pattern in tables:
            path = one.path[: len(pattern)]
            if _matches(path, pattern):
                paths.setdefault(path, pattern)
    return paths


def _matches(path: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    return len(path) == len(pattern) and all(part in (ANY, own) for own, part in zip(path, pattern, strict=True))


def _data(source: SourceFile) -> object:
    return load(source.text)


PYPROJECT = Format(_listings(ARRAYS, POETRY), _data)
PIPFILE = Format(_listings({}, PIPENV), _data)
