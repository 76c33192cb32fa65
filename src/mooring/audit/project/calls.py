"""What a call gives, by what its callee means."""

from __future__ import annotations

from collections.abc import Iterator

from mooring.audit.facts import Call
from mooring.audit.project.functions import returned
from mooring.audit.project.meanings import (
    Context,
    Definition,
    Evaluates,
    External,
    Instance,
    Made,
    Meaning,
    Partial,
    Unknown,
    distinct,
)
from mooring.audit.project.readers import read_external_call
from mooring.audit.project.subclasses import client_base

__all__ = ["called"]


def called(evaluator: Evaluates, func: Meaning, call: Call, context: Context) -> Iterator[Meaning]:
    """The meanings of `call`, whose callee means `func`."""
    match func:
        case Definition(scope=scope) if scope.kind == "class":
            yield _instantiated(evaluator, func, call, context)
        case Definition():
            found = distinct(returned(evaluator, func, call.arguments, context))
            if any(not isinstance(meaning, Unknown) for meaning in found):
                yield from found
            else:
                # The body tells nothing; the call may still look like a reader of settings.
                yield from read_external_call(evaluator, External(func.scope.name), call, context)
        case External(name="functools.partial") if call.arguments:
            for inner in evaluator.meanings(call.arguments[0].value, context):
                yield Partial(inner, call, context)
        case External(name=name) if name.endswith(".Depends") and call.arguments:
            for inner in evaluator.meanings(call.arguments[0].value, context):
                if isinstance(inner, Definition) and inner.scope.kind == "function":
                    yield from returned(evaluator, inner, (), context)
        case Partial(func=inner):
            yield from called(evaluator, inner, call, context)
        case _:
            yield from read_external_call(evaluator, func, call, context)


def _instantiated(evaluator: Evaluates, func: Definition, call: Call, context: Context) -> Meaning:
    client = client_base(evaluator, func)
    if client is not None:
        return Made(client.name, call, context, client.guessed)
    return Instance(func.module, func.scope, call, context)
