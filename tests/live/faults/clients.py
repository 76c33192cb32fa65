"""The clients that are tried: Mooring's, and redis-py's own with the same bound on a wait."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import redis
import redis.asyncio
import redis.asyncio.cluster
import redis.asyncio.sentinel
import redis.cluster
import redis.sentinel

from mooring.runtime.manager import RedisConnectionManager

from .ground import Ground
from .promise import OURS, Flavour

__all__ = ["async_client", "sync_client"]


@contextmanager
def sync_client(ground: Ground, deadline: float, flavour: Flavour) -> Iterator[Any]:
    """A client for threads, whose calls have so many seconds."""
    if flavour in OURS:
        with RedisConnectionManager() as manager:
            yield manager.client(deadline=deadline, **ground.arguments)
        return
    words, bounds = _theirs(ground), _bounds(deadline)
    if "sentinels" in words:
        sentinel = redis.sentinel.Sentinel(words["sentinels"], sentinel_kwargs=bounds)
        client: Any = sentinel.master_for(words["service_name"], **bounds)
    elif "startup_nodes" in words:
        nodes = [redis.cluster.ClusterNode(*node) for node in words["startup_nodes"]]
        client = redis.cluster.RedisCluster(startup_nodes=nodes, **bounds)
    elif "url" in words:
        client = redis.Redis.from_url(**words, **bounds)
    else:
        client = redis.Redis(**words, **bounds)
    with client:
        yield client


@asynccontextmanager
async def async_client(ground: Ground, deadline: float, flavour: Flavour) -> AsyncIterator[Any]:
    """The same for tasks."""
    if flavour in OURS:
        async with RedisConnectionManager() as manager:
            yield manager.async_client(deadline=deadline, multiplex=flavour != "pooled tasks", **ground.arguments)
        return
    words, bounds = _theirs(ground), _bounds(deadline)
    if "sentinels" in words:
        sentinel = redis.asyncio.sentinel.Sentinel(words["sentinels"], sentinel_kwargs=bounds)
        client: Any = sentinel.master_for(words["service_name"], **bounds)
    elif "startup_nodes" in words:
        nodes = [redis.asyncio.cluster.ClusterNode(*node) for node in words["startup_nodes"]]
        client = redis.asyncio.cluster.RedisCluster(startup_nodes=nodes, **bounds)
    elif "url" in words:
        client = redis.asyncio.Redis.from_url(**words, **bounds)
    else:
        client = redis.asyncio.Redis(**words, **bounds)
    async with client:
        yield client


def _theirs(ground: Ground) -> Mapping[str, Any]:
    return ground.arguments if ground.theirs is None else ground.theirs


def _bounds(deadline: float) -> dict[str, Any]:
    return {"socket_timeout": deadline, "socket_connect_timeout": deadline}
