"""The public names of aioredis 1.x and 2.x, and what each is called in redis-py."""

from __future__ import annotations

__all__ = [
    "ATTRIBUTES",
    "CONSTRUCTORS",
    "COUNTERPARTS",
    "FIRST_MODULES",
    "FIRST_NAMES",
    "successor",
]

EXCEPTIONS = frozenset(
    {
        "AuthenticationError", "AuthenticationWrongNumberOfArgsError", "BusyLoadingError", "ChildDeadlockedError",
        "ConnectionError", "DataError", "InvalidResponse", "PubSubError", "ReadOnlyError", "RedisError",
        "ResponseError", "TimeoutError", "WatchError",
    }
)  # fmt: skip
CONNECTIONS = frozenset(
    {"BlockingConnectionPool", "Connection", "ConnectionPool", "SSLConnection", "UnixDomainSocketConnection"}
)
# For each module of aioredis 2.0: its counterpart in redis-py, and the public names of it that live on there.
COUNTERPARTS: dict[str, tuple[str, frozenset[str]]] = {
    "aioredis": ("redis.asyncio", EXCEPTIONS | CONNECTIONS | {"Redis", "StrictRedis", "from_url"}),
    "aioredis.client": ("redis.asyncio.client", frozenset({"Monitor", "Pipeline", "PubSub", "Redis", "StrictRedis"})),
    "aioredis.connection": ("redis.asyncio.connection", CONNECTIONS | {"Encoder", "parse_url", "to_bool"}),
    "aioredis.exceptions": (
        "redis.exceptions",
        EXCEPTIONS
        | {"ExecAbortError", "LockError", "LockNotOwnedError", "ModuleError", "NoPermissionError", "NoScriptError"},
    ),
    "aioredis.lock": ("redis.asyncio.lock", frozenset({"Lock"})),
    "aioredis.sentinel": (
        "redis.asyncio.sentinel",
        frozenset(
            {
                "MasterNotFoundError", "Sentinel", "SentinelConnectionPool", "SentinelManagedConnection",
                "SlaveNotFoundError",
            }
        ),
    ),
    "aioredis.utils": ("redis.asyncio.utils", frozenset({"from_url", "pipeline"})),
}  # fmt: skip
# Of those, the modules that are attributes of `redis.asyncio` too.
ATTRIBUTES = frozenset({"client", "connection", "lock", "sentinel", "utils"})

# What made a client in aioredis 1.x.
CONSTRUCTORS = frozenset({"create_redis", "create_redis_pool", "create_pool", "create_connection"})
# Where else than in the package itself its names could be found.
FIRST_MODULES = frozenset({"aioredis.commands", "aioredis.connection", "aioredis.errors", "aioredis.pool"})
# The other names of aioredis 1.x, and those of `redis.asyncio` that take their place.
FIRST_NAMES = {
    "Redis": "Redis",
    "RedisConnection": "Redis",
    "ConnectionsPool": "Redis",
    "AuthError": "AuthenticationError",
    "ChannelClosedError": "PubSubError",
    "ConnectionClosedError": "ConnectionError",
    "ConnectionForcedCloseError": "ConnectionError",
    "MaxClientsError": "ConnectionError",
    "MultiExecError": "ResponseError",
    "PipelineError": "ResponseError",
    "PoolClosedError": "ConnectionError",
    "ProtocolError": "InvalidResponse",
    "ReadOnlyError": "ReadOnlyError",
    "RedisError": "RedisError",
    "ReplyError": "ResponseError",
    "WatchVariableError": "WatchError",
}


def successor(module: str, name: str) -> str | None:
    """What `name` of a module of aioredis 1.x is called in `redis.asyncio`; None if nothing takes its place."""
    return FIRST_NAMES.get(name) if module == "aioredis" or module in FIRST_MODULES else None
