"""What fixed code calls instead of redis-py's constructors."""

from __future__ import annotations

from typing import Any

import redis
import redis.asyncio

from mooring.runtime.manager import RedisConnectionManager


def create_redis_from_config(name: str = "default", **overrides: Any) -> redis.Redis:
    """Return a client for the Redis that this process is configured for, on a pool that the whole process shares.

    Settings come from `overrides`, then for a name other than "default" from `NAME_REDIS_URL` and its like, then from
    `REDIS_URL`, `REDIS_HOST`, `REDIS_PORT`, `REDIS_USERNAME`, `REDIS_PASSWORD` and `REDIS_DB`, then from the
    `default_url` argument; at last the host is `redis-master` in Kubernetes and `localhost` elsewhere, the port 6379.
    `mooring.config.sources` tells the order in full.

    Overrides are redis-py's own arguments, with redis-py's own defaults (replies are bytes unless `decode_responses`),
    and `url`, `default_url` and `pool_timeout`. At most `max_connections` (default 50) are open; when all are in use a
    command waits its turn for `pool_timeout` seconds (default 5), then raises `redis.exceptions.ConnectionError`.
    Clients with equal settings share a pool, and closing one leaves it to the others.

    Raises `ConfigError` for a malformed setting, naming its origin, and `TypeError` for an unknown override.
    """
    return RedisConnectionManager.instance().client(name, **overrides)


def create_async_redis_from_config(name: str = "default", **overrides: Any) -> redis.asyncio.Redis:
    """Return an asyncio client for the Redis that this process is configured for, on a shared pool.

    A plain call, made anywhere, in a running event loop or not; its result may also be awaited, which gives the client.
    One client serves successive event loops, and connections are bounded for each loop apart. Everything else is as in
    `create_redis_from_config`.
    """
    return RedisConnectionManager.instance().async_client(name, **overrides)
