"""A command's ride on a lane: finding it open and with room, and trying again as `recovery` decides.

Most commands need none of this: their lane is open, and their reply comes. `client` sends those by itself.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from mooring.runtime.commands import Traits
from mooring.runtime.deadline import UNTIL
from mooring.runtime.lanes.events import LaneLost
from mooring.runtime.lanes.lane import Lane
from mooring.runtime.lanes.lane_set import LaneSet
from mooring.runtime.lanes.loop_lanes import LoopLanes
from mooring.runtime.recovery.kinds import Kind, kind_of
from mooring.runtime.recovery.recovery import Attempts, Recovery

__all__ = ["Failure", "board", "by", "ride"]

Reply = TypeVar("Reply")


class Failure:
    """An attempt that failed: with what error, on which lane if on any, and whether its command may have run."""

    def __init__(self, error: Exception, lane: Lane | None) -> None:
        self.lane = lane
        self.sent = error.sent if isinstance(error, LaneLost) else lane is not None
        self.error: Exception = error.error if isinstance(error, LaneLost) else error
        self.kind = kind_of(self.error)


async def ride(
    lanes: LaneSet,
    recovery: Recovery,
    command: Traits,
    began: float,
    send: Callable[[Lane], Awaitable[Reply]],
    failure: Failure | None = None,
) -> Reply:
    """Return what is replied to `send` on the running task's lane, within the call's time.

    `began` is when the call did, by `time.monotonic`; `failure` is how a first attempt ended, if there was one. Raises
    as `AsyncPooledRedis.execute_command`.
    """
    stated = UNTIL.get()
    until = began + recovery.deadline if stated is None else stated
    attempts: Attempts | None = None
    while True:
        if failure is not None:
            attempts = attempts or Attempts(recovery, command, until, began)
            await asyncio.sleep(await _after(lanes, attempts, failure))
        breaker = recovery.endpoint.breaker
        if breaker.troubled:
            # A caller that tries again at once must not keep the loop from the dial that would help it.
            await asyncio.sleep(0)
            breaker.check()
        lane: Lane | None = None
        trying = time.monotonic()
        enough = recovery.attempt_until(command, until, trying)
        try:
            async with by(enough):
                lane = await board(lanes.here())
                reply = await send(lane)
        except (RedisError, LaneLost, OSError, UnicodeDecodeError) as error:
            failure = Failure(error, lane)
            if lane is not None and isinstance(error, RedisTimeoutError) and enough < until and lane.heard < trying:
                # Nothing at all has come: the server may have gone without a word, so the next attempt goes elsewhere.
                lane.retire()
        else:
            if breaker.troubled:
                breaker.succeeded()
            return reply


async def _after(lanes: LaneSet, attempts: Attempts, failure: Failure) -> float:
    """Leave what is of no more use, and return the pause before the next attempt, if there is to be one."""
    lane, renewed = failure.lane, False
    if lane is not None and failure.kind in {Kind.REFUSED, Kind.DEMOTED}:
        lane.retire()
    if lane is not None and failure.kind is Kind.LOGIN:
        renewed = await lanes.here().refused(lane)
    return attempts.failed(failure.error, failure.sent, time.monotonic(), renewed)


async def board(lanes: LoopLanes) -> Lane:
    """Return the running task's lane, open and with room, waiting for either. Raises redis-py's errors."""
    while True:
        lane = await lanes.lane()
        if lane.full:
            await lane.admit()
        # It may have ended while this task waited for its turn to run.
        if lane.open:
            return lane


@asynccontextmanager
async def by(until: float) -> AsyncIterator[None]:
    """Bound what is done inside, by `time.monotonic`. Raises redis-py's `TimeoutError`."""
    left = until - time.monotonic()
    try:
        async with asyncio.timeout(None if left == math.inf else left):
            yield
    except TimeoutError as late:
        raise RedisTimeoutError("No reply came in time.") from late
