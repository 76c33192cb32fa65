"""What fixed code calls instead of redis-py's constructors."""

from __future__ import annotations

from typing import Any

import redis
import redis.asyncio

from mooring.config.settings import RedisSettings
from mooring.runtime.arguments import check_overrides
from mooring.runtime.constructor import constructor_arguments
from mooring.runtime.flavour import SYNC
from mooring.runtime.manager import RedisConnectionManager

__all__ = ["create_async_redis_from_config", "create_redis_from_config", "get_redis_config", "get_redis_url"]


def create_redis_from_config(name: str = "default", **overrides: Any) -> redis.Redis:
    """Return a client for the Redis that this process is configured for, on a pool that the whole process shares.

    Settings come from `overrides`, then for a name other than "default" from `NAME_REDIS_URL` and its like, then from
    `REDIS_URL`, `REDIS_HOST`, `REDIS_PORT`, `REDIS_USERNAME`, `REDIS_PASSWORD`, `REDIS_DB` and further sources, then
    from the `default_url` argument; at last the host is `redis-master` in Kubernetes, `redis` in Compose and
    `localhost` elsewhere, the port 6379. `mooring.config.sources` tells the order in full, `mooring.config.variables`
    all variables.

    Overrides are redis-py's own arguments, with redis-py's own defaults (replies are bytes unless `decode_responses`),
    and `url`, `default_url`, `pool_timeout`, `deadline`, `max_age`, `max_idle`, `local_cache`, `sentinels`,
    `sentinel_master` and `ssl_server_name`. At most `max_connections` (default 50) are open; when all are in use a
    command waits its turn for `pool_timeout` seconds (default 5), then raises `PoolExhausted`. Clients with equal
    settings share a pool, and closing one leaves it to the others.

    A call ends within `deadline` seconds (default 5, None for no bound), with whatever it takes: waiting, connecting,
    and trying again after a failure. A blocking command may wait for its own timeout besides. `mooring.deadline` bounds
    calls more tightly, or all of a block together. A command that may have run is not sent again unless it only reads
    or stands in `mooring.idempotent`, whatever `retry` says; `retry` and `retry_on_error` bound how often, after which
    pauses and upon which errors the others are, `socket_timeout` bounds each attempt. A call out of time raises
    `DeadlineExceeded`, and one to a server that has been out of reach for longer than that `CircuitOpen`, at once.

    With `local_cache`, a `CacheSize` or True for its defaults, what was read is kept in the process and given out until
    the server says that its key has changed, which takes a moment, and at most for `CacheSize.staleness` seconds while
    the server is not heard. That a read may be so old is for the caller to allow, so by default there is no cache. It
    is shared by the clients whose settings and size are equal; of another size they have another one, and a pool of
    their own. The server must be Redis 6 or later, or Valkey, but no Cluster; where it refuses to tell of changes,
    commands go without the cache.

    Raises `ConfigError` for a malformed setting, naming its origin, and `TypeError` for an unknown override.
    """
    return RedisConnectionManager.instance().client(name, **overrides)


def create_async_redis_from_config(name: str = "default", **overrides: Any) -> redis.asyncio.Redis:
    """Return an asyncio client for the Redis that this process is configured for, on a shared pool.

    A plain call, made anywhere, in a running event loop or not; its result may also be awaited, which gives the client.
    One client serves successive event loops, and connections are bounded for each loop apart; so are local caches.
    Ordinary commands share a few sockets unless `multiplex` is false, `lanes` of them (default 1). Everything else is
    as in `create_redis_from_config`.
    """
    return RedisConnectionManager.instance().async_client(name, **overrides)


def get_redis_config(name: str = "default", **overrides: Any) -> dict[str, Any]:
    """Return the settings as arguments for redis-py, secrets in clear: keep it out of logs.

    They are those of `redis.Redis` and `redis.asyncio.Redis`; where the settings name Sentinels or a Cluster, those of
    `redis.sentinel.Sentinel` and `redis.cluster.RedisCluster`. Overrides and errors are as in
    `create_redis_from_config`, which is the better choice wherever a client is what is wanted: it shares a pool.
    """
    return constructor_arguments(_settings(name, overrides))


def get_redis_url(name: str = "default", **overrides: Any) -> str:
    """Return the settings as one URL, with the password in it: keep it out of logs.

    redis-py reads it where it names one server; `redis+sentinel://` and `redis+cluster://` are read by Mooring, and by
    some other libraries. Overrides are as in `create_redis_from_config`; raises `ConfigError` also for one that no URL
    can carry.
    """
    return _settings(name, overrides).url()


def _settings(name: str, overrides: dict[str, Any]) -> RedisSettings:
    check_overrides(overrides, SYNC)
    return RedisSettings.load(name, overrides=overrides)
