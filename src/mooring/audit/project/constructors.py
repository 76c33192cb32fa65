"""The callables that make a Redis client, pool or raw connection, by their dotted names (the contract's list)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

__all__ = ["NAMES", "Constructor", "constructor", "factory_flavour"]

Kind = Literal["client", "pool", "connection", "socket", "cluster", "sentinel", "address", "nodes"]

REDIS_CLASSES: dict[str, Kind] = {
    "Redis": "client",
    "StrictRedis": "client",
    "ConnectionPool": "pool",
    "BlockingConnectionPool": "pool",
    "Connection": "connection",
    "SSLConnection": "connection",
    "UnixDomainSocketConnection": "socket",
    "RedisCluster": "cluster",
    "Sentinel": "sentinel",
}
VALKEY_CLASSES: dict[str, Kind] = {
    **REDIS_CLASSES,
    "Valkey": "client",
    "StrictValkey": "client",
    "ValkeyCluster": "cluster",
}
AIOREDIS_FUNCTIONS = frozenset({"create_redis", "create_redis_pool", "create_pool", "create_connection"})
# The last words of all of them.
NAMES = frozenset({*REDIS_CLASSES, *VALKEY_CLASSES, *AIOREDIS_FUNCTIONS, "from_url", "create"})
FACTORIES = {"create_redis_from_config": False, "create_async_redis_from_config": True}
# The modules of each package in which its classes can be found.
SUBMODULES = frozenset({"", "client", "connection", "cluster", "sentinel", "utils"})


@dataclass(frozen=True, slots=True)
class Constructor:
    """One of them: `name` is how the package itself calls it (`redis.asyncio.Redis.from_url`)."""

    name: str
    package: str
    kind: Kind
    asynchronous: bool
    from_url: bool = False


@lru_cache(maxsize=4096)
def constructor(dotted: str) -> Constructor | None:
    """The constructor that `dotted` names, or None."""
    package, _, rest = dotted.partition(".")
    if package in ("redis", "valkey"):
        return _redis(package, rest)
    if package == "aioredis":
        return _aioredis(rest)
    if package == "coredis":
        return _coredis(rest)
    if package == "glide" and rest in ("GlideClient.create", "GlideClusterClient.create"):
        return Constructor(dotted, "glide", "nodes", asynchronous=True)
    return None


def factory_flavour(dotted: str) -> bool | None:
    """Whether `dotted` is Mooring's own asyncio factory (True), the synchronous one (False) or neither (None).

    So is one of that name in another package, which wraps Mooring's. A call of one is no site, since nothing is wrong
    with it, but commands on what it gives are commands.
    """
    return FACTORIES.get(dotted.rpartition(".")[2]) if "." in dotted else None


def _redis(package: str, rest: str) -> Constructor | None:
    asynchronous = rest == "asyncio" or rest.startswith("asyncio.")
    home = f"{package}.asyncio" if asynchronous else package
    return _classes(package, home, rest.removeprefix("asyncio").lstrip("."), asynchronous=asynchronous)


def _aioredis(rest: str) -> Constructor | None:
    name = rest.removeprefix("commands.")
    if name in AIOREDIS_FUNCTIONS:
        return Constructor(f"aioredis.{name}", "aioredis", "address", asynchronous=True)
    return _classes("aioredis", "aioredis", rest, asynchronous=True)


def _coredis(rest: str) -> Constructor | None:
    name, _, method = rest.removeprefix("client.").partition(".")
    if name not in ("Redis", "RedisCluster") or method not in ("", "from_url"):
        return None
    dotted = f"coredis.{name}.{method}" if method else f"coredis.{name}"
    kind: Kind = "client" if name == "Redis" else "cluster"
    return Constructor(dotted, "coredis", kind, asynchronous=True, from_url=bool(method))


def _classes(package: str, home: str, rest: str, *, asynchronous: bool) -> Constructor | None:
    classes = VALKEY_CLASSES if package == "valkey" else REDIS_CLASSES
    parts = rest.split(".") if rest else []
    if parts and parts[0] in SUBMODULES:
        parts = parts[1:]
    if parts == ["from_url"]:
        return Constructor(f"{home}.from_url", package, "client", asynchronous, from_url=True)
    if not parts or parts[0] not in classes or parts[1:] not in ([], ["from_url"]):
        return None
    return Constructor(f"{home}.{'.'.join(parts)}", package, classes[parts[0]], asynchronous, from_url=len(parts) == 2)
