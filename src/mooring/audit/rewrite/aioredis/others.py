"""Commands of aioredis 1.x that redis-py spells otherwise, takes as they are, or answers in another way."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from mooring.audit.rewrite.aioredis.calls import ClientCall
from mooring.audit.rewrite.aioredis.changes import ByHand
from mooring.audit.rewrite.aioredis.commands import REWRITES, Rewrite, Rewritten, value_of
from mooring.audit.rewrite.aioredis.sorted_sets import SORTED_SETS

__all__ = ["ANSWERS", "BLOCKING", "LISTS", "SAME", "TEXTLESS", "rewritten"]

# Commands whose arguments are the same by position, and the keywords that both take.
SAME: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(
        """
        append bgrewriteaof bgsave bitcount bitpos config_get config_resetstat config_rewrite config_set dbsize decr
        decrby delete dump echo exists get getbit getrange getset hdel hexists hget hgetall hincrby hincrbyfloat hkeys
        hlen hmget hset hsetnx hstrlen hvals incr incrby incrbyfloat keys lindex llen lpop lpush lpushx lrange lrem
        lset ltrim mget move persist pexpire pexpireat pfadd pfcount pfmerge psetex pttl publish pubsub_channels
        pubsub_numpat randomkey rename renamenx restore rpop rpoplpush rpush rpushx sadd save scard script_exists
        script_flush script_kill script_load sdiff sdiffstore setbit setnx setrange sinter sinterstore sismember
        smembers smove srem strlen sunion sunionstore swapdb touch ttl type unlink wait xack xdel xlen zcard zincrby
        zrank zrem zremrangebyrank zrevrank zscore
        """.split(),
        frozenset[str](),
    ),
    **dict.fromkeys(("scan", "sscan", "zscan"), frozenset({"match", "count"})),
    **dict.fromkeys(("spop", "srandmember"), frozenset({"count"})),
    "brpoplpush": frozenset({"timeout"}),
}
# Commands that wait for something to come.
BLOCKING = frozenset({"blpop", "brpop", "brpoplpush"})
# Commands whose members came as a list and come as a set.
LISTS = frozenset({"sdiff", "sinter", "smembers", "sunion"})
# What a reader must know of answers that differ, although the code that takes them can stay as a rule.
ANSWERS: Mapping[str, str] = {
    **dict.fromkeys(("blpop", "brpop"), "blpop() and brpop() give a tuple, not a list"),
    **dict.fromkeys(("izscan", "zincrby", "zscan", "zscore"), "scores are floats, whole ones too"),
    **dict.fromkeys(("lset", "save"), "lset() and save() give True, not OK"),
    "ping": "ping() gives True, not PONG",
}
# Commands that answer in another shape, or are gone: only the code around them can be changed for that.
UNLIKE: Mapping[str, str] = {
    **dict.fromkeys(("bzpopmax", "bzpopmin"), "take a tuple with a float from it, and pass several keys as a list"),
    **dict.fromkeys(("zpopmax", "zpopmin"), "take pairs of member and score from it, not one flat list"),
    "auth": "pass the password where the client is made",
    "client_list": "take dicts from it, not named tuples",
    "hscan": "take a dict of the fields from it, not pairs",
    "info": "take one flat dict from it, without sections",
    "lastsave": "take a datetime from it",
    "pubsub_numsub": "take pairs from it, not a dict",
    "quit": "close the client with aclose()",
    "role": "take a list from it, not a named tuple",
    "select": "make one client per database (db=)",
    "slowlog_get": "take dicts from it",
    "sort": "write start=, num=, get= and desc=",
    "time": "take a pair of seconds and microseconds from it, not one float",
    "unwatch": "call it on the pipeline that watches",
    "watch": "watch, read and queue on one pipeline: async with redis.pipeline() as pipe, pipe.watch(), pipe.multi()",
}
# Commands and other methods whose answers hold no text, whatever the client decodes.
TEXTLESS = frozenset(
    """
    append bitcount bitop_and bitop_not bitop_or bitop_xor bitpos close dbsize decr decrby delete exists expire expireat
    flushall flushdb hdel hexists hincrby hincrbyfloat hlen hmset hmset_dict hset hsetnx hstrlen incr incrby
    incrbyfloat linsert llen lpush lpushx lrem lset ltrim mset msetnx multi_exec persist pexpire pexpireat pfadd
    pfcount ping pipeline psetex pttl publish publish_json rename renamenx rpush rpushx sadd scard sdiffstore set
    setbit setex setnx setrange sinterstore sismember smove srem strlen sunionstore touch ttl unlink wait wait_closed
    zadd zcard zcount zincrby zinterstore zrank zrem zremrangebyrank zremrangebyscore zrevrank zscore zunionstore
    """.split()
)
ITERATORS = {"ihscan": "hscan_iter", "iscan": "scan_iter", "isscan": "sscan_iter", "izscan": "zscan_iter"}
# Commands whose answer redis-py leaves as the server gives it when they are sent by name.
RAW = frozenset(
    """
    APPEND DECR DECRBY DEL EXISTS GET GETSET HDEL HGET HINCRBY HKEYS HLEN HMGET HSET HVALS INCR INCRBY LINDEX LLEN LPOP
    LPUSH LRANGE LREM MGET PTTL PUBLISH RPOP RPOPLPUSH RPUSH SADD SCARD SISMEMBER SREM STRLEN TTL TYPE ZCARD ZCOUNT ZREM
    """.split()
)


def rewritten(call: ClientCall) -> Rewritten:
    """What a command becomes, apart from its `encoding`; raises `ByHand` where that cannot be told."""
    name = call.name
    if name in UNLIKE:
        raise ByHand(f"{name}(): {UNLIKE[name]}")
    rewrite = REWRITES.get(name) or SORTED_SETS.get(name) or OTHERS.get(name)
    if rewrite is not None:
        return rewrite(call)
    if name not in SAME:
        raise ByHand(f"{name}(): look up what redis-py calls it and which arguments it takes")
    if {keyword.arg for keyword in call.node.keywords} - SAME[name] - {"encoding"}:
        raise ByHand(f"{name}(): pass the arguments by position")
    return Rewritten(name)


def _execute(call: ClientCall) -> Rewritten:
    command = call.node.args[0] if call.node.args else None
    text = command.value if isinstance(command, ast.Constant) else None
    name = text.decode("latin-1") if isinstance(text, bytes) else str(text)
    if not call.dropped and name.upper() not in RAW:
        raise ByHand("execute(): use the method of that command, or take what redis-py makes of its answer")
    return Rewritten("execute_command")


def _popped(call: ClientCall) -> Rewritten:
    """`blpop` takes several keys as one list."""
    keys = call.node.args
    if not keys or {keyword.arg for keyword in call.node.keywords} - {"timeout", "encoding"}:
        raise ByHand(f"{call.name}(): pass the keys as one list")
    if len(keys) == 1 and not isinstance(keys[0], ast.Starred):
        return Rewritten(call.name)
    codes = ", ".join(call.file.code(key) for key in keys)
    return Rewritten(call.name, {keys[0]: f"[{codes}]", **dict.fromkeys(keys[1:])})


def _linsert(call: ClientCall) -> Rewritten:
    bound = call.bind("key", "pivot", "value", "before")
    before = value_of(bound["before"]) if "before" in bound else ast.Constant(value=False)
    if not isinstance(before, ast.Constant) or not isinstance(bound.get("pivot"), ast.expr):
        raise ByHand('linsert(): write "BEFORE" or "AFTER" as the second argument')
    where = "BEFORE" if before.value else "AFTER"
    changed: dict[ast.expr | ast.keyword, str | None] = {
        bound["pivot"]: f'"{where}", {call.file.code(value_of(bound["pivot"]))}'
    }
    if "before" in bound:
        changed[bound["before"]] = None
    return Rewritten("linsert", changed)


def _script(call: ClientCall) -> Rewritten:
    """`eval` and `evalsha` take the number of keys, then keys and arguments one by one."""
    bound = call.bind("script", "keys", "args") if call.name == "eval" else call.bind("digest", "keys", "args")
    script = call.node.args[0] if call.node.args else None
    keys, count = _items(call, bound, "keys")
    arguments, _ = _items(call, bound, "args")
    if script is None:
        raise ByHand(f"{call.name}(): pass the script, the number of keys, then keys and arguments one by one")
    texts = [call.file.code(script), count, *keys, *arguments]
    others = [argument for argument in call.file.arguments(call.node) if argument is not script]
    return Rewritten(call.name, {script: ", ".join(texts), **dict.fromkeys(others)})


def _items(call: ClientCall, bound: Mapping[str, ast.expr | ast.keyword], name: str) -> tuple[list[str], str]:
    """The items of a list that a call gives, as arguments of their own, and the code for their number."""
    value = value_of(bound[name]) if name in bound else ast.List(elts=[])
    match value:
        case ast.List(elts=items) if not any(isinstance(item, ast.Starred) for item in items):
            return [call.file.code(item) for item in items], str(len(items))
        case ast.Name() | ast.Attribute():
            code = call.file.code(value)
            return [f"*{code}"], f"len({code})"
    raise ByHand(f"{call.name}(): pass the number of keys, then keys and arguments one by one")


def _publish_json(call: ClientCall) -> Rewritten:
    bound = call.bind("channel", "obj")
    if "json" not in call.file.imported or "obj" not in bound:
        raise ByHand("publish_json(): import json and publish(channel, json.dumps(obj))")
    keyword = "message=" if isinstance(bound["obj"], ast.keyword) else ""
    return Rewritten("publish", {bound["obj"]: f"{keyword}json.dumps({call.file.code(value_of(bound['obj']))})"})


def _flush(call: ClientCall) -> Rewritten:
    bound = call.bind("async_op")
    argument = bound.get("async_op")
    if isinstance(argument, ast.keyword):
        return Rewritten(call.name, {argument: f"asynchronous={call.file.code(argument.value)}"})
    return Rewritten(call.name)


def _prefixed(call: ClientCall) -> Rewritten:
    """`bitop_and(…)` becomes `bitop("AND", …)`, `object_idletime(…)` `object("IDLETIME", …)`."""
    method, _, word = call.name.partition("_")
    if not call.node.args or call.node.keywords:
        raise ByHand(f"{call.name}(): pass the arguments by position")
    first = call.node.args[0]
    return Rewritten(method, {first: f'"{word.upper()}", {call.file.code(first)}'})


def _object_encoding(call: ClientCall) -> Rewritten:
    if not call.text:
        raise ByHand('object_encoding(): call object("ENCODING", key) and decode what it gives')
    return _prefixed(call)


def _iterator(call: ClientCall) -> Rewritten:
    bound = call.bind(*(() if call.name == "iscan" else ("key",)), only=("match", "count"))
    if isinstance(bound.get("key"), ast.keyword):
        raise ByHand(f"{call.name}(): pass the key by position")
    return Rewritten(ITERATORS[call.name])


def _ping(call: ClientCall) -> Rewritten:
    if call.node.args or {keyword.arg for keyword in call.node.keywords} - {"encoding"}:
        raise ByHand("ping(): use echo() for a message")
    return Rewritten("ping")


def _xadd(call: ClientCall) -> Rewritten:
    bound = call.bind("stream", "fields", "message_id", "max_len", "exact_len")
    if "exact_len" in bound:
        raise ByHand("xadd(): write approximate=")
    names = {"message_id": "id", "max_len": "maxlen"}
    changed = {
        bound[old]: f"{new}={call.file.code(value_of(bound[old]))}" for old, new in names.items() if old in bound
    }
    return Rewritten("xadd", {**changed})


OTHERS: dict[str, Rewrite] = {
    **dict.fromkeys(("bitop_and", "bitop_not", "bitop_or", "bitop_xor"), _prefixed),
    **dict.fromkeys(("object_idletime", "object_refcount"), _prefixed),
    **dict.fromkeys(ITERATORS, _iterator),
    **dict.fromkeys(("blpop", "brpop"), _popped),
    **dict.fromkeys(("eval", "evalsha"), _script),
    **dict.fromkeys(("flushall", "flushdb"), _flush),
    "execute": _execute,
    "linsert": _linsert,
    "object_encoding": _object_encoding,
    "ping": _ping,
    "publish_json": _publish_json,
    "xadd": _xadd,
}
