"""What each release of a client library does by itself, where the code says nothing.

Read in the constructors (`client.py`, `connection.py`, `cluster.py` and their twins below `asyncio/`) of redis-py
2.10.6, 3.5.3, 4.2.0, 4.6.0, 5.0.4, 5.3.1, 6.0.0, 6.4.0, 7.0.0, 7.4.0, 8.0.0 and 8.1.0, valkey-py 6.0.2, 6.1.0, 6.1.1
and 6.2.0, and aioredis 2.0.1; from redis-py 4.6.0 on also seen in the connections that pools and clients make:

| release | `socket_timeout` | retries | `max_connections` |
|---|---|---|---|
| redis-py below 3.3 | none | one, if the connection broke | none |
| redis-py 3.3 to 5 | none | none; a cluster 3 | none |
| redis-py 6 and 7 | none | `Redis()` and a cluster 3 | none |
| redis-py 8 | 5 s | `Redis()` and a cluster 10 | 100 |
| valkey-py 6.0 | none | a cluster 3 | none |
| valkey-py from 6.1 | 5 s, but none for a synchronous `Valkey()`, cluster or Unix socket | a cluster 3 | none |
| aioredis 2 | none | none | none |

Everywhere a `BlockingConnectionPool` has 50 connections, and `health_check_interval` is 0. `Redis.from_url`, pools and
connections made by themselves never retry, not even in redis-py 8: only the constructor of the client brings retries.
coredis and glide have other words for all of this, and aioredis 1 has none; their sites are not judged.
"""

from __future__ import annotations

from dataclasses import dataclass

from mooring.audit.project.constructors import Constructor
from mooring.audit.project.requirements import Version

__all__ = ["Defaults", "defaults", "is_blocking"]


@dataclass(frozen=True, slots=True)
class Defaults:
    """Whether a constructor that is not told otherwise gives its connections a timeout, retries and a bound."""

    timeout: bool
    retry: bool
    bound: bool


def defaults(made: Constructor, version: Version) -> Defaults | None:
    """What `made` does by itself in a release of its package; None if that is not known."""
    if made.package == "redis":
        return Defaults(
            timeout=version >= (8,),
            retry=version < (3, 3) or made.kind == "cluster" or (version >= (6,) and _is_plain(made)),
            bound=version >= (8,) or is_blocking(made),
        )
    if made.package == "valkey":
        plain = made.kind in ("client", "cluster", "sentinel") and not made.from_url
        return Defaults(
            timeout=version >= (6, 1) and (made.asynchronous or not (plain or made.kind == "socket")),
            retry=made.kind == "cluster",
            bound=is_blocking(made),
        )
    if made.package == "aioredis" and version >= (2,):
        return Defaults(timeout=False, retry=False, bound=is_blocking(made))
    return None


def is_blocking(made: Constructor) -> bool:
    """Whether it is a pool whose users wait for a connection where all are in use."""
    return "BlockingConnectionPool" in made.name


def _is_plain(made: Constructor) -> bool:
    """Whether it is the client itself, whose constructor brings more than its connections do."""
    return made.kind == "client" and not made.from_url
