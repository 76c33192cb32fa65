"""Subclasses of clients: which of the library's constructors they are, and what reaches it through their own."""

from __future__ import annotations

from collections.abc import Iterator

from mooring.audit.facts import Argument, Attribute, Call, Name
from mooring.audit.project.arguments import Handed
from mooring.audit.project.constructors import constructor
from mooring.audit.project.functions import entered
from mooring.audit.project.inheritance import bases
from mooring.audit.project.meanings import Context, Definition, Evaluates, External
from mooring.audit.project.objects import initializer

__all__ = ["client_base", "handed_on"]

MAX_BASES = 8


def client_base(evaluator: Evaluates, definition: Definition) -> External | None:
    """The client of a library that a class of the tree is made of, through its bases."""
    for line in _lines(evaluator, definition):
        if isinstance(line[-1], External):
            return line[-1]
    return None


def handed_on(
    evaluator: Evaluates, definition: Definition, arguments: tuple[Argument, ...], context: Context
) -> Handed | None:
    """What a call of a class hands on to its client's constructor; None if the class keeps that to itself."""
    line = next(_lines(evaluator, definition), [])
    for index, ancestor in enumerate(line):
        init = initializer(ancestor.module, ancestor.scope) if isinstance(ancestor, Definition) else None
        if init is None:
            continue
        inside = entered(init, arguments, context)
        call = _super_call(evaluator, init, line[index + 1 :])
        if inside is None or call is None:
            return None
        arguments, context = _without_self(call), inside
    return arguments, context


Line = list[Definition | External]


def _lines(evaluator: Evaluates, definition: Definition, depth: int = 0) -> Iterator[Line]:
    """The ways from a class up to a client, which comes last."""
    for parent in bases(evaluator, definition.module, definition.scope):
        if isinstance(parent, External):
            if constructor(parent.name) is not None:
                yield [definition, parent]
        elif depth < MAX_BASES:
            for line in _lines(evaluator, parent, depth + 1):
                yield [definition, *line]


def _super_call(evaluator: Evaluates, init: Definition, above: Line) -> Call | None:
    """The call of an ancestor's `__init__`."""
    for call in init.module.calls:
        if call.scope != init.scope.index or not isinstance(call.func, Attribute) or call.func.name != "__init__":
            continue
        if _is_super(call):
            return call
        owners = evaluator.meanings(call.func.base, Context(init.module, init.scope.index))
        if any(owner in above for owner in owners):
            return call
    return None


def _is_super(call: Call) -> bool:
    match call.func:
        case Attribute(base=Call(func=Name(id="super"))):
            return True
    return False


def _without_self(call: Call) -> tuple[Argument, ...]:
    """The arguments; `Base.__init__(self, …)` is given the object first."""
    return call.arguments if _is_super(call) else call.arguments[1:]
