"""Finds the calls that make Redis clients and tells what each connects to, and with which credentials."""

from __future__ import annotations

from collections.abc import Iterator

from mooring.audit.facts import Attribute, Call, Confidence, Module, ScopeKind, Site, Span
from mooring.audit.project.arguments import Arguments, gather
from mooring.audit.project.constructors import Constructor, constructor
from mooring.audit.project.endpoints import endpoint_of, url_meanings
from mooring.audit.project.meanings import Context, Evaluates, External, Known, Made, Meanings, Partial
from mooring.audit.project.provenance import url_password

__all__ = ["find_sites"]

CREDENTIALS = ("username", "credential_provider", "ssl_certfile", "auth")
# Where the password stands among the positional arguments of a client or a connection.
PASSWORD = 3

Found = tuple[Constructor, External, tuple[Call, ...]]


def find_sites(evaluator: Evaluates, module: Module, flavour: bool | None) -> Iterator[Site]:
    """The sites of one module; `flavour` says whether a client whose import is missing is an asyncio one."""
    # In `ConnectionPool(...).from_url(...)` the outer call speaks for both.
    inner = {
        id(call.func.base) for call in module.calls if isinstance(call.func, Attribute) and call.func.name == "from_url"
    }
    for call in module.calls:
        if id(call) not in inner:
            found = _constructor_of(evaluator.meanings(call.func, Context(module, call.scope)), ())
            if found is not None:
                yield _site(evaluator, module, call, found, flavour)


def _constructor_of(meanings: Meanings, bound: tuple[Call, ...]) -> Found | None:
    """The constructor among `meanings`, under the name it was reached by, with the partial calls it is wrapped in."""
    for meaning in meanings:
        match meaning:
            case Partial(func=func, call=call):
                found = _constructor_of((func,), (*bound, call))
                if found is not None:
                    return found
            case External(name=name, guessed=guessed) if not guessed or "." in name:
                made = constructor(name)
                if made is not None:
                    return made, meaning, bound
            case Made(name=name, guessed=guessed) if name.endswith("().from_url"):
                made = constructor(name.replace("()", ""))
                if made is not None:
                    return made, External(made.name, guessed), bound
    return None


def _site(evaluator: Evaluates, module: Module, call: Call, found: Found, flavour: bool | None) -> Site:
    made, reached, bound = found
    given = [argument for part in (call, *bound) for argument in part.arguments]
    arguments = gather(evaluator, given, Context(module, call.scope))
    provenance, endpoint = endpoint_of(made, arguments)
    unbound = reached.name.partition(".")[0] if reached.guessed else None
    unsure = unbound is not None or module.confidence is Confidence.LOW
    return Site(
        module,
        call,
        made.name,
        made.asynchronous if unbound is None else flavour,
        provenance,
        endpoint,
        ScopeKind.MODULE,
        Confidence.LOW if unsure else Confidence.HIGH,
        unbound_root=unbound,
        credentials=endpoint.userinfo or arguments.open or _has_credentials(made, arguments),
        literal_password=_literal_password(made, arguments),
        bound=bound,
    )


def _password_position(made: Constructor) -> int | None:
    return PASSWORD if made.kind in ("client", "connection") and not made.from_url else None


def _has_credentials(made: Constructor, arguments: Arguments) -> bool:
    """Whether anything is given to authenticate with; an empty or absent password is nothing."""
    given = [*arguments.meanings("password", _password_position(made))]
    given += [meaning for name in CREDENTIALS for meaning in arguments.meanings(name)]
    return any(meaning not in (Known(None), Known("")) for meaning in given)


def _literal_password(made: Constructor, arguments: Arguments) -> Span | None:
    """The span of a password that is written in the code, by itself or in a URL."""
    position = _password_position(made)
    for meaning in arguments.meanings("password", position):
        if isinstance(meaning, Known) and isinstance(meaning.value, str) and meaning.value:
            entry = arguments.get("password", position)
            return entry.span if entry else None
    if url_password(url_meanings(made, arguments)):
        keyword = "address" if made.kind == "address" else "url"
        entry = arguments.get(keyword, 0)
        return entry.span if entry else None
    return None
