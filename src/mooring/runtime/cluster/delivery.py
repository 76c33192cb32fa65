"""What becomes of many commands that are sent to their nodes together, each in one go.

They run in order at each node. One that is redirected or refused follows by itself, in its turn. After a lost
connection those that certainly did not run are sent again, and those that only read; but behind one that may have run
nothing of its node is, for the order would not hold.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from redis.exceptions import AskError, RedisClusterException, RedisError, TryAgainError
from redis.exceptions import TimeoutError as RedisTimeoutError

from mooring.runtime.cluster.cluster import PIPELINE
from mooring.runtime.cluster.node_lanes import NodeLanes
from mooring.runtime.cluster.slots import Slots
from mooring.runtime.cluster.travel import NodeFailure, Sending, travel
from mooring.runtime.deadline import UNTIL
from mooring.runtime.lanes.events import LaneLost
from mooring.runtime.lanes.lane import Lane
from mooring.runtime.lanes.ride import board, by
from mooring.runtime.recovery.kinds import Kind, refuses

__all__ = ["Delivery", "Parcel"]

_REDIRECTIONS = (AskError, TryAgainError)


class Parcel(NamedTuple):
    """A command, and redis-py's node that it is to go to first, if that is known."""

    sending: Sending
    target: Any


class Delivery:
    """Commands on their way together."""

    def __init__(self, slots: Slots, parcels: Sequence[Parcel], *, follows: bool) -> None:
        """Take commands in the caller's order; `follows` tells whether redirections are to be followed."""
        self._slots = slots
        self._parcels = parcels
        self._follows = follows
        self._began = time.monotonic()
        self._nodes: list[NodeLanes] = []
        self._lanes: dict[int, Lane] = {}
        self._replies: dict[int, asyncio.Future[Any]] = {}
        self._unsent: dict[int, Exception] = {}
        # The nodes at which a command may have run, with the error for those behind it.
        self._broken: dict[NodeLanes, Exception] = {}

    async def deliver(self) -> list[Any]:
        """Return all replies in the callers' order, errors among them. To be called within a call's time."""
        slots = self._slots
        for sending, target in self._parcels:
            if sending.slot is None and target is None:
                async with by(_until()):
                    sending.slot = await slots.look_up(sending.arguments)
        late = await self._send_all()
        return [await self._outcome(place, late) for place in range(len(self._parcels))]

    async def _send_all(self) -> RedisTimeoutError | None:
        """Send each node its commands, and wait for the replies; returns an error if not all came in time."""
        slots, began = self._slots, self._began
        for sending, target in self._parcels:
            self._nodes.append(slots.of(sending.slot or 0, sending.keyed) if target is None else slots.to(target))
        reads = all(parcel.sending.keyed.route.command.read_only for parcel in self._parcels)
        enough = slots.recovery.attempt_until(PIPELINE._replace(read_only=reads), _until(), began)
        try:
            async with by(enough):
                # Whoever has to be connected first keeps no other waiting.
                for node in sorted(dict.fromkeys(self._nodes), key=lambda node: node.lanes.pick() is None):
                    await self._send_to(node)
                await asyncio.gather(*self._replies.values(), return_exceptions=True)
        except RedisTimeoutError as late:
            return late
        finally:
            for reply in self._replies.values():
                # Perhaps nobody looks at it any more: neither late nor lost is it to be told of at the end.
                if not (reply.cancel() or reply.cancelled()):
                    reply.exception()
        return None

    async def _send_to(self, node: NodeLanes) -> None:
        places = [place for place, each in enumerate(self._nodes) if each is node]
        try:
            if node.breaker.troubled:
                node.breaker.check()
            lane = await board(node.lanes)
        except (RedisError, LaneLost, OSError) as error:
            self._unsent.update(dict.fromkeys(places, error))
            return
        # All in one turn of the loop, so that nobody else's come between.
        for place in places:
            sending = self._parcels[place].sending
            route = sending.keyed.route
            self._replies[place] = lane.send(sending.packed, route, route.command.read_only)
            self._lanes[place] = lane

    async def _outcome(self, place: int, late: RedisTimeoutError | None) -> Any:
        future = self._replies.get(place)
        error: BaseException | None = self._unsent.get(place, late)
        if future is not None and not future.cancelled():
            error = future.exception()
            if not isinstance(error, LaneLost):
                self._slots.served(self._nodes[place])
            if error is None:
                return future.result()
        failure = NodeFailure(_known(error), self._nodes[place], self._lanes.get(place), self._began)
        if isinstance(failure.error, _REDIRECTIONS):
            return await self._again(place, failure) if self._follows else failure.error
        if failure.kind is Kind.LOST or refuses(failure.error):
            return await self._again(place, failure)
        return failure.error

    async def _again(self, place: int, failure: NodeFailure) -> Any:
        node = self._nodes[place]
        if failure.kind is Kind.LOST and node in self._broken:
            return self._broken[node]
        try:
            return await travel(self._slots, self._parcels[place].sending, self._began, failure)
        except (RedisError, RedisClusterException) as error:
            if failure.kind is Kind.LOST and failure.sent:
                self._broken[node] = error
            return error


def _until() -> float:
    until = UNTIL.get()
    return float("inf") if until is None else until


def _known(error: BaseException | None) -> Exception:
    return error if isinstance(error, Exception) else RedisTimeoutError("No reply came in time.")
