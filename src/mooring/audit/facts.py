"""What is known of a tree: plain data that the readers fill in and the rules read.

Two storeys. A `Module` is what one file says by itself (scopes, bindings, calls, as symbolic values), so that it can be
cached by content. A `Site`, `Command` or `Service` is what those say together, once `mooring.audit.project` has linked
the modules.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Literal, TypeAlias

__all__ = [
    "Argument",
    "Assignment",
    "Attribute",
    "Awaited",
    "Binding",
    "Call",
    "Choice",
    "Command",
    "Confidence",
    "Constant",
    "Endpoint",
    "EnvVar",
    "Import",
    "Imported",
    "Item",
    "Joined",
    "Local",
    "Mapping",
    "Module",
    "Name",
    "Opaque",
    "Parameter",
    "Provenance",
    "Scope",
    "ScopeKind",
    "Sequence",
    "Service",
    "Site",
    "Span",
    "Unreadable",
    "Use",
    "Value",
    "Workload",
]


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Part of a file: lines and columns from 1, in characters; `end_column` is the first column after it."""

    line: int
    column: int
    end_line: int
    end_column: int


class Provenance(StrEnum):
    """Who decides where a site connects; the words are those of the audit's contract."""

    DEFAULT = "default"
    LITERAL = "literal"
    FALLBACK = "fallback"
    EXTERNAL = "external"
    POOL = "pool"
    UNKNOWN = "unknown"


class Confidence(StrEnum):
    """How sure a finding is: a low one comes from a guess that its message names."""

    HIGH = "high"
    LOW = "low"


class ScopeKind(StrEnum):
    """Where a site stands, told by how often it runs."""

    MODULE = "module"
    CLASS = "class"
    INIT = "init"
    FUNCTION = "function"
    COROUTINE = "coroutine"
    LOOP = "loop"
    LIFESPAN = "lifespan"
    TEST = "test"
    MAIN = "main"


class Use(Enum):
    """What happens to a value where it appears."""

    DROPPED = "dropped"
    LOCAL = "local"
    WITH = "with"
    RECEIVER = "receiver"
    RETURNED = "returned"
    YIELDED = "yielded"
    STORED = "stored"
    PASSED = "passed"
    CAPTURED = "captured"
    TESTED = "tested"
    AWAITED = "awaited"
    OTHER = "other"


# --- one file: symbolic values --------------------------------------------------------------------------------------


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


# --- one file: scopes and bindings -----------------------------------------------------------------------------------


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
    uses: dict[str, set[Use]] = field(default_factory=dict)
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


# --- the whole tree --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a site connects, as far as the code tells.

    `text` is what people see, without any secret (`localhost:6379`, `redis://:***@cache:6379/0`, `$REDIS_URL`).
    The other fields hold what is fully known; `known` says that nothing of the address is left open.
    """

    text: str
    kind: Literal["default", "host", "url", "socket", "nodes", "pool", "unknown"]
    known: bool = False
    scheme: str = "redis"
    host: str | None = None
    port: int | None = None
    db: int | None = None
    options: tuple[tuple[str, str], ...] = ()
    userinfo: bool = False


@dataclass(slots=True, eq=False)
class Site:
    """One call of a client constructor, linked: what it makes, where that connects and how long it lives.

    A `setting` is no call but the address that a library such as Celery is configured with; `call.span` is its value's.
    """

    module: Module
    call: Call
    constructor: str
    asynchronous: bool | None
    provenance: Provenance
    endpoint: Endpoint
    scope: ScopeKind
    confidence: Confidence = Confidence.HIGH
    unbound_root: str | None = None
    credentials: bool = False
    literal_password: Span | None = None
    per_call: bool = False
    uncached: bool = False
    bound: tuple[Call, ...] = ()
    setting: bool = False

    @property
    def path(self) -> str:
        """The file, relative to the root."""
        return self.module.path


@dataclass(slots=True, eq=False)
class Command:
    """A command called on a client.

    `site` makes the client; it is None for one of Mooring's factory, or one that only an annotation tells of.
    """

    module: Module
    call: Call
    name: str
    asynchronous: bool | None
    site: Site | None
    coroutine: Scope | None
    annotated: bool = False

    @property
    def confidence(self) -> Confidence:
        """As sure as the site is."""
        return self.site.confidence if self.site else Confidence.HIGH


@dataclass(frozen=True, slots=True)
class Service:
    """A directory with an entry point; `kind` is `mcp` where it speaks MCP, else `python`."""

    name: str
    path: str
    kind: Literal["mcp", "python"]
    entry: str


@dataclass(frozen=True, slots=True)
class EnvVar:
    """One variable that a manifest sets: a plain value, or a reference (`source`: `kind/name/key`)."""

    name: str
    # A manifest may hold a password in plain text.
    value: str | None = field(repr=False)
    source: str | None
    path: str
    span: Span


@dataclass(frozen=True, slots=True)
class Workload:
    """A container that a manifest runs: its name there, its command line and its environment."""

    name: str
    path: str
    span: Span
    image: str | None
    command: tuple[str, ...]
    environment: tuple[EnvVar, ...]
