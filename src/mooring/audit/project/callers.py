"""Who calls a function of the tree, and which functions are registered to run at start-up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property

from mooring.audit.facts import Attribute, Call, Constant, Imported, Local, Module, Name, Opaque, Scope, Sequence, Value
from mooring.audit.project.evaluate import Evaluator
from mooring.audit.project.meanings import Context, Definition, Meanings
from mooring.audit.python.calls import last_name

__all__ = ["Callers"]

STARTUP_KEYWORDS = frozenset({"lifespan", "on_startup", "on_shutdown", "on_cleanup", "startup", "shutdown"})
REGISTRATIONS = frozenset({"add_event_handler", "append", "register", "connect", "register_listener"})
Called = tuple[Module, Call]
STARTUP_WORDS = ("startup", "cleanup", "server_start", "process_start")


class Callers:
    """Looks up callers by name first and then by meaning: most calls of a tree are never followed.

    A call that spells another name than the function's can reach it only through a name that is given something else:
    an alias, an attribute, a default. Those are few, and always followed.
    """

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._modules = list(evaluator.modules.loaded.values())

    def of(self, function: Scope) -> list[tuple[Module, Call]]:
        """The calls of `function` in the modules that are read."""
        named = [
            (module, call)
            for module, call in self._named[0].get(function.name, ())
            if function in self._reached(self._evaluator.meanings(call.func, Context(module, call.scope)))
        ]
        return [*named, *self._renamed.get(id(function), ())]

    def starts(self, function: Scope) -> bool:
        """Whether `function` is registered as a start-up or shutdown handler."""
        return id(function) in self._started

    @cached_property
    def _named(self) -> tuple[dict[str, list[Called]], list[Called]]:
        """The calls by the name that they spell, and those that may reach any function."""
        named: dict[str, list[Called]] = defaultdict(list)
        others: list[Called] = []
        for module in self._modules:
            renaming = _renaming(module)
            for call in module.calls:
                name = last_name(call.func)
                (others if not name or name in renaming else named[name]).append((module, call))
        return named, others

    @cached_property
    def _renamed(self) -> dict[int, list[Called]]:
        """The calls that spell another name, by the id of the function that they reach."""
        found: dict[int, list[Called]] = defaultdict(list)
        for module, call in self._named[1]:
            for scope in self._reached(self._evaluator.glance(call.func, Context(module, call.scope))):
                found[id(scope)].append((module, call))
        return found

    @cached_property
    def _started(self) -> set[int]:
        """The ids of the functions that are registered as handlers."""
        return {
            id(scope)
            for module in self._modules
            for call in module.calls
            for value in _handlers(call)
            for scope in self._reached(self._evaluator.meanings(value, Context(module, call.scope)))
        }

    @staticmethod
    def _reached(meanings: Meanings) -> list[Scope]:
        return [meaning.scope for meaning in meanings if isinstance(meaning, Definition)]


def _renaming(module: Module) -> set[str]:
    """The names and attributes of a module that may stand for a function of another name."""
    found: set[str] = set()
    for scope in module.scopes:
        for bound in (scope.bindings, scope.attributes):
            found.update(name for name, given in bound.items() if any(_renames(module, name, b.value) for b in given))
        found.update(p.name for p in scope.parameters if p.default and _renames(module, p.name, p.default))
    return found


def _renames(module: Module, name: str, value: Value) -> bool:
    match value:
        case Imported(name=other):
            return other not in (None, name)
        case Name(id=other) | Attribute(name=other):
            return other != name
        case Local(scope=index):
            return module.scopes[index].name != name
        case Constant() | Opaque():
            return False
    return True


def _handlers(call: Call) -> Iterator[Value]:
    """What a call registers to be run when the application starts or stops."""
    registers = last_name(call.func) in REGISTRATIONS and any(
        word in part.lower() for part in _words(call) for word in STARTUP_WORDS
    )
    for argument in call.arguments:
        if registers or argument.keyword in STARTUP_KEYWORDS:
            yield from argument.value.items if isinstance(argument.value, Sequence) else (argument.value,)


def _words(call: Call) -> list[str]:
    """The words of a registration: `app.on_startup.append(f)`, `app.add_event_handler("startup", f)`."""
    words = [str(a.value.value) for a in call.arguments if isinstance(a.value, Constant)]
    value: Value = call.func
    while isinstance(value, Attribute):
        words.append(value.name)
        value = value.base
    return words
