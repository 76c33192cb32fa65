"""How programs read settings: environment look-ups and other readers with a key and a default."""

from __future__ import annotations

from collections.abc import Iterator

from mooring.audit.facts import Call, Constant
from mooring.audit.project.constructors import constructor, factory_flavour
from mooring.audit.project.meanings import Context, Evaluates, External, Formed, Known, Made, Meaning, Outside, Unknown
from mooring.audit.python.calls import last_name

__all__ = ["read_external_call"]

DEFAULT_KEYWORDS = ("default", "fallback", "default_value", "_default")
IMPORTERS = frozenset({"import_module", "__import__"})
# Functions and methods whose first argument is a key, whatever it looks like.
READERS = frozenset({"get", "getenv", "config", "env", "pop", "setdefault", "getattr", "get_env", "get_config_value"})
# Callables that give their (first or second) argument back as text, number or typed address.
TRANSPARENT = {"str": 0, "int": 0, "cast": 1, "RedisDsn": 0, "SecretStr": 0, "AnyUrl": 0, "URL": 0, "bool": 0}


def read_external_call(evaluator: Evaluates, func: Meaning, call: Call, context: Context) -> Iterator[Meaning]:
    """What a call gives whose callee is not in the tree."""
    dotted = func.name if isinstance(func, External | Made) and func.name else last_name(call.func)
    name = dotted.rpartition(".")[2]
    made = Made(dotted, call, context, isinstance(func, External | Made) and func.guessed)
    if isinstance(func, External) and (constructor(dotted) or factory_flavour(dotted) is not None):
        yield made
    elif name in IMPORTERS and call.arguments:
        for meaning in evaluator.meanings(call.arguments[0].value, context):
            named = isinstance(meaning, Known) and isinstance(meaning.value, str)
            yield External(str(meaning.value)) if named and isinstance(meaning, Known) else Unknown()
    elif name in TRANSPARENT:
        argument = call.argument("", TRANSPARENT[name])
        yield from evaluator.meanings(argument.value, context) if argument else (Unknown(),)
    else:
        yield from _read(evaluator, name, call, context) or _carried(evaluator, call, context) or [made]


def _read(evaluator: Evaluates, name: str, call: Call, context: Context) -> list[Meaning]:
    """What a reader of settings gives: `get("X", "y")`, `config("X", default="y")`; nothing for any other call."""
    positional = [argument.value for argument in call.arguments if argument.keyword is None]
    if name == "getattr":
        positional = positional[1:]
    keys = evaluator.meanings(positional[0], context) if positional else ()
    texts = [key.value for key in keys if isinstance(key, Known) and isinstance(key.value, str)]
    key = texts[0] if texts else None
    defaults = [given.value for keyword in DEFAULT_KEYWORDS if (given := call.argument(keyword))]
    if len(positional) > 1 and _reads(name):
        defaults.append(positional[1])
    literal = isinstance(positional[0], Constant) if positional else False
    if (key is not None and "://" in key) or not (defaults or literal or name in READERS):
        return []
    found: list[Meaning] = [Outside(key)]
    if defaults:
        # `get(key, key)` falls back to the name of the setting, which is no value of it.
        found += [m for m in evaluator.meanings(defaults[0], context) if m != Known(None) and m not in keys]
    return found


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
