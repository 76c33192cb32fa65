"""Commands of aioredis 1.x whose names or arguments are others in redis-py."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from mooring.audit.rewrite.aioredis.calls import ClientCall
from mooring.audit.rewrite.aioredis.changes import ByHand

__all__ = [
    "REWRITES",
    "Bound",
    "Rewrite",
    "Rewritten",
    "constant",
    "flag",
    "mapped",
    "named",
    "positional",
    "text_of",
    "value_of",
]

# What may stand inside the braces of an f-string on every Python, and be read there at a glance.
PLAIN = re.compile(r"[\w.]+")


@dataclass
class Rewritten:
    """The new name of a method, the new text of arguments that change (None: the argument goes), those that are new."""

    name: str
    arguments: dict[ast.expr | ast.keyword, str | None] = field(default_factory=dict)
    added: list[str] = field(default_factory=list)


Rewrite = Callable[[ClientCall], Rewritten]
Bound = Mapping[str, ast.expr | ast.keyword]


def value_of(argument: ast.expr | ast.keyword) -> ast.expr:
    """The expression that an argument gives."""
    return argument.value if isinstance(argument, ast.keyword) else argument


def text_of(call: ClientCall, argument: ast.expr | ast.keyword) -> str:
    """The code for the value of an argument."""
    return call.file.code(value_of(argument))


def constant(bound: Bound, name: str) -> object:
    """The literal value of a parameter; None where none is given, `...` where it is no literal."""
    if name not in bound:
        return None
    value = value_of(bound[name])
    return value.value if isinstance(value, ast.Constant) else ...


def named(call: ClientCall, bound: Bound, names: Mapping[str, str]) -> dict[ast.expr | ast.keyword, str | None]:
    """The given arguments under their new keywords."""
    return {bound[old]: f"{new}={text_of(call, bound[old])}" for old, new in names.items() if old in bound}


def flag(call: ClientCall, argument: ast.expr | ast.keyword, flags: Mapping[str, str]) -> str | None:
    """The keyword for one of the constants of an aioredis client (`redis.SET_IF_EXIST`)."""
    match value_of(argument):
        case ast.Constant(value=None):
            return None
        case ast.Attribute(attr=name) | ast.Constant(value=str(name)) if name in flags:
            return flags[name]
    raise ByHand(f"{call.name}(): write {' or '.join(flags.values())} for this condition")


def _set(call: ClientCall) -> Rewritten:
    bound = call.bind("key", "value", only=("expire", "pexpire", "exist", "encoding"))
    if "expire" in bound and "pexpire" in bound:
        raise ByHand("set(): give ex or px, not both")
    changed: dict[ast.expr | ast.keyword, str | None] = {}
    for old, new in (("expire", "ex"), ("pexpire", "px")):
        if old in bound:
            # Where there was nothing to wait for, aioredis set no time; redis-py takes None for that.
            given, code = constant(bound, old), text_of(call, bound[old])
            doubt = "" if given is not ... else " or None"
            changed[bound[old]] = f"{new}={_enclosed(code) if doubt else code}{doubt}" if given else None
    if "exist" in bound:
        flags = {"SET_IF_NOT_EXIST": "nx=True", "SET_IF_EXIST": "xx=True"}
        changed[bound["exist"]] = flag(call, bound["exist"], flags)
    return Rewritten("set", changed)


def _enclosed(code: str) -> str:
    return code if PLAIN.fullmatch(code) else f"({code})"


def _expiring(precise: str, parameter: str, position: int, call: ClientCall) -> Rewritten:
    """`expire`, `expireat` and `setex` took fractions of a second."""
    names = ["key", "value"]
    names.insert(position, parameter)
    bound = call.bind(*(names if call.name == "setex" else names[:2]))
    argument = bound.get(parameter)
    if argument is None or isinstance(argument, ast.keyword):
        raise ByHand(f"{call.name}(): pass the arguments by position")
    if not _is_fraction(argument):
        return Rewritten(call.name)
    if isinstance(argument, ast.Constant) and isinstance(argument.value, float):
        return Rewritten(precise, {argument: str(int(argument.value * 1000))})
    return Rewritten(precise, {argument: f"int({_enclosed(text_of(call, argument))} * 1000)"})


def _is_fraction(value: ast.expr) -> bool:
    match value:
        case ast.Constant(value=constant):
            return isinstance(constant, float)
        case ast.Call(func=ast.Name(id="float")) | ast.BinOp(op=ast.Div()):
            return True
        case ast.BinOp(left=left, right=right):
            return _is_fraction(left) or _is_fraction(right)
    return False


def positional(call: ClientCall) -> list[ast.expr]:
    """The arguments that are given by position, of which there must be some; raises `ByHand` otherwise."""
    if any(isinstance(one, ast.Starred) for one in call.node.args) or not call.node.args:
        raise ByHand(f"{call.name}(): pass a mapping")
    return call.node.args


def mapped(
    call: ClientCall, pairs: list[ast.expr], item: str = "{0}: {1}", before: str = ""
) -> dict[ast.expr | ast.keyword, str | None]:
    """Pairs of arguments become one mapping."""
    if not pairs or len(pairs) % 2:
        raise ByHand(f"{call.name}(): pass a mapping")
    codes = [text_of(call, one) for one in pairs]
    items = [item.format(*both) for both in zip(codes[::2], codes[1::2], strict=True)]
    return {pairs[0]: f"{before}{{{', '.join(items)}}}", **dict.fromkeys(pairs[1:])}


def _mset(call: ClientCall) -> Rewritten:
    pairs = positional(call)
    if call.node.keywords:
        raise ByHand(f"{call.name}(): pass a mapping")
    return Rewritten(call.name, mapped(call, pairs) if len(pairs) > 1 else {})


def _hmset(call: ClientCall) -> Rewritten:
    _key, *pairs = positional(call)
    if call.node.keywords:
        raise ByHand("hmset(): pass a mapping to hset()")
    return Rewritten("hset", mapped(call, pairs, before="mapping="))


def _hmset_dict(call: ClientCall) -> Rewritten:
    _key, *given = positional(call)
    keywords = call.node.keywords
    if len(given) > 1 or not (given or keywords):
        raise ByHand("hmset_dict(): pass a mapping to hset()")
    if not keywords:
        return Rewritten("hset", {given[0]: f"mapping={text_of(call, given[0])}"})
    items = [f"**{text_of(call, one)}" for one in given]
    items += [f'"{one.arg}": {text_of(call, one)}' if one.arg else f"**{text_of(call, one)}" for one in keywords]
    changed: dict[ast.expr | ast.keyword, str | None] = dict.fromkeys([*given, *keywords])
    changed[next(iter(changed))] = f"mapping={{{', '.join(items)}}}"
    return Rewritten("hset", changed)


REWRITES: dict[str, Rewrite] = {
    "expire": partial(_expiring, "pexpire", "timeout", 1),
    "expireat": partial(_expiring, "pexpireat", "timestamp", 1),
    "hmset": _hmset,
    "hmset_dict": _hmset_dict,
    "mset": _mset,
    "msetnx": _mset,
    "set": _set,
    "setex": partial(_expiring, "psetex", "seconds", 1),
}
