"""redis-py's two halves, for threads and for asyncio, in the classes that differ."""

from __future__ import annotations

from dataclasses import dataclass

import redis
import redis.asyncio

from mooring.runtime.pools import connections

__all__ = ["ASYNC", "SYNC", "Flavour"]


@dataclass(frozen=True)
class Flavour:
    """The classes of one of redis-py's two halves, and Mooring's own where that half lacks one."""

    client: type[redis.Redis] | type[redis.asyncio.Redis]
    tcp: type
    tls: type
    ocsp: type
    unix: type
    sentinel: type
    sentinel_tls: type


SYNC = Flavour(
    redis.Redis,
    connections.TCP,
    connections.TLS,
    connections.OCSP,
    connections.Unix,
    connections.Sentinel,
    connections.SentinelTLS,
)
ASYNC = Flavour(
    redis.asyncio.Redis,
    connections.AsyncTCP,
    connections.AsyncTLS,
    connections.AsyncOCSP,
    connections.AsyncUnix,
    connections.AsyncSentinel,
    connections.AsyncSentinelTLS,
)
