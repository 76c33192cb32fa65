"""Commands called on the clients of known sites."""

from __future__ import annotations

from collections.abc import Iterator

from mooring.audit.facts import Attribute, Call, Command, Module, Scope, Site
from mooring.audit.project.command_names import COMMANDS
from mooring.audit.project.constructors import constructor
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
        found = _client(evaluator, call.func, Context(module, call.scope), sites)
        if found is not None:
            yield Command(module, call, name, *found, _coroutine(module, call))


def _client(
    evaluator: Evaluates, func: Attribute, context: Context, sites: dict[int, Site]
) -> tuple[bool | None, Site | None] | None:
    """Whether the receiver is an asyncio client, and the site that makes it, if all that it can be agree."""
    found: list[tuple[bool | None, Site | None]] = []
    for meaning in evaluator.meanings(func.base, context):
        made = constructor(meaning.name) if isinstance(meaning, Made | Typed) else None
        if made is None or made.kind not in CLIENT_KINDS:
            continue
        if isinstance(meaning, Typed):
            found.append((made.asynchronous, None))
        elif isinstance(meaning, Made) and id(meaning.call) in sites:
            site = sites[id(meaning.call)]
            found.append((site.asynchronous, site))
    if len({asynchronous for asynchronous, _ in found}) != 1:
        return None
    return max(found, key=lambda client: client[1] is not None)


def _coroutine(module: Module, call: Call) -> Scope | None:
    """The `async def` whose body a call stands in, not through a nested `def` or lambda."""
    for scope in module.enclosing(call.scope):
        if scope.kind in ("function", "lambda"):
            return scope if scope.asynchronous else None
    return None
