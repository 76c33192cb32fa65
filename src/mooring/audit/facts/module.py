"""What one Python file says by itself: scopes, bindings, imports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from mooring.audit.facts.values import Call, Imported, Value
from mooring.audit.facts.words import Confidence, Span, Use

__all__ = ["Assignment", "Binding", "Import", "Module", "Parameter", "Scope", "Unreadable"]


@dataclass(slots=True, eq=False)
class Binding:
    """One value that a name or attribute may have; `scope` is where the value is looked up."""

    value: Value
    line: int
    scope: int
    conditional: bool = False
    annotation: Value | None = None
    unpacked: bool = False


@dataclass(frozen=True, slots=True)
class Assignment:
    """One assignment as it stands: to an attribute or item anywhere, or to a name of a module or class."""

    target: Value
    value: Value
    span: Span
    scope: int


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a function; `variadic` is `*` or `**` for the collecting kinds."""

    name: str
    default: Value | None
    annotation: Value | None = None
    variadic: str = ""


@dataclass(slots=True, eq=False)
class Scope:
    """A module, class, function or lambda: what it binds and how it is used."""

    index: int
    kind: Literal["module", "class", "function", "lambda"]
    name: str
    qualname: str
    parent: int | None
    span: Span
    asynchronous: bool = False
    generator: bool = False
    parameters: tuple[Parameter, ...] = ()
    decorators: tuple[Value, ...] = ()
    bases: tuple[Value, ...] = ()
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    attributes: dict[str, list[Binding]] = field(default_factory=dict)
    returns: list[Value] = field(default_factory=list)
    outer: set[str] = field(default_factory=set)
    uses: dict[str, frozenset[Use]] = field(default_factory=dict)
    reads: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Import:
    """One alias of one import statement, with what a fixer needs to move it."""

    module: str
    name: str | None
    asname: str | None
    level: int
    span: Span
    scope: int
    guarded: bool = False
    type_checking: bool = False


@dataclass(slots=True, eq=False)
class Module:
    """What one Python file says by itself; `mentioned` are imports in its docstring or comments."""

    path: str
    scopes: list[Scope] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    imports: list[Import] = field(default_factory=list)
    stars: list[Imported] = field(default_factory=list)
    assignments: list[Assignment] = field(default_factory=list)
    mentioned: tuple[Import, ...] = ()
    confidence: Confidence = Confidence.HIGH

    def enclosing(self, scope: int) -> Iterator[Scope]:
        """The scope and those around it, innermost first."""
        index: int | None = scope
        while index is not None:
            found = self.scopes[index]
            yield found
            index = found.parent


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that could not be read or parsed; `line` is None where the reason has none."""

    path: str
    line: int | None
    reason: str
