"""What a symbolic value can mean once names are followed through the tree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from mooring.audit.facts import Call, Module, Scope, Value

__all__ = [
    "CommandLine",
    "Context",
    "Definition",
    "Evaluates",
    "External",
    "Formed",
    "Frame",
    "Instance",
    "Known",
    "Made",
    "Meaning",
    "Meanings",
    "Outside",
    "Partial",
    "Structure",
    "TreeModule",
    "Typed",
    "Unknown",
    "distinct",
]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One call of a function of the tree: what its parameters were given there. Each call is its own."""

    function: Scope
    arguments: tuple[tuple[str, Value], ...]
    caller: Context
    depth: int


@dataclass(frozen=True, slots=True)
class Context:
    """Where a value is looked up."""

    module: Module
    scope: int
    frame: Frame | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """A literal; `field` names the settings field whose default it is (its setting may replace it)."""

    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Outside:
    """Something that comes from outside the code: `name` is the variable or setting where it is told.

    It is `handed` where a caller or the command line tells it, which outweighs the environment.
    """

    name: str | None = None
    handed: bool = False


@dataclass(frozen=True, slots=True)
class External:
    """A name of a package that is not in the tree; `guessed` when nothing in the module binds its root."""

    name: str
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class TreeModule:
    """A module of the tree."""

    path: str


@dataclass(frozen=True, slots=True)
class Definition:
    """A function or class of the tree."""

    module: Module
    scope: Scope
    instance: bool = False


@dataclass(frozen=True, slots=True)
class Instance:
    """An object of a class of the tree; `call` made it in `context`, where that is known."""

    module: Module
    scope: Scope
    call: Call | None = None
    context: Context | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """What a call of an external callable gives."""

    name: str
    call: Call
    context: Context
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class Typed:
    """Something from outside whose annotation names a class of a package outside the tree."""

    name: str


@dataclass(frozen=True, slots=True)
class Partial:
    """`functools.partial(func, …)`: calling it calls `func` with the arguments of `call` too, as seen in `context`."""

    func: Meaning
    call: Call
    context: Context


@dataclass(frozen=True, slots=True)
class Formed:
    """Text put together from parts, at least one of which is not known."""

    parts: tuple[tuple[Meaning, ...], ...]


@dataclass(frozen=True, slots=True)
class Structure:
    """A dict or sequence display, whose items are looked up in `context`."""

    value: Value
    context: Context


@dataclass(frozen=True, slots=True)
class CommandLine:
    """The parsed command line of a program; the calls that declare its options stand in `module`."""

    module: Module


@dataclass(frozen=True, slots=True)
class Unknown:
    """Cannot be told."""

    reason: str = field(default="", compare=False)


Meaning: TypeAlias = (
    Known
    | Outside
    | External
    | TreeModule
    | Definition
    | Instance
    | Made
    | Typed
    | Partial
    | Formed
    | Structure
    | CommandLine
    | Unknown
)

Meanings: TypeAlias = tuple[Meaning, ...]
# A value with more meanings than this is not worth telling apart.
MAX_MEANINGS = 24


class Evaluates(Protocol):
    """What the parts of the evaluator need of the whole."""

    def meanings(self, value: Value, context: Context) -> Meanings:
        """Every meaning of `value` in `context`."""
        ...

    def member(self, path: str, name: str) -> Meanings:
        """What `name` means in the module of the tree at `path`; nothing if it has no such name."""
        ...

    def setting(self, owner: Meaning, name: str) -> Meanings:
        """What the tree itself gives the setting `name` of a framework; nothing if `owner` holds no such."""
        ...


def distinct(found: Iterable[Meaning]) -> Meanings:
    """The meanings without repetition, in order."""
    kept: list[Meaning] = []
    for meaning in found:
        if meaning not in kept:
            kept.append(meaning)
        if len(kept) >= MAX_MEANINGS:
            break
    return tuple(kept)
