"""A command's way to the node that has its slot, over lanes: redirections followed, and tried again as `recovery` says.

Most commands need none of this: their lane is open, and their reply comes. `lane_cluster` sends those by itself.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from redis.exceptions import AskError, ClusterDownError, MovedError, RedisError, TryAgainError
from redis.exceptions import TimeoutError as RedisTimeoutError

from mooring.runtime.cluster.keyed import Keyed
from mooring.runtime.cluster.node_lanes import NodeLanes
from mooring.runtime.cluster.nodes import told
from mooring.runtime.cluster.slots import Slots
from mooring.runtime.commands import Traits
from mooring.runtime.deadline import UNTIL
from mooring.runtime.lanes.events import LaneLost
from mooring.runtime.lanes.lane import Lane
from mooring.runtime.lanes.ride import Failure, board, by
from mooring.runtime.lanes.routing import Route
from mooring.runtime.recovery.kinds import Kind
from mooring.runtime.recovery.recovery import Attempts, Recovery

__all__ = ["NodeFailure", "Sending", "travel"]

# After so many redirections in a row the nodes do not agree yet, and are given a while; redis-py gives up after 16.
_HOPS = 5
_ASKING = b"*1\r\n$6\r\nASKING\r\n"
_ASKING_ROUTE = Route("ASKING", None, Traits("ASKING"), shared=True)


@dataclass(slots=True)
class Sending:
    """A command on its way. `slot` is None until redis-py has found it."""

    keyed: Keyed
    arguments: Sequence[Any]
    packed: bytes
    slot: int | None
    first: NodeLanes | None = None
    """Where its first attempt goes, if that has been chosen already: of replicas another would be chosen each time."""


class NodeFailure(Failure):
    """An attempt that failed, perhaps at a node; `began` is when it did, by `time.monotonic`."""

    def __init__(self, error: Exception, node: NodeLanes | None, lane: Lane | None, began: float) -> None:
        super().__init__(error, lane)
        self.node = node
        self.began = began

    @property
    def redirection(self) -> AskError | None:
        """Where to go instead, if that is what the node replied."""
        return self.error if isinstance(self.error, AskError) else None


async def travel(slots: Slots, sending: Sending, began: float, failure: NodeFailure | None = None) -> Any:
    """Return the reply to a command, within its call's time.

    `began` is when the call did, by `time.monotonic`; `failure` is how a first attempt ended, if there was one. Raises
    as `AsyncPooledRedisCluster.execute_command`.
    """
    command, recovery = sending.keyed.route.command, slots.recovery
    stated = UNTIL.get()
    until = began + recovery.deadline if stated is None else stated
    attempts: _NodeAttempts | None = None
    redirection = None if failure is None else failure.redirection
    while True:
        if failure is not None and redirection is None:
            attempts = attempts or _NodeAttempts(recovery, command, until, began)
            await asyncio.sleep(await _after(slots, attempts, failure))
        trying = time.monotonic()
        enough = recovery.attempt_until(command, until, trying)
        attempt = _Attempt(slots, sending, redirection)
        redirection = None
        try:
            async with by(enough):
                return await attempt.run()
        except (RedisError, LaneLost, OSError, UnicodeDecodeError) as error:
            lane = attempt.lane
            failure = NodeFailure(error, attempt.node, lane, trying)
            if lane is not None and isinstance(error, RedisTimeoutError) and enough < until and lane.heard < trying:
                # Nothing at all has come: the server may have gone without a word, so the next attempt goes elsewhere.
                lane.retire()


class _Attempt:
    """One attempt: where it is, and on which lane its command is under way, if on any."""

    def __init__(self, slots: Slots, sending: Sending, redirection: AskError | None) -> None:
        self.node: NodeLanes | None = None
        self.lane: Lane | None = None
        self._slots = slots
        self._sending = sending
        self._redirection = redirection

    async def run(self) -> Any:
        """Return the reply, wherever it comes from. Raises redis-py's errors and `LaneLost`."""
        for _ in range(_HOPS):
            self.node = node = await self._find()
            breaker = node.breaker
            if breaker.troubled:
                # A caller that tries again at once must not keep the loop from the dial that would help it.
                await asyncio.sleep(0)
                breaker.check()
            self.lane = lane = await board(node.lanes)
            try:
                reply = await self._send(lane)
            except AskError as error:
                self.lane, self._redirection = None, error
            else:
                self._slots.served(node)
                return reply
        raise TryAgainError(f"The nodes do not agree about a slot: {_HOPS} redirections in a row")

    async def _find(self) -> NodeLanes:
        slots, sending = self._slots, self._sending
        if self._redirection is not None:
            return await slots.redirected(self._redirection, sending.keyed)
        with told():
            if sending.slot is None:
                sending.slot = await slots.look_up(sending.arguments)
            chosen, sending.first = sending.first, None
            return await slots.settled(sending.slot, sending.keyed, chosen)

    async def _send(self, lane: Lane) -> Any:
        sending = self._sending
        # redis-py has MOVED for a kind of ASK.
        if self._redirection is not None and not isinstance(self._redirection, MovedError):
            # In the same turn of the loop, so that nobody else's command comes between. Nobody waits for its reply.
            lane.send(_ASKING, _ASKING_ROUTE).cancel()
        route = sending.keyed.route
        return await lane.send(sending.packed, route, route.command.read_only)


class _NodeAttempts(Attempts):
    """What has been tried: a failure counts for the node that it was met at."""

    def failed_at(self, recovery: Recovery, failure: NodeFailure, *, renewed: bool) -> float:
        """Tell the same as `failed` of an attempt at one node, or at the whole Cluster."""
        self._recovery = recovery
        return self.failed(failure.error, failure.sent, time.monotonic(), renewed)


async def _after(slots: Slots, attempts: _NodeAttempts, failure: NodeFailure) -> float:
    """Leave what is of no more use, and return the pause before the next attempt, if there is to be one."""
    node, lane, renewed = failure.node, failure.lane, False
    if node is not None and lane is not None and failure.kind is Kind.LOGIN:
        renewed = await node.lanes.refused(lane)
    if lane is not None and failure.kind is Kind.DEMOTED:
        lane.retire()
    if failure.kind in {Kind.LOST, Kind.DEMOTED} or isinstance(failure.error, ClusterDownError):
        slots.doubt(node, failure.began)
    return attempts.failed_at(slots.recovery if node is None else node.recovery, failure, renewed=renewed)
