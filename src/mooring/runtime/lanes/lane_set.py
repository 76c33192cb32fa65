"""The lanes to one endpoint: opened when they are first needed, for each event loop apart, and shared by all clients.

They belong to a pool and end with it, or with `aclose`, or with the event loop when it shuts down, as `asyncio.run`
makes it do.
"""

from __future__ import annotations

import asyncio
import math
import os
import weakref
from collections.abc import Callable
from typing import TypeVar

import redis.asyncio

from mooring.runtime.commands import Traits
from mooring.runtime.lanes.loop_lanes import LoopLanes
from mooring.runtime.lanes.routing import Routes
from mooring.runtime.lanes.source import LaneSource, source_of
from mooring.runtime.numbers import PoolNumbers, added_up
from mooring.runtime.pools.leaks import warn_of_loop
from mooring.runtime.pools.pool import guard
from mooring.runtime.recovery.recovery import Recovery

__all__ = ["LANES", "LaneSet", "beside", "close_lanes", "lane_numbers", "lane_set", "lanes_of", "shut_lanes"]

_Set = TypeVar("_Set", bound="LaneSet")

# Reads are given so long for a first attempt that another one can follow.
_READ = Traits("", read_only=True)

LANES = 1
"""How many lanes there are to an endpoint by default.

The more commands travel together, the less each costs: at 50 tasks one lane carries a fifth more than two. Of more
lanes, whoever holds up one holds up only the tasks that keep to it; but what is known to hold up others takes a
connection of its own anyway.
"""


class LaneSet:
    """The lanes to one endpoint. Safe for threads, each with its own loop, and after a fork."""

    def __init__(
        self,
        source: LaneSource,
        *,
        endpoint: str,
        patience: float | None = None,
        doubt: float | None = None,
        count: int = LANES,
        max_age: float | None = None,
    ) -> None:
        """Make a set of `count` lanes, 1 to 4, to an endpoint.

        `patience` and `doubt` are those of each lane; one older than `max_age` seconds is replaced. None sets no
        bound. Raises `ValueError` for another count.
        """
        if not 1 <= count <= 4:
            raise ValueError(f"There are 1 to 4 lanes to an endpoint, not {count}.")
        self.source = source
        self.endpoint = endpoint
        self.patience = patience
        self.doubt = doubt
        self.count = count
        self.max_age = max_age
        self.routes = Routes()
        self.current: LoopLanes | None = None
        """The lanes that were used last, to be asked whether they are `here` before `here()` is."""
        _known.add(self)
        self._loops: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, LoopLanes] = weakref.WeakKeyDictionary()

    def here(self) -> LoopLanes:
        """Return the lanes of the running event loop."""
        loop = asyncio.get_running_loop()
        with guard:
            self._forget_ended_loops()
            found = self._loops.get(loop)
            if found is None or found.foreign:
                found = self._loops[loop] = self.open_here()
            self.current = found
        return found

    def open_here(self) -> LoopLanes:
        """Make the lanes of the running event loop, none of them open yet."""
        return LoopLanes(self)

    def numbers(self) -> PoolNumbers:
        """Count the open lanes of all event loops, as of now; from any thread, without I/O."""
        return added_up(lanes.numbers() for lanes in self._living())

    async def aclose(self) -> None:
        """Close all lanes once what is under way on them is answered; other loops close their own a moment later."""
        running = asyncio.get_running_loop()
        for lanes in self._living():
            if lanes.loop is running:
                await lanes.end()
            else:
                lanes.end_from_outside()

    def shut(self) -> None:
        """Close all lanes: a running loop does so soon, for another it is done at once."""
        for lanes in self._living():
            lanes.end_from_outside()

    def _forget_ended_loops(self) -> None:
        for ended in [known for known in self._loops if known.is_closed()]:
            lanes = self._loops.pop(ended)
            left_open = lanes.numbers().lanes
            if left_open and not lanes.foreign:
                warn_of_loop(self.endpoint, left_open, lanes)

    def _living(self) -> list[LoopLanes]:
        # A parent's are left alone: they share its sockets and its selector.
        with guard:
            return [lanes for loop, lanes in self._loops.items() if not lanes.foreign and not loop.is_closed()]


def lanes_of(
    pool: redis.asyncio.ConnectionPool, recovery: Recovery, count: int = LANES, max_age: float | None = None
) -> LaneSet:
    """Return the lanes beside a pool, the same for all its clients; whoever asks first decides how many."""
    return beside(pool, LaneSet, lambda: lane_set(source_of(pool, recovery), recovery, count, max_age))


def lane_set(source: LaneSource, recovery: Recovery, count: int = LANES, max_age: float | None = None) -> LaneSet:
    """Make lanes that are as patient as the calls of a `recovery`."""
    patience = min(recovery.deadline, recovery.read_timeout)
    return LaneSet(
        source,
        endpoint=recovery.name,
        patience=None if patience == math.inf else patience,
        doubt=recovery.attempt_until(_READ, recovery.deadline, 0.0),
        count=count,
        max_age=max_age,
    )


def beside(pool: redis.asyncio.ConnectionPool, kind: type[_Set], make: Callable[[], _Set]) -> _Set:
    """Return the one set of a kind beside a pool, made if there is none; it is closed with the pool."""
    with guard:
        sets = _of_pools.setdefault(pool, {})
        found = sets.get(kind)
        if not isinstance(found, kind):
            found = sets[kind] = make()
            weakref.finalize(pool, found.shut).atexit = False
        return found


def lane_numbers(pool: redis.asyncio.ConnectionPool) -> PoolNumbers:
    """Count the open lanes beside a pool."""
    return added_up(found.numbers() for found in list(_of_pools.get(pool, {}).values()))


async def close_lanes(pool: redis.asyncio.ConnectionPool) -> None:
    """Close the lanes beside a pool, if there are any; they are opened again when they are needed."""
    for found in list(_of_pools.get(pool, {}).values()):
        await found.aclose()


def shut_lanes(pool: redis.asyncio.ConnectionPool) -> None:
    """Do the same from anywhere: a running loop closes its own soon, for another it is done at once."""
    for found in list(_of_pools.get(pool, {}).values()):
        found.shut()


_of_pools: weakref.WeakKeyDictionary[redis.asyncio.ConnectionPool, dict[type[LaneSet], LaneSet]] = (
    weakref.WeakKeyDictionary()
)
_known: weakref.WeakSet[LaneSet] = weakref.WeakSet()


def _begin_anew() -> None:
    # A child seems to run in its parent's thread and loop.
    for known in list(_known):
        known.current = None


os.register_at_fork(after_in_child=_begin_anew)
