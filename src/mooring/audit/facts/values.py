"""Expressions of one file as symbolic values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from mooring.audit.facts.words import Span, Use

__all__ = [
    "Argument",
    "Attribute",
    "Awaited",
    "Call",
    "Choice",
    "Constant",
    "Imported",
    "Item",
    "Joined",
    "Local",
    "Mapping",
    "Name",
    "Opaque",
    "Sequence",
    "Value",
]


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal of the language; bytes are decoded as Latin-1."""

    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Name:
    """A name that is looked up through the scopes."""

    id: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Local:
    """A definition of this module: the index of its scope."""

    scope: int


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import binds: a module (`name` is None) or one of its names; `level` counts the leading dots."""

    module: str
    name: str | None = None
    level: int = 0


@dataclass(frozen=True, slots=True)
class Attribute:
    """`base.name`."""

    base: Value
    name: str


@dataclass(frozen=True, slots=True)
class Item:
    """`base[key]`."""

    base: Value
    key: Value


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several: `a or b`, `a if c else b`."""

    options: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Joined:
    """Text put together: f-string, `+`, `%`, `.format`."""

    parts: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Mapping:
    """A dict display; the key None stands for an unpacked mapping. `spans` are those of the values."""

    items: tuple[tuple[Value | None, Value], ...]
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list, tuple or set display."""

    items: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Awaited:
    """`await value`."""

    value: Value


@dataclass(frozen=True, slots=True)
class Opaque:
    """Anything that is not followed."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a call: `keyword` is None for a positional one, `*` or `**` for an unpacked one."""

    keyword: str | None
    value: Value
    span: Span
    value_span: Span


@dataclass(slots=True, eq=False)
class Call:
    """A call as it stands in the file, and what becomes of its result."""

    func: Value
    arguments: tuple[Argument, ...]
    span: Span
    func_span: Span
    scope: int
    in_loop: bool = False
    awaited: bool = False
    off_thread: bool = False
    use: Use = Use.OTHER
    targets: tuple[str, ...] = ()
    passed_to: str = ""

    def argument(self, keyword: str, position: int | None = None) -> Argument | None:
        """The argument given as `keyword`, or at `position` among the positional ones (from 0)."""
        for argument in self.arguments:
            if argument.keyword == keyword:
                return argument
        if position is not None:
            positional = [a for a in self.arguments if a.keyword is None]
            starred = any(a.keyword == "*" for a in self.arguments)
            if position < len(positional) and not starred:
                return positional[position]
        return None


Value: TypeAlias = (
    Constant
    | Name
    | Local
    | Imported
    | Attribute
    | Item
    | Choice
    | Joined
    | Mapping
    | Sequence
    | Awaited
    | Opaque
    | Call
)
