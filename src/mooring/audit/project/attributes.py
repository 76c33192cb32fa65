"""Attributes and items of what a value means."""

from __future__ import annotations

from collections.abc import Iterator

from mooring.audit.facts import Mapping, Sequence, Value
from mooring.audit.project.classes import class_attribute
from mooring.audit.project.meanings import (
    Context,
    Definition,
    Evaluates,
    External,
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

__all__ = ["attribute", "item"]


def attribute(evaluator: Evaluates, owner: Meaning, name: str) -> Iterator[Meaning]:
    """`owner.name`."""
    match owner:
        case External(name=dotted, guessed=guessed):
            yield External(f"{dotted}.{name}", guessed)
        case TreeModule(path=path):
            yield from evaluator.member(path, name) or (Unknown(),)
        case Definition(module=module, scope=scope) if scope.kind == "class":
            yield from class_attribute(evaluator, module, scope, name, instance=False)
        case Instance(module=module, scope=scope):
            yield from class_attribute(evaluator, module, scope, name, instance=True)
        case Made(name=dotted, call=call, context=context, guessed=guessed):
            yield Made(f"{dotted}().{name}", call, context, guessed)
        case Outside():
            yield Outside(name)
        case Known() if name == "value":  # the value of an enum's member
            yield owner
        case _:
            yield Unknown()


def item(evaluator: Evaluates, owner: Meaning, keys: Meanings) -> Iterator[Meaning]:
    """`owner[key]`, where `keys` are the meanings of the key."""
    key = keys[0].value if keys and isinstance(keys[0], Known) else None
    match owner:
        case Structure(value=Mapping(items=items), context=context):
            yield from _entries(evaluator, items, key, context) or (Unknown(),)
        case Structure(value=Sequence(items=elements), context=context):
            inside = isinstance(key, int) and -len(elements) <= key < len(elements)
            for element in [elements[key]] if inside and isinstance(key, int) else elements:
                yield from evaluator.meanings(element, context)
        case External() | Outside() | Instance():
            yield Outside(key if isinstance(key, str) else None)
        case Made(name=name, call=call, context=context, guessed=guessed):
            yield Made(f"{name}[]", call, context, guessed)
        case _:
            yield Unknown()


def _entries(
    evaluator: Evaluates, items: tuple[tuple[Value | None, Value], ...], key: object, context: Context
) -> list[Meaning]:
    found: list[Meaning] = []
    for name, value in items:
        if name is None:
            for unpacked in evaluator.meanings(value, context):
                if isinstance(unpacked, Structure) and isinstance(unpacked.value, Mapping):
                    found += _entries(evaluator, unpacked.value.items, key, unpacked.context)
        elif key is None or any(isinstance(m, Known) and m.value == key for m in evaluator.meanings(name, context)):
            found += evaluator.meanings(value, context)
    return found
