"""Ties a fleet of Python services to Redis and keeps it tied. This is what a service imports at run time."""

from __future__ import annotations

from mooring.config.settings import RedisSettings
from mooring.errors import ConfigError, ManagerClosed, MooringError
from mooring.runtime.factory import create_async_redis_from_config, create_redis_from_config
from mooring.runtime.manager import RedisConnectionManager

__all__ = [
    "ConfigError",
    "ManagerClosed",
    "MooringError",
    "RedisConnectionManager",
    "RedisSettings",
    "__version__",
    "create_async_redis_from_config",
    "create_redis_from_config",
]

__version__ = "0.1.0"
