"""How a synchronous client of redis-py and what it hands out are used once they are asyncio ones, as data.

The auditor never imports what it audits; a test compares these tables with the redis-py that is installed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mooring.audit.project.command_names import COMMANDS

__all__ = ["CLIENT", "EXCEPTIONS", "SYNC_ONLY", "Twin"]

ITERATORS = frozenset({"scan_iter", "hscan_iter", "sscan_iter", "zscan_iter"})
# Commands that change what those after them do, or that asyncio clients do not have.
UNLIKE = frozenset({"transaction", "watch", "unwatch", "iscan", "ihscan", "isscan", "izscan", "hmset_dict"})
PLAIN_COMMANDS = COMMANDS - ITERATORS - UNLIKE

# Arguments of a synchronous client that an asyncio one does not take, or takes an object of another kind for.
SYNC_ONLY = frozenset(
    {
        "cache", "cache_config", "connection_class", "connection_pool", "oss_cluster_maint_notifications_handler",
        "redis_connect_func", "ssl_ocsp_context", "ssl_ocsp_expected_cert", "ssl_validate_ocsp",
        "ssl_validate_ocsp_stapled",
    }
)  # fmt: skip
# The exceptions that both `redis` and `redis.asyncio` have; each is one class under two names.
EXCEPTIONS = frozenset(
    {
        "AuthenticationError", "AuthenticationWrongNumberOfArgsError", "BusyLoadingError", "ChildDeadlockedError",
        "ConnectionError", "DataError", "InvalidResponse", "PubSubError", "ReadOnlyError", "RedisError",
        "ResponseError", "TimeoutError", "WatchError",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Twin:
    """An object that has an asyncio twin, by what becomes of its methods.

    Some are `awaited`, some of them under another name (`renamed`), some `iterated` by `async for`; some are called as
    before and give the object itself (`chained`) or an object with a twin of its own (`gives`), or are `plain`. Others
    have no counterpart. `called` says that the object itself is called and awaited, `context` that it may be entered by
    `with`.
    """

    awaited: frozenset[str] = frozenset()
    renamed: Mapping[str, str] = field(default_factory=dict)
    iterated: frozenset[str] = frozenset()
    chained: frozenset[str] = frozenset()
    gives: Mapping[str, Twin] = field(default_factory=dict)
    plain: frozenset[str] = frozenset()
    called: bool = False
    context: bool = False


PIPELINE = Twin(awaited=frozenset({"execute", "reset"}), chained=PLAIN_COMMANDS, context=True)
PUBSUB = Twin(
    awaited=frozenset(
        {
            "get_message", "ping", "psubscribe", "punsubscribe", "ssubscribe", "subscribe", "sunsubscribe",
            "unsubscribe",
        }
    ),
    renamed={"close": "aclose"},
    iterated=frozenset({"listen"}),
    plain=frozenset({"subscribed", "channels", "patterns"}),
    context=True,
)  # fmt: skip
LOCK = Twin(awaited=frozenset({"acquire", "extend", "locked", "owned", "reacquire", "release"}), context=True)
SCRIPT = Twin(plain=frozenset({"sha", "script"}), called=True)
CLIENT = Twin(
    awaited=PLAIN_COMMANDS,
    renamed={"close": "aclose"},
    iterated=ITERATORS,
    gives={"pipeline": PIPELINE, "pubsub": PUBSUB, "lock": LOCK, "register_script": SCRIPT},
    context=True,
)
