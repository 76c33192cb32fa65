"""The numbers of a pool at one moment, for health and metrics. A pool tells them by `numbers()`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["PoolNumbers", "added_up"]


@dataclass(frozen=True, slots=True)
class PoolNumbers:
    """Connections of a pool: `size` are open, `in_use` or `idle`, of `max_connections`; so many callers are `waiting`.

    `oldest_age` is that of the oldest connection, in seconds. `lanes` are the sockets that asyncio clients share,
    beside the pool and its bound. An asyncio pool counts all its event loops together, its bound too.
    """

    size: int = 0
    in_use: int = 0
    idle: int = 0
    waiting: int = 0
    max_connections: int = 0
    oldest_age: float = 0.0
    lanes: int = 0


def added_up(pools: Iterable[PoolNumbers]) -> PoolNumbers:
    """Return the numbers of several pools of one endpoint as those of one."""
    total = PoolNumbers()
    for pool in pools:
        total = PoolNumbers(
            size=total.size + pool.size,
            in_use=total.in_use + pool.in_use,
            idle=total.idle + pool.idle,
            waiting=total.waiting + pool.waiting,
            max_connections=total.max_connections + pool.max_connections,
            oldest_age=max(total.oldest_age, pool.oldest_age),
            lanes=total.lanes + pool.lanes,
        )
    return total
