"""Pipelines on lanes: sent in one go among other callers' commands, where nothing in them asks for more.

A transaction, a watched key, a command that may not share a connection, or more bytes than a lane takes at once go to
a pooled connection, as redis-py's pipelines do.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from redis.asyncio.client import Pipeline
from redis.client import EMPTY_RESPONSE, NEVER_DECODE
from redis.exceptions import ResponseError

from mooring.runtime import hooks
from mooring.runtime.clients.pipelines import AsyncPooledPipeline
from mooring.runtime.commands import Traits
from mooring.runtime.lanes.events import LaneLost
from mooring.runtime.lanes.heaviness import HEAVY_BYTES
from mooring.runtime.lanes.lane import Lane
from mooring.runtime.lanes.lane_set import LaneSet
from mooring.runtime.lanes.packing import make_packer
from mooring.runtime.lanes.ride import ride
from mooring.runtime.lanes.routing import Route
from mooring.runtime.recovery.kinds import refuses
from mooring.runtime.recovery.recovery import Recovery

__all__ = ["LanePipeline", "SharedLanePipeline"]

# A longer one would hold up the others.
_LONGEST = 512


class LanePipeline(Pipeline):
    """A pipeline of `AsyncRedis`."""

    response_callbacks: Any

    def __init__(self, lanes: LaneSet, recovery: Recovery, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._ride_with(lanes, recovery)

    def _ride_with(self, lanes: LaneSet, recovery: Recovery) -> None:
        self._lanes = lanes
        self._recovery = recovery

    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        """Execute all commands and return their replies."""
        stack = list(self.command_stack)
        bound = self.is_transaction or self.explicit_transaction or self.watching or self.scripts
        if bound or self.connection is not None or not 0 < len(stack) <= _LONGEST:
            return await super().execute(raise_on_error)
        load = self._load(stack)
        if load is None:
            return await super().execute(raise_on_error)
        try:
            replies = await self._ride(*load)
            answers = [await self._answer(*each) for each in zip(stack, load[1], replies, strict=True)]
        finally:
            await self.reset()  # type: ignore[no-untyped-call]
        if raise_on_error:
            self.raise_first_error(stack, answers)
        return answers

    def _load(self, stack: Sequence[tuple[Any, Any]]) -> tuple[list[bytes], list[Route]] | None:
        """Pack all commands; none if they are not to travel on a lane."""
        routes: list[Route] = []
        packed: list[bytes] = []
        find = self._lanes.routes
        pack = make_packer(self.connection_pool.get_encoder())
        for arguments, options in stack:
            route = find.get(arguments[0]) or find.find(arguments)
            route.calls += 1
            if route.alone or NEVER_DECODE in options:
                return None
            routes.append(route)
            packed.append(pack(arguments if route.words is None else (*route.words, *arguments[1:])))
        return (packed, routes) if sum(map(len, packed)) <= HEAVY_BYTES else None

    async def _ride(self, packed: list[bytes], routes: list[Route]) -> list[Any]:
        whole = Traits("PIPELINE", all(route.command.read_only for route in routes))

        async def send(lane: Lane) -> list[Any]:
            # All in one turn of the loop, so that nobody else's come between.
            sent = [lane.send(*each, whole.read_only) for each in zip(packed, routes, strict=True)]
            replies = await asyncio.gather(*sent, return_exceptions=True)
            lost = next((reply for reply in replies if isinstance(reply, LaneLost)), None)
            if lost is not None:
                # Those before it were answered, so they have run.
                raise LaneLost(lost.error, sent=lost.sent or replies[0] is not lost)
            if refused := _refusal(replies, routes):
                raise refused
            return replies

        began, failed = time.monotonic(), None
        try:
            return await ride(self._lanes, self._recovery, whole, began, send)
        except BaseException as error:
            failed = error
            raise
        finally:
            if hooks.active is not None:
                hooks.active.command(self._recovery.name, whole.name, time.monotonic() - began, failed)

    async def _answer(self, staged: tuple[Any, Any], route: Route, reply: Any) -> Any:
        options = dict(staged[1])
        empty = options.pop(EMPTY_RESPONSE, None)
        if isinstance(reply, ResponseError):
            return reply if EMPTY_RESPONSE not in staged[1] else empty
        if isinstance(reply, Exception):
            raise reply
        callback = dict.get(self.response_callbacks, route.key)
        if callback is None:
            return reply
        options.pop("keys", None)
        try:
            answer: Any = callback(reply, **options)
            return await answer if hasattr(answer, "__await__") else answer
        except ResponseError as error:
            return error


# redis-py's classes of commands disagree with each other.
class SharedLanePipeline(LanePipeline, AsyncPooledPipeline):  # type: ignore[misc]
    """A pipeline of `SharedAsyncRedis`."""

    def __init__(self, lanes: LaneSet, recovery: Recovery, *arguments: Any) -> None:
        AsyncPooledPipeline.__init__(self, recovery, *arguments)
        self._ride_with(lanes, recovery)


def _refusal(replies: Sequence[Any], routes: Sequence[Route]) -> Any:
    """Return the error for which all commands may be sent again: one was refused, and none that writes has run."""
    refused = [isinstance(reply, Exception) and refuses(reply) for reply in replies]
    ran = (route for route, was_refused in zip(routes, refused, strict=True) if not was_refused)
    if any(refused) and all(route.command.read_only for route in ran):
        return replies[refused.index(True)]
    return None
