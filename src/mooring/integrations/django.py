"""Django's cache in the Redis that this process is configured for, on the pool that the whole process shares.

```python
CACHES = {"default": {"BACKEND": "mooring.integrations.django.RedisCache"}}
CACHES["sessions"] = {
    "BACKEND": "mooring.integrations.django.RedisCache",
    "LOCATION": "redis://cache:6379/2",  # only if the settings say nothing
    "OPTIONS": {"name": "sessions", "deadline": 0.5},
}
```

Keys, values and time-outs are as in Django's own `django.core.cache.backends.redis.RedisCache`, so that either reads
what the other wrote.
"""

from __future__ import annotations

from typing import Any

import redis
from django.core.cache.backends.redis import RedisCache as DjangoRedisCache
from django.core.cache.backends.redis import RedisCacheClient as DjangoRedisCacheClient

from mooring.config.variables import DEFAULT_NAME
from mooring.runtime.factory import create_redis_from_config

__all__ = ["RedisCache", "RedisCacheClient"]


class RedisCacheClient(DjangoRedisCacheClient):  # type: ignore[misc]
    """Django's client on Mooring's pool. `options` are `name`, `serializer`, and overrides of the client's settings."""

    def __init__(self, servers: list[str], serializer: Any = None, name: str = DEFAULT_NAME, **options: Any) -> None:
        super().__init__(servers, serializer=serializer)
        self._name = name
        self._overrides = {**({"default_url": servers[0]} if servers else {}), **options}

    def get_client(self, key: Any = None, *, write: bool = False) -> redis.Redis:  # noqa: ARG002 - Django's signature
        """Return the client for whatever key: there is one Redis."""
        return create_redis_from_config(self._name, **self._overrides)


class RedisCache(DjangoRedisCache):  # type: ignore[misc]
    """The cache. `LOCATION` is a URL for where nothing else is configured, and may be left out."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        # Django makes a list of one empty URL out of a LOCATION that is left out.
        self._servers: list[str] = [server] if server else []
        self._class = RedisCacheClient
