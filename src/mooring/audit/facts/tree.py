"""What the files of a tree say together: sites, commands, services."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mooring.audit.facts.module import Module, Scope
from mooring.audit.facts.values import Call
from mooring.audit.facts.words import Confidence, Provenance, ScopeKind, Span

__all__ = ["Command", "Endpoint", "Service", "Site"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a site connects, as far as the code tells.

    `text` is what people see, without any secret (`localhost:6379`, `redis://:***@cache:6379/0`, `$REDIS_URL`).
    The other fields hold what is fully known; `known` says that nothing of the address is left open, `handed` that a
    caller or the command line may give the URL.
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
    handed: bool = False


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
