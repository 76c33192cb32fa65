"""Finds the calls that make Redis clients and tells what each connects to, and with which credentials."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from mooring.audit.facts import (
    Attribute,
    Call,
    Confidence,
    Constant,
    Endpoint,
    Joined,
    Local,
    Module,
    Opaque,
    Provenance,
    ScopeKind,
    Site,
    Span,
    Value,
)
from mooring.audit.project.arguments import Arguments, Handed, gather
from mooring.audit.project.constructors import NAMES, Constructor, constructor
from mooring.audit.project.endpoints import endpoint_of, url_meanings
from mooring.audit.project.evaluate import Evaluator
from mooring.audit.project.meanings import Context, Definition, Evaluates, External, Known, Made, Meaning, Partial
from mooring.audit.project.provenance import url_password
from mooring.audit.project.subclasses import client_base, handed_on

__all__ = ["attribute_names", "find_sites"]

CREDENTIALS = ("username", "credential_provider", "ssl_certfile", "auth")
Flavour = Callable[[], bool | None]
# Where the password stands among the positional arguments of a client or a connection.
PASSWORD = 3


@dataclass(frozen=True, slots=True)
class Reached:
    """The constructor that a call reaches, the name it was reached by, and what is handed on to it.

    `handed` holds the arguments of the call and of `functools.partial` on the way; it is None where a subclass keeps to
    itself what it gives to the library.
    """

    made: Constructor
    base: External
    handed: tuple[Handed, ...] | None


def attribute_names(modules: Iterable[Module]) -> frozenset[str]:
    """The names that an attribute must have to be a constructor in these modules, which are all that speak of Redis.

    Its own, or one that is given something else than a function or a literal. Methods, as most attributes that are
    called are, need not be followed.
    """
    found = set(NAMES)
    for module in modules:
        for scope in module.scopes:
            for bound in (scope.bindings, scope.attributes):
                found.update(n for n, given in bound.items() if any(_may_be_class(module, b.value) for b in given))
    return frozenset(found)


def _may_be_class(module: Module, value: Value) -> bool:
    if isinstance(value, Local):
        return module.scopes[value.scope].kind == "class"
    return not isinstance(value, Constant | Opaque | Joined)


def find_sites(
    evaluator: Evaluator, module: Module, flavour: Flavour, names: frozenset[str]
) -> Iterator[tuple[Site, Arguments]]:
    """The sites of one module, with what each constructor is given.

    `flavour` is asked whether a client whose import is missing is an asyncio one; `names` are the `attribute_names`.
    """
    # In `ConnectionPool(...).from_url(...)` the outer call speaks for both.
    inner = {
        id(call.func.base) for call in module.calls if isinstance(call.func, Attribute) and call.func.name == "from_url"
    }
    for call in module.calls:
        if id(call) in inner or (isinstance(call.func, Attribute) and call.func.name not in names):
            continue
        context = Context(module, call.scope)
        for meaning in evaluator.glance(call.func, context):
            reached = _reached(evaluator, meaning, (call.arguments, context))
            if reached is not None:
                yield _site(evaluator, module, call, reached, flavour)
                break


def _reached(evaluator: Evaluates, meaning: Meaning, own: Handed) -> Reached | None:
    match meaning:
        case Partial(func=func, call=call, context=context):
            found = _reached(evaluator, func, own)
            if found is None:
                return None
            given: Handed = (call.arguments[1:], context)
            return replace(found, handed=(given, *(found.handed or ())))
        case Definition() if meaning.scope.kind == "class":
            client = client_base(evaluator, meaning)
            made = constructor(client.name) if client else None
            if client is None or made is None:
                return None
            handed = handed_on(evaluator, meaning, *own)
            return Reached(made, client, None if handed is None else (handed,))
        case External(name=name, guessed=guessed) if not guessed or "." in name:
            made = constructor(name)
            return Reached(made, meaning, (own,)) if made else None
        case Made(name=name, guessed=guessed) if name.endswith("().from_url"):
            made = constructor(name.replace("()", ""))
            return Reached(made, External(made.name, guessed), (own,)) if made else None
    return None


def _site(
    evaluator: Evaluates, module: Module, call: Call, reached: Reached, flavour: Flavour
) -> tuple[Site, Arguments]:
    made = reached.made
    if reached.handed is None:
        arguments = Arguments(evaluator, open=True)
        provenance, endpoint = Provenance.UNKNOWN, Endpoint("?", "unknown")
    else:
        arguments = gather(evaluator, reached.handed)
        provenance, endpoint = endpoint_of(made, arguments)
    unbound = reached.base.name.partition(".")[0] if reached.base.guessed else None
    unsure = unbound is not None or module.confidence is Confidence.LOW
    site = Site(
        module,
        call,
        made.name,
        made.asynchronous if unbound is None else flavour(),
        provenance,
        endpoint,
        ScopeKind.MODULE,
        Confidence.LOW if unsure else Confidence.HIGH,
        unbound_root=unbound,
        credentials=endpoint.userinfo or arguments.open or _has_credentials(made, arguments),
        literal_password=_literal_password(made, arguments),
    )
    return site, arguments


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
