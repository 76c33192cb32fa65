"""Parameters of functions: what a known call gives them, what an annotation promises, what applies by default."""

from __future__ import annotations

from collections.abc import Iterator

from mooring.audit.facts import Parameter, Scope
from mooring.audit.project.classes import annotated
from mooring.audit.project.commandline import declared_default, is_command_line
from mooring.audit.project.functions import is_static
from mooring.audit.project.meanings import CommandLine, Context, Evaluates, Instance, Meaning, Outside, Typed

__all__ = ["parameter_meanings"]


def parameter_meanings(evaluator: Evaluates, parameter: Parameter, scope: Scope, context: Context) -> Iterator[Meaning]:
    """Every meaning of a parameter of `scope`, as it is used in `context`."""
    module, frame = context.module, context.frame
    holder = module.scopes[scope.parent] if scope.parent is not None else None
    first = scope.parameters[0].name if scope.parameters else None
    if holder is not None and holder.kind == "class" and parameter.name == first and not is_static(scope):
        yield Instance(module, holder)
        return
    if frame is not None and frame.function is scope:
        for name, value in frame.arguments:
            if name == parameter.name:
                yield from evaluator.meanings(value, frame.caller)
                return
        if parameter.default is None and not scope.decorators:
            yield Outside(parameter.name, handed=True)
            return
    around = Context(module, scope.parent or 0)
    if parameter.annotation is not None:
        typed = [m for m in annotated(evaluator, parameter.annotation, around) if isinstance(m, Instance | Typed)]
        yield from typed
        if typed:
            return
    if parameter.variadic != "*" and is_command_line(module, parameter.name, parameter.annotation):
        yield CommandLine(module)
        return
    yield Outside(parameter.name, handed=True)
    yield from declared_default(evaluator, scope, parameter.name, parameter.default, around)
