"""Attributes and items of what a value means."""

from __future__ import annotations

from collections.abc import Iterator

from mooring.audit.facts import Call, Mapping, Sequence, Value
from mooring.audit.project.classes import class_attribute
from mooring.audit.project.commandline import option
from mooring.audit.project.meanings import (
    CommandLine,
    Context,
    Definition,
    Evaluates,
    External,
    Formed,
    Instance,
    Known,
    Made,
    Meaning,
    Meanings,
    Outside,
    Structure,
    TreeModule,
    Unknown,
)
from mooring.audit.project.objects import given_attribute
from mooring.audit.project.text import part_of_url

__all__ = ["attribute", "item", "looked_up"]

MAX_UNPACKED = 8
NAMESPACES = ("SimpleNamespace", "Namespace")


def attribute(evaluator: Evaluates, owner: Meaning, name: str) -> Iterator[Meaning]:
    """`owner.name`."""
    match owner:
        case External() if found := evaluator.setting(owner, name):
            yield from found
        case External(name=dotted, guessed=guessed):
            yield External(f"{dotted}.{name}", guessed)
        case TreeModule(path=path):
            yield from evaluator.member(path, name) or (Unknown(),)
        case Definition(module=module, scope=scope) if scope.kind == "class":
            yield from class_attribute(evaluator, module, scope, name, instance=False)
        case Instance(module=module, scope=scope):
            yield from given_attribute(evaluator, owner, name) or class_attribute(
                evaluator, module, scope, name, instance=True
            )
        case Made(name=dotted, call=call, context=context) if dotted.endswith(NAMESPACES) and call.argument(name):
            given = call.argument(name)
            yield from evaluator.meanings(given.value, context) if given else ()
        case Made(name=dotted, call=call, context=context, guessed=guessed):
            yield Made(f"{dotted}().{name}", call, context, guessed)
        case CommandLine():
            yield from option(evaluator, owner, name)
        case Outside():
            yield Outside(name)
        case Known() if name == "value":  # the value of an enum's member
            yield owner
        case Known() | Formed():
            yield from list(part_of_url(owner, name)) or [Unknown()]
        case _:
            yield Unknown()


def item(evaluator: Evaluates, owner: Meaning, keys: Meanings) -> Iterator[Meaning]:
    """`owner[key]`, where `keys` are the meanings of the key."""
    key = keys[0].value if keys and isinstance(keys[0], Known) else None
    if isinstance(key, str) and (found := evaluator.setting(owner, key)):
        yield from found
        return
    match owner:
        case Structure(value=Mapping(items=items), context=context):
            yield from _entries(evaluator, items, key, context) or (Unknown(),)
        case Structure(value=Sequence(items=elements), context=context):
            inside = isinstance(key, int) and -len(elements) <= key < len(elements)
            for element in [elements[key]] if inside and isinstance(key, int) else elements:
                yield from evaluator.meanings(element, context)
        case External() | Outside() | Instance():
            yield Outside(key if isinstance(key, str) else None)
        case CommandLine():  # `vars(args)["url"]`, or what `parse_known_args` gives beside it
            yield from option(evaluator, owner, key) if isinstance(key, str) else (owner,)
        case Known(value=str()) | Formed():  # text that was split in a way that is not followed
            yield owner
        case Made(name=name, call=call, context=context, guessed=guessed):
            yield Made(f"{name}[]", call, context, guessed)
        case _:
            yield Unknown()


def looked_up(evaluator: Evaluates, mapping: Value, call: Call, context: Context) -> list[Meaning]:
    """`mapping.get(key, default)`, where the tree itself says what is in the mapping."""
    mappings = evaluator.meanings(mapping, context)
    keys = evaluator.meanings(call.arguments[0].value, context)
    if not all(isinstance(one, Structure) for one in mappings):
        names = [key.value for key in keys if isinstance(key, Known) and isinstance(key.value, str)]
        return [found for one in mappings for name in names for found in evaluator.setting(one, name)]
    told = [found for one in mappings for found in item(evaluator, one, keys)]
    known: list[Meaning] = [found for found in told if not isinstance(found, Unknown)]
    if mappings and not known and len(call.arguments) > 1:
        known += evaluator.meanings(call.arguments[1].value, context)
    return known


def _entries(
    evaluator: Evaluates, items: tuple[tuple[Value | None, Value], ...], key: object, context: Context, depth: int = 0
) -> list[Meaning]:
    """What a display gives for `key`, or for any key if that is None; of equal keys the last counts."""
    found: list[Meaning] = []
    for name, value in reversed(items):
        if name is None:
            inner = _unpacked(evaluator, value, key, context, depth)
            found = inner + found
            sure = bool(inner)
        else:
            names = evaluator.meanings(name, context)
            sure = any(isinstance(meaning, Known) and meaning.value == key for meaning in names)
            if sure or key is None or Unknown() in names:
                found = [*evaluator.meanings(value, context), *found]
        if sure and key is not None:
            break
    return found


def _unpacked(evaluator: Evaluates, value: Value, key: object, context: Context, depth: int) -> list[Meaning]:
    found: list[Meaning] = []
    for unpacked in evaluator.meanings(value, context):
        if not isinstance(unpacked, Structure):
            keys = (Known(key),) if isinstance(key, str) else ()
            found += [meaning for meaning in item(evaluator, unpacked, keys) if meaning != Unknown()]
        elif isinstance(unpacked.value, Mapping) and depth < MAX_UNPACKED:
            # A mapping that is unpacked into itself has no end.
            found += _entries(evaluator, unpacked.value.items, key, unpacked.context, depth + 1)
    return found
