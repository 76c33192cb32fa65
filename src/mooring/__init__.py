"""Ties a fleet of Python services to Redis and keeps it tied. This is what a service imports at run time.

Each name is loaded when it is first used, so that the command line starts without redis-py.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mooring.config.cache_size import CacheSize
    from mooring.config.settings import RedisSettings
    from mooring.errors import ConfigError, ManagerClosed, MooringError
    from mooring.runtime.deadline import deadline, idempotent
    from mooring.runtime.factory import (
        create_async_redis_from_config,
        create_redis_from_config,
        get_redis_config,
        get_redis_url,
    )
    from mooring.runtime.failures import CircuitOpen, DeadlineExceeded, PoolExhausted
    from mooring.runtime.lanes.client import AsyncRedis
    from mooring.runtime.manager import RedisConnectionManager
    from mooring.runtime.observing.observation import observe

__all__ = [
    "AsyncRedis",
    "CacheSize",
    "CircuitOpen",
    "ConfigError",
    "DeadlineExceeded",
    "ManagerClosed",
    "MooringError",
    "PoolExhausted",
    "RedisConnectionManager",
    "RedisSettings",
    "__version__",
    "create_async_redis_from_config",
    "create_redis_from_config",
    "deadline",
    "get_redis_config",
    "get_redis_url",
    "idempotent",
    "observe",
]

__version__ = "0.1.0"

_HOMES = {
    "AsyncRedis": "mooring.runtime.lanes.client",
    "CacheSize": "mooring.config.cache_size",
    "CircuitOpen": "mooring.runtime.failures",
    "ConfigError": "mooring.errors",
    "DeadlineExceeded": "mooring.runtime.failures",
    "ManagerClosed": "mooring.errors",
    "MooringError": "mooring.errors",
    "PoolExhausted": "mooring.runtime.failures",
    "RedisConnectionManager": "mooring.runtime.manager",
    "RedisSettings": "mooring.config.settings",
    "create_async_redis_from_config": "mooring.runtime.factory",
    "create_redis_from_config": "mooring.runtime.factory",
    "deadline": "mooring.runtime.deadline",
    "get_redis_config": "mooring.runtime.factory",
    "get_redis_url": "mooring.runtime.factory",
    "idempotent": "mooring.runtime.deadline",
    "observe": "mooring.runtime.observing.observation",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value


def __dir__() -> list[str]:
    return __all__
