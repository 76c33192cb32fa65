"""Commands of sorted sets, whose arguments are others in redis-py: members before scores, ranges, lists of keys."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from mooring.audit.rewrite.aioredis.calls import ClientCall
from mooring.audit.rewrite.aioredis.changes import ByHand
from mooring.audit.rewrite.aioredis.commands import (
    PLAIN,
    Rewrite,
    Rewritten,
    constant,
    flag,
    mapped,
    named,
    positional,
    text_of,
    value_of,
)

__all__ = ["SORTED_SETS"]


def _zadd(call: ClientCall) -> Rewritten:
    _key, *pairs = positional(call)
    keywords = {keyword.arg: keyword for keyword in call.node.keywords}
    if not keywords.keys() <= {"exist", "changed"}:
        raise ByHand(f"{call.name}(): pass a mapping of members to scores")
    changed = mapped(call, pairs, "{1}: {0}")
    flags = {"ZSET_IF_NOT_EXIST": "nx=True", "ZSET_IF_EXIST": "xx=True"}
    if "exist" in keywords:
        changed[keywords["exist"]] = flag(call, keywords["exist"], flags)
    changed |= named(call, {str(name): keyword for name, keyword in keywords.items()}, {"changed": "ch"})
    return Rewritten("zadd", changed)


def _zrange(call: ClientCall) -> Rewritten:
    bound = call.bind("key", "start", "stop", "withscores", "encoding")
    moved = {"stop": "end"} if isinstance(bound.get("stop"), ast.keyword) else {}
    changed = named(call, bound, moved | {"withscores": "withscores"})
    missing = {name: code for name, code in {"start": "0", "stop": "-1"}.items() if name not in bound}
    return Rewritten(call.name, changed, _added(call, missing, {"start": "start", "stop": "end"}))


def _added(call: ClientCall, missing: Mapping[str, str], names: Mapping[str, str]) -> list[str]:
    """Arguments that were optional: by position where all others are."""
    return [code if not call.node.keywords else f"{names[name]}={code}" for name, code in missing.items()]


BORDERS = {"ZSET_EXCLUDE_MIN": ("min",), "ZSET_EXCLUDE_MAX": ("max",), "ZSET_EXCLUDE_BOTH": ("min", "max")}
INFINITE = {"min": '"-inf"', "max": '"+inf"'}


def _by_score(parameters: tuple[str, ...], only: tuple[str, ...], call: ClientCall) -> Rewritten:
    bound = call.bind(*parameters, only=(*only, "exclude", "encoding"))
    changed = named(call, bound, {"withscores": "withscores", "offset": "start", "count": "num"})
    open_borders: tuple[str, ...] = ()
    if "exclude" in bound:
        match value_of(bound["exclude"]):
            case ast.Attribute(attr=name) | ast.Constant(value=str(name)) if name in BORDERS:
                open_borders = BORDERS[name]
            case ast.Constant(value=None):
                pass
            case _:
                raise ByHand(f'{call.name}(): write "(" before a border that does not belong to the range')
        changed[bound["exclude"]] = None
    for name in open_borders:
        if name in bound:
            keyword = f"{name}=" if isinstance(bound[name], ast.keyword) else ""
            changed[bound[name]] = f"{keyword}{_formatted(call, '(', bound[name])}"
    missing = {name: INFINITE[name] for name in parameters[1:3] if name not in bound}
    return Rewritten(call.name, changed, _added(call, missing, {"min": "min", "max": "max"}))


def _formatted(call: ClientCall, prefix: str, argument: ast.expr | ast.keyword) -> str:
    """The text of a value after a prefix, as code."""
    code = text_of(call, argument)
    if isinstance(value_of(argument), ast.Constant):
        return f'"{prefix}{code}"'
    if not PLAIN.fullmatch(code):
        raise ByHand(f'{call.name}(): write "{prefix}" before the border that does not belong to the range')
    return f'f"{prefix}{{{code}}}"'


def _store(call: ClientCall) -> Rewritten:
    """`zinterstore` and `zunionstore` take their keys in one list, or with weights in one mapping."""
    keys = call.node.args[1:]
    keywords = {str(keyword.arg): keyword for keyword in call.node.keywords}
    weighted = constant(keywords, "with_weights")
    if not keys or not keywords.keys() <= {"with_weights", "aggregate"} or weighted is ...:
        raise ByHand(f"{call.name}(): pass the keys as one list, with weights as one mapping")
    changed: dict[ast.expr | ast.keyword, str | None] = dict.fromkeys(keys)
    changed[keys[0]] = f"{{{_weights(call, keys)}}}" if weighted else f"[{', '.join(_texts(call, keys))}]"
    if "with_weights" in keywords:
        changed[keywords["with_weights"]] = None
    if "aggregate" in keywords:
        flags = {f"ZSET_AGGREGATE_{name}": f'aggregate="{name}"' for name in ("SUM", "MIN", "MAX")}
        changed[keywords["aggregate"]] = flag(call, keywords["aggregate"], flags)
    return Rewritten(call.name, changed)


def _texts(call: ClientCall, arguments: Iterable[ast.expr]) -> Iterator[str]:
    return (call.file.code(one) for one in arguments)


def _weights(call: ClientCall, keys: Iterable[ast.expr]) -> str:
    items = []
    for key in keys:
        if not isinstance(key, ast.Tuple | ast.List) or len(key.elts) != 2:
            raise ByHand(f"{call.name}(): pass keys and weights as one mapping")
        items.append(": ".join(_texts(call, key.elts)))
    return ", ".join(items)


SORTED_SETS: dict[str, Rewrite] = {
    "zadd": _zadd,
    "zcount": partial(_by_score, ("key", "min", "max"), ()),
    "zinterstore": _store,
    "zrange": _zrange,
    "zrangebyscore": partial(_by_score, ("key", "min", "max", "withscores", "offset", "count"), ()),
    "zremrangebyscore": partial(_by_score, ("key", "min", "max"), ()),
    "zrevrange": _zrange,
    "zrevrangebyscore": partial(_by_score, ("key", "max", "min"), ("withscores", "offset", "count")),
    "zunionstore": _store,
}
