"""One look at a Redis through a client: a timed PING, then what the server tells of its role."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from typing import Any

import redis
import redis.asyncio
from redis.asyncio.cluster import RedisCluster as AsyncRedisCluster
from redis.cluster import RedisCluster
from redis.exceptions import NoPermissionError, RedisError

from mooring.errors import MooringError
from mooring.runtime.observing.health import Look, read_cluster, read_replication, told

__all__ = ["Client", "alook", "look", "missed"]

Client = redis.Redis | redis.asyncio.Redis | RedisCluster | AsyncRedisCluster

_FAILURES = (RedisError, MooringError, OSError)
_Question = tuple[tuple[str, ...], Callable[[Mapping[str, Any]], dict[str, Any]]]


def look(client: Client) -> Look:
    """Look at a Redis. Whatever goes wrong is part of what is seen; how long it may take is the client's to say."""
    asker: Any = client
    facts: dict[str, Any] = {}
    try:
        asker.ping()  # opens the connection, if need be, which is not to be timed
        began = time.perf_counter()
        asker.ping()
        taken = time.perf_counter() - began
        question, read = _question(client)
        # A user may do without the right to ask.
        with contextlib.suppress(NoPermissionError):
            facts = read(asker.execute_command(*question))
    except _FAILURES as error:
        return missed(error)
    return Look(**{"at": time.time(), "round_trip": taken, **facts})


async def alook(client: Client, seconds: float) -> Look:
    """Do the same through an asyncio client, within `seconds`."""
    asker: Any = client
    facts: dict[str, Any] = {}
    try:
        async with asyncio.timeout(seconds):
            await asker.ping()
            began = time.perf_counter()
            await asker.ping()
            taken = time.perf_counter() - began
            question, read = _question(client)
            with contextlib.suppress(NoPermissionError):
                facts = read(await asker.execute_command(*question))
    except _FAILURES as error:
        return missed(error)
    return Look(**{"at": time.time(), "round_trip": taken, **facts})


def missed(error: BaseException) -> Look:
    """Return the look of one who saw only an error."""
    return Look(at=time.time(), error=told(error))


def _question(client: Client) -> _Question:
    if isinstance(client, RedisCluster | AsyncRedisCluster):
        return ("CLUSTER INFO",), read_cluster
    return ("INFO", "replication"), read_replication
