"""The words of the audit's contract, and where something stands in a file."""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import NamedTuple

__all__ = ["Confidence", "Place", "Provenance", "ScopeKind", "Severity", "Span", "Use"]


class Span(NamedTuple):
    """Part of a file: lines and columns from 1, in characters; `end_column` is the first column after it."""

    line: int
    column: int
    end_line: int
    end_column: int


class Place(NamedTuple):
    """Where something stands in the tree: a file and a part of it."""

    path: str
    span: Span


class Provenance(StrEnum):
    """Who decides where a site connects; the words are those of the audit's contract."""

    DEFAULT = "default"
    LITERAL = "literal"
    FALLBACK = "fallback"
    EXTERNAL = "external"
    POOL = "pool"
    UNKNOWN = "unknown"


class Severity(StrEnum):
    """How bad a fault is where it is one."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


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
