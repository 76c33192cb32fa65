"""Text and dicts that are put together, as the displays that they stand for."""

from __future__ import annotations

import re
from collections.abc import Sequence as Several
from string import Formatter

from mooring.audit.facts import Argument, Attribute, Constant, Joined, Mapping, Name, Opaque, Sequence, Value

__all__ = ["braces", "joined", "percent", "written"]

PERCENT = re.compile(r"%(?:\((?P<name>[^()]*)\))?[-#0 +]*[\d.*]*[hlL]?(?P<kind>[a-zA-Z%])")
# What ends the name of a field in braces: an attribute, an item.
INSIDE = re.compile(r"[.\[]")


def written(func: Value, arguments: tuple[Argument, ...]) -> Value | None:
    """`"…".format(…)`, `"…".join([…])` and `dict(…)` as what they give, or None for any other call."""
    match func:
        case Attribute(base=Constant(value=str(template)), name="format"):
            return braces(template, arguments)
        case Attribute(base=Constant(value=str(separator)), name="join"):
            items = arguments[0].value if len(arguments) == 1 else None
            return joined(separator, items.items) if isinstance(items, Sequence) else None
        case Name(id="dict") if not any(argument.keyword == "*" for argument in arguments):
            return _mapping(arguments)
    return None


def percent(template: str, right: Value) -> Value:
    """`template % right`."""
    positional = list(right.items) if isinstance(right, Sequence) else [right]
    parts: list[Value] = []
    end = 0
    for match in PERCENT.finditer(template):
        parts.append(Constant(template[end : match.start()]))
        end = match.end()
        if match["kind"] == "%":
            parts.append(Constant("%"))
        elif match["name"] is not None:
            parts.append(_entry(right, match["name"]))
        else:
            parts.append(positional.pop(0) if positional else Opaque())
    parts.append(Constant(template[end:]))
    return _text(parts)


def braces(template: str, arguments: Several[Argument]) -> Value:
    """`template.format(arguments)`."""
    positional = [argument.value for argument in arguments if argument.keyword is None]
    named = {argument.keyword: argument.value for argument in arguments if argument.keyword}
    parts: list[Value] = []
    number = 0
    try:
        for literal, name, _spec, _conversion in Formatter().parse(template):
            parts.append(Constant(literal))
            if name is None:
                continue
            root = INSIDE.split(name, maxsplit=1)[0]
            if root.isdecimal() or not root:
                index = int(root) if root else number
                number += 1
                parts.append(positional[index] if index < len(positional) else Opaque())
            else:
                parts.append(named.get(root, Opaque()))
    except ValueError:  # not a template that Python would take
        return Opaque()
    return _text(parts)


def joined(separator: str, items: Several[Value]) -> Value:
    """`separator.join(items)`."""
    parts: list[Value] = []
    for item in items:
        parts += [Constant(separator), item]
    return _text(parts[1:])


def _mapping(arguments: tuple[Argument, ...]) -> Mapping:
    """`dict(other, key=value)`."""
    keys = [None if a.keyword in (None, "**") else Constant(a.keyword) for a in arguments]
    return Mapping(
        tuple((key, argument.value) for key, argument in zip(keys, arguments, strict=True)),
        tuple(argument.value_span for argument in arguments),
    )


def _entry(mapping: Value, name: str) -> Value:
    entries = mapping.items if isinstance(mapping, Mapping) else ()
    return next((value for key, value in entries if key == Constant(name)), Opaque())


def _text(parts: list[Value]) -> Value:
    return Joined(tuple(part for part in parts if part != Constant("")))
