"""Pipelines of a Cluster on lanes: the commands for each node are sent in one go, among other callers' commands.

A transaction, a command that may not share a connection or has no key, or more bytes than a lane takes at once go to
pooled connections, as redis-py's pipelines do; so does what a loop begins with, before its nodes are known.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from redis.client import EMPTY_RESPONSE, NEVER_DECODE
from redis.exceptions import ResponseError
from redis.utils import safe_str

from mooring.runtime.clients.persistence import call
from mooring.runtime.cluster.cluster import PIPELINE
from mooring.runtime.cluster.delivery import Delivery, Parcel
from mooring.runtime.cluster.pipeline import BoundPipeline
from mooring.runtime.lanes.heaviness import HEAVY_BYTES
from mooring.runtime.recovery.recovery import Recovery

if TYPE_CHECKING:
    from mooring.runtime.cluster.lane_cluster import LaneCluster

__all__ = ["LaneClusterPipeline"]

# A longer one would hold up the others.
_LONGEST = 512
# Of a command, in the message of an error; as in redis-py.
_SHOWN = 100


class LaneClusterPipeline(BoundPipeline):
    """A pipeline of `LaneCluster`."""

    def __init__(self, client: LaneCluster, recovery: Recovery, *arguments: Any) -> None:
        super().__init__(client, recovery, *arguments)
        self._lane_client = client

    async def execute(self, raise_on_error: bool = True, allow_redirections: bool = True) -> list[Any]:
        """Send all commands and return their replies, in time."""
        staged = self._staged()
        parcels = self._parcels(staged)
        if parcels is None:
            return await super().execute(raise_on_error, allow_redirections)
        try:
            with call(self._recovery, PIPELINE):
                replies = await Delivery(self._lane_client.slots, parcels, follows=allow_redirections).deliver()
                answers = list(map(self._answer, staged, parcels, replies))
                if raise_on_error:
                    _raise_first(staged, answers)
        finally:
            await self._clear()
        return answers

    def _staged(self) -> list[Any]:
        # redis-py has strategies from 6.x on.
        pipeline: Any = self
        strategy = getattr(self, "_execution_strategy", None)
        return list(pipeline._command_stack if strategy is None else strategy._command_queue)

    async def _clear(self) -> None:
        pipeline: Any = self
        if hasattr(self, "_execution_strategy"):
            await pipeline.reset()
        else:
            pipeline._command_stack = []

    def _parcels(self, staged: Sequence[Any]) -> list[Parcel] | None:
        """Make all commands ready; none if they are not to travel on lanes."""
        client = self._lane_client
        if not client.ready or not 0 < len(staged) <= _LONGEST or getattr(self, "_transaction", None):
            return None
        parcels: list[Parcel] = []
        for command in staged:
            keyed = client.keyed(command.args)
            keyed.route.calls += 1
            targets = command.kwargs.get("target_nodes") or []
            if keyed.route.alone or not keyed.has_keys or NEVER_DECODE in command.kwargs or not _is_one(targets):
                return None
            parcels.append(Parcel(client.sending(keyed, command.args), targets[0] if targets else None))
        return parcels if sum(len(parcel.sending.packed) for parcel in parcels) <= HEAVY_BYTES else None

    def _answer(self, command: Any, parcel: Parcel, reply: Any) -> Any:
        options = dict(command.kwargs)
        if isinstance(reply, Exception):
            return options.get(EMPTY_RESPONSE, reply) if isinstance(reply, ResponseError) else reply
        callback = dict.get(self._lane_client.response_callbacks, parcel.sending.keyed.route.key)
        if callback is None:
            return reply
        for known in (EMPTY_RESPONSE, "keys", "target_nodes"):
            options.pop(known, None)
        try:
            return callback(reply, **options)
        except ResponseError as error:
            return error


def _is_one(targets: Any) -> bool:
    """Tell whether a command goes to the node that has its keys, or to one that redis-py has found for it."""
    return isinstance(targets, list) and len(targets) <= 1


def _raise_first(staged: Sequence[Any], answers: Sequence[Any]) -> None:
    for number, (command, answer) in enumerate(zip(staged, answers, strict=True), start=1):
        if isinstance(answer, ResponseError):
            told = textwrap.shorten(" ".join(map(safe_str, command.args)), _SHOWN, placeholder="...")
            message = f"Command # {number} ({told}) of pipeline caused error: {answer.args}"
            answer.args = (message, *answer.args[1:])
        # A lost connection is the same to all whose commands were on it: it bears nobody's name.
        if isinstance(answer, Exception):
            raise answer
