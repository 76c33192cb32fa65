"""The client of a Cluster for one event loop whose ordinary commands share a few sockets to each node.

A command with keys of one slot rides a lane of the node that serves it. What has no key or goes to several nodes, what
concerns its connection, waits at the server, is large or slow, transactions and pub/sub travel as redis-py's Cluster
client has it, on connections of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any

from redis.client import EMPTY_RESPONSE, NEVER_DECODE
from redis.exceptions import ResponseError

from mooring.config.nodes import Node
from mooring.runtime import hooks
from mooring.runtime.clients.persistence import akeep_trying
from mooring.runtime.cluster.keyed import Keyed, KeyedCommands
from mooring.runtime.cluster.lane_pipeline import LaneClusterPipeline
from mooring.runtime.cluster.loop_cluster import LoopCluster
from mooring.runtime.cluster.node_lanes import NodeLanes
from mooring.runtime.cluster.nodes import in_time, told
from mooring.runtime.cluster.slots import Slots
from mooring.runtime.cluster.travel import NodeFailure, Sending, travel
from mooring.runtime.commands import traits
from mooring.runtime.credentials.rotation import Credentials
from mooring.runtime.deadline import UNTIL
from mooring.runtime.lanes.heaviness import HEAVY_BYTES, is_heavy, weight
from mooring.runtime.lanes.packing import make_packer
from mooring.runtime.lanes.routing import Route
from mooring.runtime.numbers import PoolNumbers, added_up
from mooring.runtime.recovery.recovery import Attempts, Recovery

__all__ = ["LaneCluster"]


class LaneCluster(LoopCluster):
    """A client for the tasks of the loop that it is made in, on lanes."""

    response_callbacks: Any
    _pipeline_class = LaneClusterPipeline

    def __init__(
        self,
        *,
        nodes: Sequence[Node],
        pool: Mapping[str, Any],
        recovery: Recovery,
        credentials: Credentials,
        lanes: int,
    ) -> None:
        super().__init__(nodes=nodes, pool=pool, recovery=recovery, credentials=credentials)
        self.slots = Slots(self, recovery, lanes=lanes, max_age=pool["max_age"])
        self._commands = KeyedCommands({**self.command_flags, **self.result_callbacks})
        self._pack = make_packer(self.encoder)
        self._encode = self.encoder.encode
        self.ready = False
        """Whether the nodes and the commands that they know have been asked for."""

    async def get_ready(self) -> None:
        """Ask for the nodes and their commands, once."""
        await super().get_ready()
        self.ready = True

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Execute a command and return its reply, in time."""
        keyed = self._commands.get(args[0])
        if keyed is None:
            if not self.ready:
                return await self._begin(args, options)
            keyed = self.keyed(args)
        route = keyed.route
        route.calls += 1
        if (
            route.alone
            or not keyed.has_keys
            or "target_nodes" in options
            or NEVER_DECODE in options
            or (len(args) > 2 and is_heavy(args))
        ):
            return await self._travel_alone(route, args, options)
        packed = self._pack(args if route.words is None else (*route.words, *args[1:]))
        if len(packed) > HEAVY_BYTES:
            return await super().execute_command(*args, **options)
        began = monotonic()
        try:
            reply = await self._send(keyed, args, packed, began)
        except BaseException as error:
            if hooks.active is not None:
                hooks.active.command(self._recovery.name, route.command.name, monotonic() - began, error)
            if EMPTY_RESPONSE in options and isinstance(error, ResponseError):
                return options[EMPTY_RESPONSE]
            raise
        if hooks.active is not None:
            hooks.active.command(self._recovery.name, route.command.name, monotonic() - began, None)
        callback = dict.get(self.response_callbacks, route.key)
        if callback is None:
            return reply
        options.pop("keys", None)
        options.pop(EMPTY_RESPONSE, None)
        return callback(reply, **options)

    def keyed(self, arguments: Sequence[Any]) -> Keyed:
        """Read a command, by the table of commands that the server has."""
        return self._commands.get(arguments[0]) or self._commands.find(arguments, self.commands_parser.commands)

    def sending(self, keyed: Keyed, arguments: Sequence[Any]) -> Sending:
        """Make a command ready to be sent."""
        words = keyed.route.words
        packed = self._pack(arguments if words is None else (*words, *arguments[1:]))
        return Sending(keyed, arguments, packed, keyed.slot(arguments, self._encode))

    def numbers(self) -> PoolNumbers:
        """Count connections and lanes of all nodes, as of now; from any thread, without I/O."""
        return added_up([super().numbers(), self.slots.numbers()])

    async def tend(self) -> None:
        """Look after the connections, and close the lanes to nodes that have gone."""
        await super().tend()
        await self.slots.tend()

    async def end(self) -> None:
        """Close every lane and connection."""
        self.ready = False
        self._commands.clear()
        await self.slots.end()
        await super().end()

    async def _send(self, keyed: Keyed, args: Sequence[Any], packed: bytes, began: float) -> Any:
        slot = keyed.slot(args, self._encode)
        node: NodeLanes | None = None
        failure: NodeFailure | None = None
        if slot is not None and UNTIL.get() is None and slot in self.nodes_manager.slots_cache:
            node = self.slots.of(slot, keyed)
            lane = node.lanes.pick()
            if lane is not None and not lane.full and not node.breaker.troubled:
                try:
                    return await lane.send(packed, keyed.route, keyed.route.command.read_only)
                except Exception as error:  # noqa: BLE001 - what it means is decided there
                    failure = NodeFailure(error, node, lane, began)
        return await travel(self.slots, Sending(keyed, args, packed, slot, node), began, failure)

    async def _begin(self, args: Sequence[Any], options: dict[str, Any]) -> Any:
        """Execute the first command: the nodes are asked before, within its time."""
        command, began, stated = traits(args), monotonic(), UNTIL.get()
        until = self._recovery.until(command, args, began) if stated is None else stated
        UNTIL.set(until)
        try:
            attempts = Attempts(self._recovery, command, until, began)
            await akeep_trying(attempts, self._get_ready_in_time, self._cannot_begin, self._recovery)
        except BaseException as error:
            if hooks.active is not None:
                hooks.active.command(self._recovery.name, command.name, monotonic() - began, error)
            raise
        else:
            return await self.execute_command(*args, **options)
        finally:
            UNTIL.set(stated)

    async def _get_ready_in_time(self) -> None:
        async with in_time():
            with told():
                await self.get_ready()

    async def _cannot_begin(self, error: Exception) -> bool:
        await self._leave(error)
        return False

    async def _travel_alone(self, route: Route, args: Sequence[Any], options: dict[str, Any]) -> Any:
        reply = await super().execute_command(*args, **options)
        # It may return to the lanes when it has become light again.
        if route.alone and not route.fixed:
            route.travelled_alone(heavy=weight(reply) > HEAVY_BYTES)
        return reply
