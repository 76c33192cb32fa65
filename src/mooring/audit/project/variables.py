"""The environment variables that the fields of pydantic's settings are read from.

https://docs.pydantic.dev/latest/concepts/pydantic_settings/#environment-variable-names
"""

from __future__ import annotations

from mooring.audit.facts import Binding, Call, Constant, Local, Mapping, Module, Scope
from mooring.audit.project.inheritance import MAX_BASES, bases, external_base
from mooring.audit.project.meanings import Definition, Evaluates

__all__ = ["variable_of"]

# Arguments of a field that name the variable it is read from; no prefix applies to them.
NAMED = ("validation_alias", "alias", "env")
PREFIX = "env_prefix"


def variable_of(evaluator: Evaluates, module: Module, scope: Scope, binding: Binding, name: str) -> str:
    """The setting that a field is told by: pydantic's settings read a variable of that name behind their prefix."""
    base = external_base(evaluator, module, scope)
    if base is None or base.name.rpartition(".")[2] != "BaseSettings":
        return name
    if isinstance(binding.value, Call):
        given = [found.value for keyword in NAMED if (found := binding.value.argument(keyword))]
        if given and isinstance(given[0], Constant):
            return str(given[0].value)
    prefix = _prefix(evaluator, module, scope)
    return f"{prefix}{name}".upper() if prefix else name


def _prefix(evaluator: Evaluates, module: Module, scope: Scope, depth: int = 0) -> str:
    """What the variables of a settings class begin with, as the class or one that it inherits from has it."""
    configured = [binding.value for binding in scope.bindings.get("model_config", ())]
    inner = [binding.value for binding in scope.bindings.get("Config", ())]
    values = [found.value for one in configured if isinstance(one, Call) and (found := one.argument(PREFIX))]
    values += [v for one in configured if isinstance(one, Mapping) for k, v in one.items if k == Constant(PREFIX)]
    held = [module.scopes[one.scope].bindings.get(PREFIX, ()) for one in inner if isinstance(one, Local)]
    values += [binding.value for found in held for binding in found]
    told = [value.value for value in values if isinstance(value, Constant) and isinstance(value.value, str)]
    if told or depth >= MAX_BASES:
        return told[-1] if told else ""
    above = [one for one in bases(evaluator, module, scope) if isinstance(one, Definition)]
    inherited = (_prefix(evaluator, one.module, one.scope, depth + 1) for one in above)
    return next(filter(None, inherited), "")
