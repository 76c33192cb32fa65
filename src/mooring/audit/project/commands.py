"""Commands called on the clients of known sites."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mooring.audit.facts import Attribute, Call, Command, Module, Scope, Site
from mooring.audit.project.command_names import COMMANDS
from mooring.audit.project.constructors import constructor, factory_flavour
from mooring.audit.project.meanings import Context, Evaluates, Made, Typed

__all__ = ["find_commands"]

CLIENT_KINDS = frozenset({"client", "cluster", "address", "nodes"})


def find_commands(evaluator: Evaluates, module: Module, sites: dict[int, Site]) -> Iterator[Command]:
    """The commands in one module whose client is made at one of `sites` (by the id of the call)."""
    for call in module.calls:
        if not isinstance(call.func, Attribute):
            continue
        name = call.func.name
        if name not in COMMANDS:
            continue
        found = list(_clients(evaluator, call.func, Context(module, call.scope), sites))
        # Where the receiver can be clients of both kinds, nothing is sure.
        if len({client.asynchronous for client in found}) == 1:
            client = min(found, key=lambda client: (client.annotated, client.site is None))
            coroutine = _coroutine(module, call)
            yield Command(module, call, name, client.asynchronous, client.site, coroutine, client.annotated)


@dataclass(frozen=True, slots=True)
class Client:
    """One client that a receiver can be; `annotated` if only an annotation tells of it."""

    asynchronous: bool | None
    site: Site | None = None
    annotated: bool = False


def _clients(evaluator: Evaluates, func: Attribute, context: Context, sites: dict[int, Site]) -> Iterator[Client]:
    for meaning in evaluator.meanings(func.base, context):
        if not isinstance(meaning, Made | Typed):
            continue
        made = constructor(meaning.name.removesuffix("().master_for").removesuffix("().slave_for"))
        if made is not None and (made.kind in CLIENT_KINDS or meaning.name.endswith("_for")):
            if isinstance(meaning, Typed):
                yield Client(made.asynchronous, annotated=True)
            elif id(meaning.call) in sites:
                yield Client(sites[id(meaning.call)].asynchronous, sites[id(meaning.call)])
        elif (flavour := factory_flavour(meaning.name)) is not None:
            yield Client(flavour)


def _coroutine(module: Module, call: Call) -> Scope | None:
    """The `async def` whose body a call stands in, not through a nested `def` or lambda."""
    for scope in module.enclosing(call.scope):
        if scope.kind in ("function", "lambda"):
            return scope if scope.asynchronous else None
    return None
