"""The command line of a program: what `argparse`, `optparse`, `click` and `typer` take when an option is left out."""

from __future__ import annotations

from collections.abc import Iterator

from mooring.audit.facts import Argument, Attribute, Call, Constant, Module, Scope, Value
from mooring.audit.project.functions import returned
from mooring.audit.project.meanings import (
    CommandLine,
    Context,
    Definition,
    Evaluates,
    Known,
    Made,
    Meaning,
    Outside,
)
from mooring.audit.python.calls import last_name

__all__ = ["declared_default", "is_command_line", "option", "parsed"]

DECLARATIONS = frozenset({"add_argument", "add_option"})
PARSERS = frozenset({"parse_args", "parse_known_args", "parse_intermixed_args", "parse_known_intermixed_args"})
# How parameters that take a parsed command line are called, where the module declares options.
NAMES = frozenset({"args", "opts", "options", "arguments", "namespace", "ns", "parsed_args", "cli_args"})
# Declarations of parameters as click's decorators, and as the defaults of typer and FastAPI.
DECORATORS = frozenset({"option", "argument"})
DEFAULTS = frozenset({"Option", "Argument", "Query", "Header", "Cookie", "Form", "Body", "Path", "Param"})


def parsed(evaluator: Evaluates, name: str, call: Call, context: Context) -> CommandLine | None:
    """What `parser.parse_args()` gives, whose parser was filled in this module or where it was made."""
    if name not in PARSERS:
        return None
    modules = [context.module]
    if isinstance(call.func, Attribute):
        makers = evaluator.meanings(call.func.base, context)
        modules += [made.context.module for made in makers if isinstance(made, Made)]
    return CommandLine(next((module for module in modules if _declares(module)), context.module))


def is_command_line(module: Module, name: str, annotation: Value | None) -> bool:
    """Whether a parameter of this name and annotation takes a parsed command line."""
    typed = annotation is not None and last_name(annotation) == "Namespace"
    return (typed or (annotation is None and name in NAMES)) and _declares(module)


def option(evaluator: Evaluates, line: CommandLine, name: str) -> Iterator[Meaning]:
    """`args.name`: from outside, or the default of the option."""
    yield Outside(name, handed=True)
    for call in line.module.calls:
        default = _default(call, name)
        if default is not None:
            yield from _value(evaluator, default.value, Context(line.module, call.scope))


def declared_default(
    evaluator: Evaluates, scope: Scope, name: str, default: Value | None, around: Context
) -> list[Meaning]:
    """What a parameter is given when nothing is: its default, or that of the option it is declared as."""
    for decorator in scope.decorators:
        if isinstance(decorator, Call) and last_name(decorator.func) in DECORATORS and _clicked(decorator) == name:
            given = decorator.argument("default")
            return _value(evaluator, given.value, around) if given else []
    if isinstance(default, Call) and last_name(default.func) in DEFAULTS:
        given = default.argument("default", 0)
        default = given.value if given else None
    return _value(evaluator, default, around) if default is not None else []


def _value(evaluator: Evaluates, value: Value, context: Context) -> list[Meaning]:
    """What a default means; `click` calls one that is a function."""
    found: list[Meaning] = []
    for meaning in evaluator.meanings(value, context):
        if isinstance(meaning, Definition) and meaning.scope.kind in ("function", "lambda"):
            found += returned(evaluator, meaning, (), context)
        elif meaning != Known(None):
            found.append(meaning)
    return found


def _declares(module: Module) -> bool:
    return any(last_name(call.func) in DECLARATIONS for call in module.calls)


def _default(call: Call, name: str) -> Argument | None:
    """The default that a call of `add_argument` or `set_defaults` declares for the option `name`."""
    kind = last_name(call.func)
    if kind == "set_defaults":
        return call.argument(name)
    return call.argument("default") if kind in DECLARATIONS and _destination(call) == name else None


def _destination(call: Call) -> str:
    """The attribute that an option of `argparse` sets."""
    given = call.argument("dest")
    if given is not None and isinstance(given.value, Constant):
        return str(given.value.value)
    flags = _flags(call)
    named = [flag for flag in flags if flag.startswith("--")] or flags
    return named[0].lstrip("-").replace("-", "_") if named else ""


def _clicked(call: Call) -> str:
    """The parameter that an option of `click` sets: the plain name, else the longest flag."""
    flags = _flags(call)
    plain = [flag for flag in flags if not flag.startswith("-")]
    named = plain or [flag for flag in flags if flag.startswith("--")] or flags
    return named[0].partition("/")[0].lstrip("-").replace("-", "_").lower() if named else ""


def _flags(call: Call) -> list[str]:
    positional = [argument.value for argument in call.arguments if argument.keyword is None]
    return [value.value for value in positional if isinstance(value, Constant) and isinstance(value.value, str)]
