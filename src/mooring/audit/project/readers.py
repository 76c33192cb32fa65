"""How programs read settings: environment look-ups and other readers with a key and a default."""

from __future__ import annotations

from collections.abc import Iterator

from mooring.audit.facts import Call, Constant, Sequence
from mooring.audit.project.attributes import attribute
from mooring.audit.project.commandline import parsed
from mooring.audit.project.constructors import constructor, factory_flavour
from mooring.audit.project.meanings import (
    Context,
    Evaluates,
    External,
    Formed,
    Known,
    Made,
    Meaning,
    Outside,
    Structure,
    Unknown,
)
from mooring.audit.python.calls import last_name

__all__ = ["read_external_call"]

DEFAULT_KEYWORDS = ("default", "fallback", "default_value", "_default")
IMPORTERS = frozenset({"import_module", "__import__"})
# Functions and methods whose first argument is a key, whatever it looks like.
READERS = frozenset({"get", "getenv", "config", "env", "pop", "setdefault", "getattr", "get_env", "get_config_value"})
# Callables that give their (first or second) argument back: as text, number or typed address, in a block, awaited.
TRANSPARENT = {
    "str": 0, "int": 0, "bool": 0, "cast": 1, "RedisDsn": 0, "SecretStr": 0, "AnyUrl": 0, "URL": 0, "closing": 0,
    "aclosing": 0, "nullcontext": 0, "enter_context": 0, "enter_async_context": 0, "run": 0, "wait_for": 0, "shield": 0,
    "vars": 0,
}  # fmt: skip
# Packages whose objects read the environment: `env("X", "y")`, `env.str("X", "y")`.
ENVIRONMENTS = ("environs.", "environ.")
# Those of them that are told types and defaults when they are made.
DECLARING = ("environ.Env", "environ.FileAwareEnv")
# What a Sentinel hands out: clients of the master or of a replica.
MASTERS = frozenset({"master_for", "slave_for"})


def read_external_call(evaluator: Evaluates, func: Meaning, call: Call, context: Context) -> Iterator[Meaning]:
    """What a call gives whose callee is not in the tree."""
    dotted = func.name if isinstance(func, External | Made) and func.name else last_name(call.func)
    name = "env" if isinstance(func, Made) and dotted.startswith(ENVIRONMENTS) else dotted.rpartition(".")[2]
    made = Made(dotted, call, context, isinstance(func, External | Made) and func.guessed)
    if isinstance(func, External) and (constructor(dotted) or factory_flavour(dotted) is not None):
        yield made
    elif isinstance(func, Made) and name in MASTERS:
        yield Made(dotted, func.call, func.context, func.guessed)
    elif (line := parsed(evaluator, name, call, context)) is not None:
        yield line
    elif name in IMPORTERS and call.arguments:
        for meaning in evaluator.meanings(call.arguments[0].value, context):
            named = isinstance(meaning, Known) and isinstance(meaning.value, str)
            yield External(str(meaning.value)) if named and isinstance(meaning, Known) else Unknown()
    elif name in TRANSPARENT:
        argument = call.argument("", TRANSPARENT[name])
        yield from evaluator.meanings(argument.value, context) if argument else (Unknown(),)
    else:
        yield from (
            _got(evaluator, name, call, context)
            or _read(evaluator, name, call, context, scheme=_scheme(func), sectioned="ConfigParser()." in dotted)
            or _carried(evaluator, call, context)
            or [made]
        )


def _got(evaluator: Evaluates, name: str, call: Call, context: Context) -> list[Meaning]:
    """`getattr(module, "name")` of something whose attributes are known."""
    positional = [argument.value for argument in call.arguments if argument.keyword is None]
    if name != "getattr" or len(positional) < 2:
        return []
    names = evaluator.meanings(positional[1], context)
    if len(names) != 1 or not isinstance(names[0], Known):
        return []
    found: list[Meaning] = []
    for owner in evaluator.meanings(positional[0], context):
        found += attribute(evaluator, owner, str(names[0].value))
    # What a package outside the tree holds is not known to be there, where a default is given.
    vague = Unknown | Outside | External if len(positional) > 2 else Unknown | Outside
    telling = any(not isinstance(meaning, vague) for meaning in found)
    return [meaning for meaning in found if not isinstance(meaning, Unknown)] if telling else []


def _scheme(func: Meaning) -> Made | None:
    """What declares the types and defaults of what a reader reads: `environ.Env(REDIS_URL=(str, "redis://cache"))`."""
    return func if isinstance(func, Made) and func.name.startswith(DECLARING) else None


def _read(
    evaluator: Evaluates, name: str, call: Call, context: Context, *, scheme: Made | None, sectioned: bool
) -> list[Meaning]:
    """What a reader of settings gives: `get("X", "y")`, `config("X", default="y")`; nothing for any other call.

    A `sectioned` reader takes the name of a section before the key; `scheme` declares defaults.
    """
    positional = [argument.value for argument in call.arguments if argument.keyword is None]
    if name == "getattr" or sectioned:
        positional = positional[1:]
    keys = evaluator.meanings(positional[0], context) if positional else ()
    texts = [key.value for key in keys if isinstance(key, Known) and isinstance(key.value, str)]
    key = texts[0] if texts else None
    defaults = [given.value for keyword in DEFAULT_KEYWORDS if (given := call.argument(keyword))]
    if len(positional) > 1 and _reads(name):
        defaults.append(positional[1])
    # A class that is given a literal (`ClusterNode("cache", 7000)`) reads nothing.
    literal = bool(positional) and isinstance(positional[0], Constant) and not name[:1].isupper()
    if (key is not None and "://" in key) or not (defaults or literal or name in READERS):
        return []
    found: list[Meaning] = [Outside(key)]
    if defaults:
        # `get(key, key)` falls back to the name of the setting, which is no value of it.
        found += [m for m in evaluator.meanings(defaults[0], context) if m != Known(None) and m not in keys]
    elif scheme is not None and key:
        found += _declared(evaluator, scheme, key)
    return found


def _declared(evaluator: Evaluates, scheme: Made, key: str) -> Iterator[Meaning]:
    """The default of a key in a scheme: the second of a type and a default."""
    given = scheme.call.argument(key)
    for meaning in evaluator.meanings(given.value, scheme.context) if given else ():
        if isinstance(meaning, Structure) and isinstance(meaning.value, Sequence) and len(meaning.value.items) == 2:
            yield from evaluator.meanings(meaning.value.items[1], meaning.context)


def _reads(name: str) -> bool:
    lowered = name.lower()
    return name in READERS or "get" in lowered or "setting" in lowered


def _carried(evaluator: Evaluates, call: Call, context: Context) -> list[Meaning]:
    """The meanings of arguments that a helper passes on: an address that is only transformed keeps its provenance."""
    for argument in call.arguments:
        meanings = evaluator.meanings(argument.value, context)
        text = [meaning for meaning in meanings if isinstance(meaning, Known | Outside | Formed)]
        addressed = any(isinstance(m, Known) and isinstance(m.value, str) and "://" in m.value for m in text)
        if addressed or any(isinstance(meaning, Outside | Formed) for meaning in text):
            return list(text)
    return []
