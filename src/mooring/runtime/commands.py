"""What must be known of a command before it is sent, or sent again: one table, and the few questions put to it.

**Read-only** commands change nothing at the server, so one whose reply was lost is sent again. Every other command is
sent again only if it certainly did not run, or if the caller has declared it idempotent (`mooring.idempotent`). No
write is in the table, though many leave the same data when run twice, since somebody can tell the difference: `DEL`,
`SADD` and `HSET` reply otherwise the second time, `EXPIRE` starts the time anew, and even a plain `SET` may undo what
another client has set between the two.

**Blocking** commands wait at the server for as long as their own argument says.

**Unshared** commands concern the connection that they travel on, or hold it up, so that they never share one.

Kept against the flags that a real server reports (`COMMAND`); those of modules are from the commands' pages at
redis.io.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

__all__ = ["Traits", "Wait", "patience", "traits"]

_BLOCK: Final = "BLOCK"


class Wait(NamedTuple):
    """Where a blocking command's timeout stands among its arguments, and how many of it make a second.

    `place` is an index; none if it follows the word BLOCK, without which the command does not block.
    """

    place: int | None
    per_second: int = 1


class Traits(NamedTuple):
    """What is known of a command. `name` holds no argument: `GET`, `CONFIG GET`."""

    name: str
    read_only: bool = False
    wait: Wait | None = None
    shared: bool = True


_READ_ONLY: Final = """
BITCOUNT BITFIELD_RO BITPOS DBSIZE DUMP EVAL_RO EVALSHA_RO EXISTS EXPIRETIME FCALL_RO GEODIST GEOHASH GEOPOS
GEORADIUS_RO GEORADIUSBYMEMBER_RO GEOSEARCH GET GETBIT GETRANGE HEXISTS HEXPIRETIME HGET HGETALL HKEYS HLEN HMGET
HPEXPIRETIME HPTTL HRANDFIELD HSCAN HSTRLEN HTTL HVALS KEYS LCS LINDEX LLEN LOLWUT LPOS LRANGE MGET PEXPIRETIME PFCOUNT
PTTL RANDOMKEY SCAN SCARD SDIFF SINTER SINTERCARD SISMEMBER SMEMBERS SMISMEMBER SORT_RO SRANDMEMBER SSCAN STRLEN SUBSTR
SUNION TOUCH TTL TYPE XLEN XPENDING XRANGE XREAD XREVRANGE ZCARD ZCOUNT ZDIFF ZINTER ZINTERCARD ZLEXCOUNT ZMSCORE
ZRANDMEMBER ZRANGE ZRANGEBYLEX ZRANGEBYSCORE ZRANK ZREVRANGE ZREVRANGEBYLEX ZREVRANGEBYSCORE ZREVRANK ZSCAN ZSCORE
ZUNION
"""
# Servers give these no flag, but they only tell.
_TELLING: Final = "COMMAND ECHO INFO LASTSAVE PING ROLE TIME"
_MODULES: Final = """
BF.CARD BF.EXISTS BF.INFO BF.MEXISTS CF.COUNT CF.EXISTS CF.INFO CF.MEXISTS CMS.INFO CMS.QUERY FT._LIST FT.DICTDUMP
FT.EXPLAIN FT.INFO FT.SEARCH FT.SPELLCHECK FT.SUGGET FT.SUGLEN FT.SYNDUMP FT.TAGVALS JSON.ARRINDEX JSON.ARRLEN JSON.GET
JSON.MGET JSON.OBJKEYS JSON.OBJLEN JSON.RESP JSON.STRLEN JSON.TYPE TDIGEST.BYRANK TDIGEST.BYREVRANK TDIGEST.CDF
TDIGEST.INFO TDIGEST.MAX TDIGEST.MIN TDIGEST.QUANTILE TDIGEST.RANK TDIGEST.REVRANK TDIGEST.TRIMMED_MEAN TOPK.COUNT
TOPK.INFO TOPK.LIST TOPK.QUERY TS.GET TS.INFO TS.MGET TS.MRANGE TS.MREVRANGE TS.QUERYINDEX TS.RANGE TS.REVRANGE VCARD
VDIM VEMB VGETATTR VINFO VISMEMBER VLINKS VRANDMEMBER VSIM
"""
# Of commands with subcommands, the subcommands that only tell.
_TELLING_PARTS: Final = {
    "ACL": "CAT DRYRUN GETUSER LIST USERS WHOAMI",
    "CLIENT": "GETNAME GETREDIR ID INFO LIST TRACKINGINFO",
    "CLUSTER": "COUNT-FAILURE-REPORTS COUNTKEYSINSLOT GETKEYSINSLOT INFO KEYSLOT LINKS MYID MYSHARDID NODES REPLICAS"
    " SHARDS SLAVES SLOTS",
    "COMMAND": "COUNT DOCS GETKEYS GETKEYSANDFLAGS INFO LIST",
    "CONFIG": "GET",
    "FUNCTION": "DUMP LIST STATS",
    "LATENCY": "DOCTOR GRAPH HISTOGRAM HISTORY LATEST",
    "MEMORY": "DOCTOR MALLOC-STATS STATS USAGE",
    "MODULE": "LIST",
    "OBJECT": "ENCODING FREQ IDLETIME REFCOUNT",
    "PUBSUB": "CHANNELS NUMPAT NUMSUB SHARDCHANNELS SHARDNUMSUB",
    "SCRIPT": "EXISTS",
    "SLOWLOG": "GET LEN",
    "XINFO": "CONSUMERS GROUPS STREAM",
}
_CONTAINERS: Final = frozenset(_TELLING_PARTS) | {"DEBUG", "HOTKEYS", "SENTINEL", "XGROUP", "FT.CONFIG", "FT.CURSOR"}
_WAITS: Final = {
    **dict.fromkeys(("BLPOP", "BRPOP", "BRPOPLPUSH", "BZPOPMIN", "BZPOPMAX"), Wait(-1)),
    "BLMOVE": Wait(5),
    "BLMOVEM": Wait(5),
    "BLMPOP": Wait(1),
    "BZMPOP": Wait(1),
    "WAIT": Wait(2, 1000),
    "WAITAOF": Wait(3, 1000),
    "MIGRATE": Wait(5, 1000),
    "XREAD": Wait(None, 1000),
    "XREADGROUP": Wait(None, 1000),
}
_UNSHARED: Final = """
ASKING AUTH DISCARD EXEC FAILOVER HELLO MIGRATE MONITOR MULTI PSUBSCRIBE PSYNC PUNSUBSCRIBE QUIT READONLY READWRITE
REPLCONF RESET SAVE SELECT SHUTDOWN SSUBSCRIBE SUBSCRIBE SUNSUBSCRIBE SYNC UNSUBSCRIBE UNWATCH WAIT WAITAOF WATCH
"""
_UNSHARED_PARTS: Final = {
    "CLIENT": "CACHING NO-EVICT NO-TOUCH PAUSE REPLY SETINFO SETNAME TRACKING",
    "DEBUG": "SLEEP JMAP RELOAD",
    "SCRIPT": "DEBUG",
}


def traits(arguments: Sequence[Any]) -> Traits:
    """Tell what is known of a command, given as `execute_command` takes it: in text or bytes, in any case.

    Of an unknown one it is supposed that it writes, does not block and may share a connection.
    """
    head = arguments[0]
    try:
        return _KNOWN[head]
    except (KeyError, TypeError):
        return _look_up(head, arguments)


def patience(arguments: Sequence[Any], wait: Wait) -> float | None:
    """Tell for how many seconds a command waits at the server: infinity for 0, None for one that does not block."""
    place = wait.place
    if place is None:
        place = next((index + 1 for index, word in enumerate(arguments) if _is_mark(word)), len(arguments))
        if place == len(arguments):
            return None
    try:
        seconds = float(arguments[place]) / wait.per_second
    except (IndexError, TypeError, ValueError):
        return None  # not a command that a server would take
    return seconds if seconds > 0 else math.inf


def _look_up(head: Any, arguments: Sequence[Any]) -> Traits:
    words = _text(head).upper().split(None, 2)
    name = words[0] if words else ""
    if name in _CONTAINERS:
        part = words[1] if len(words) > 1 else _text(arguments[1]).upper() if len(arguments) > 1 else ""
        # A subcommand that is not known may be anything, a password among others.
        return _KNOWN.get(f"{name} {part}") or Traits(name)
    found = _KNOWN.get(name) or Traits(name)
    # Few programs use more names; one with a space holds arguments, which are not to be remembered.
    if isinstance(head, str | bytes) and len(words) == 1 and len(_KNOWN) < _REMEMBERED:
        _KNOWN[head] = found
    return found


def _is_mark(word: Any) -> bool:
    return isinstance(word, str | bytes) and len(word) == len(_BLOCK) and _text(word).upper() == _BLOCK


def _text(word: Any) -> str:
    return word if isinstance(word, str) else bytes(word).decode(errors="replace") if _is_binary(word) else str(word)


def _is_binary(word: Any) -> bool:
    return isinstance(word, bytes | bytearray | memoryview)


def _parts(table: dict[str, str]) -> Iterator[str]:
    for name, parts in table.items():
        yield from (f"{name} {part}" for part in parts.split())


def _table() -> dict[str | bytes, Traits]:
    read_only: Iterable[str] = {*_READ_ONLY.split(), *_TELLING.split(), *_MODULES.split(), *_parts(_TELLING_PARTS)}
    unshared = {*_UNSHARED.split(), *_parts(_UNSHARED_PARTS)}
    names = {*read_only, *unshared, *_WAITS}
    return {
        name: Traits(
            name,
            read_only=name in read_only,
            wait=_WAITS.get(name),
            # A stream is read without blocking unless BLOCK is said.
            shared=name not in unshared and (name not in _WAITS or _WAITS[name].place is None),
        )
        for name in names
    }


_KNOWN: Final = _table()
_REMEMBERED: Final = 2000
