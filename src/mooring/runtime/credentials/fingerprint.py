"""Arguments of redis-py compared by what they hold, so that clients made alike share a pool."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

__all__ = ["fingerprint"]

# Where redis-py defines objects that are what they hold; not all of them compare so, in every version.
_VALUE_MODULES = frozenset(
    {
        "redis.asyncio.retry",
        "redis.backoff",
        "redis.credentials",
        "redis.driver_info",
        "redis.maint_notifications",
        "redis.retry",
    }
)


def fingerprint(value: Any) -> Hashable:
    """Make what redis-py leaves unhashable, or equal only to itself, comparable by its content."""
    if isinstance(value, Mapping):
        return frozenset((key, fingerprint(item)) for key, item in value.items())
    if isinstance(value, list | tuple):
        return tuple(map(fingerprint, value))
    if isinstance(value, set | frozenset):
        return frozenset(map(fingerprint, value))
    # By identity, code that makes its client and policy anew in each call would get a pool in each call.
    if type(value).__module__ in _VALUE_MODULES or type(value).__qualname__ == "CacheConfig":
        return (type(value), fingerprint(vars(value)))
    return value if isinstance(value, Hashable) else id(value)
