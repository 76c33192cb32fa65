"""Which node serves a slot, as far as is known, and the lanes to it: for one event loop.

redis-py's Cluster client keeps what the nodes tell; here it is asked, and brought up to date. A slot that has moved is
learnt from the redirection itself. After a failure of a node all are asked again which slots they serve, once for all
commands that wait for it; commands of the other nodes go on meanwhile.
"""

from __future__ import annotations

import asyncio
import inspect
import math
import time
import weakref
from collections.abc import Sequence
from contextvars import Context
from copy import copy
from typing import TYPE_CHECKING, Any

from redis.asyncio.cluster import ClusterNode
from redis.exceptions import AskError, ClusterDownError, MovedError, RedisClusterException, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError

from mooring.runtime.cluster.keyed import Keyed
from mooring.runtime.cluster.node_lanes import NodeLanes
from mooring.runtime.cluster.nodes import told
from mooring.runtime.deadline import deadline
from mooring.runtime.lanes.ride import by
from mooring.runtime.numbers import PoolNumbers, added_up
from mooring.runtime.recovery.recovery import Recovery, dial_bound

if TYPE_CHECKING:
    from mooring.runtime.cluster.loop_cluster import LoopCluster

__all__ = ["Slots"]

# For how many seconds what the nodes told is not asked again, whatever fails.
_REST = 0.1


class Slots:
    """The nodes by slot, and the lanes to each."""

    def __init__(self, client: LoopCluster, recovery: Recovery, *, lanes: int, max_age: float | None) -> None:
        """Read and write the slots that `client` knows, which has just been made; `lanes` are opened to each node."""
        self.recovery = recovery
        """How the Cluster as a whole is tried; each node has its own breaker."""
        self._client = client
        self._count = lanes
        self._max_age = max_age
        self._lanes: dict[str, NodeLanes] = {}
        # Nodes that have failed, and until when what was known of them was learnt.
        self._doubted: dict[str, float] = {}
        self._learnt = -math.inf
        self._asking: asyncio.Task[None] | None = None

    def of(self, slot: int, keyed: Keyed) -> NodeLanes:
        """Return the lanes that a command of a slot takes now. Raises `ClusterDownError` if no node serves it."""
        client = self._client
        manager: Any = client.nodes_manager
        if keyed.reads and client.reading:
            with told():
                return self.to(manager.get_node_from_slot(slot, *client.reading))
        serving = manager.slots_cache.get(slot)
        if not serving:
            raise ClusterDownError(f"No node is known to serve slot {slot}")
        return self._lanes.get(serving[0].name) or self.to(serving[0])

    async def settled(self, slot: int, keyed: Keyed, chosen: NodeLanes | None = None) -> NodeLanes:
        """Do the same, but ask the nodes before if the one `chosen` has failed since they were asked last."""
        if slot in self._client.nodes_manager.slots_cache:
            found = chosen or self.of(slot, keyed)
            if found.name not in self._doubted or time.monotonic() < self._learnt + _REST:
                return found
        await self._ask()
        return self.of(slot, keyed)

    async def look_up(self, arguments: Sequence[Any]) -> int:
        """Return the slot of a command's keys, for which a node may have to be asked. Raises as redis-py does."""
        client: Any = self._client
        try:
            slot: int = await client._determine_slot(*arguments)
        except (RedisError, OSError, asyncio.CancelledError):
            # Any node can tell, but redis-py keeps to the one that it asked first.
            client.replace_default_node()
            client.commands_parser.node = client.get_default_node()
            raise
        return slot

    async def redirected(self, error: AskError, keyed: Keyed) -> NodeLanes:
        """Return the lanes to where a node sends a command to, and remember it if that is for good."""
        manager: Any = self._client.nodes_manager
        # redis-py has MOVED for a kind of ASK.
        if isinstance(error, MovedError):
            await _move(manager, error)
            return self.of(error.slot_id, keyed)
        found = manager.get_node(host=error.host, port=error.port)
        return self.to(found or ClusterNode(error.host, error.port, **self._client.connection_kwargs))

    def doubt(self, node: NodeLanes | None, since: float) -> None:
        """Hear that a node failed in an attempt that began at `since`; none if none could be found."""
        if node is not None and since >= self._learnt:
            self._doubted[node.name] = since

    def served(self, node: NodeLanes) -> None:
        """Hear that a node has replied, and so the Cluster."""
        for breaker in (node.breaker, self.recovery.breaker):
            if breaker.troubled:
                breaker.succeeded()

    def numbers(self) -> PoolNumbers:
        """Count the open lanes; from any thread."""
        return added_up(known.lanes.numbers() for known in list(self._lanes.values()))

    async def tend(self) -> None:
        """Close the lanes to nodes that do not belong to the Cluster any more."""
        known = self._client.nodes_manager.nodes_cache
        for name in [name for name in self._lanes if name not in known]:
            await self._lanes.pop(name).lanes.end()

    async def end(self) -> None:
        """Close all lanes; they are opened again when they are needed."""
        asking, self._asking = self._asking, None
        if asking is not None:
            asking.cancel()
            await asyncio.wait([asking])
        await asyncio.gather(*(known.lanes.end() for known in list(self._lanes.values())))

    def to(self, node: Any) -> NodeLanes:
        """Return the lanes to a node of redis-py's."""
        found = self._lanes.get(node.name)
        if found is None:
            found = self._lanes[node.name] = NodeLanes(
                node,
                weakref.WeakMethod(self._client.connection_to),
                self._client.credentials,
                self.recovery,
                count=self._count,
                max_age=self._max_age,
            )
        return found

    async def _ask(self) -> None:
        """Have the nodes asked which slots they serve, once for all who wait. Raises redis-py's and `CircuitOpen`."""
        if self.recovery.breaker.troubled:
            self.recovery.breaker.check()
        if self._asking is None or self._asking.done():
            # In a context of its own: one caller's deadline and trace are not those of all who wait.
            loop = asyncio.get_running_loop()
            self._asking = loop.create_task(self._learn(), context=Context())
            # Perhaps nobody waits for it any more.
            self._asking.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        asking = self._asking
        await asyncio.wait([asking])
        if asking.cancelled():
            raise RedisConnectionError("The client was closed.")
        error = asking.exception()
        if error is not None:
            # Each who waits gets one of his own, for errors are added to on their way.
            raise copy(error) from error

    async def _learn(self) -> None:
        breaker, manager = self.recovery.breaker, self._client.nodes_manager
        began = time.monotonic()
        left = dial_bound(self.recovery.patience)
        try:
            with told(), deadline(left):
                async with by(began + left):
                    await _initialize(manager, list(self._doubted))
        except RedisClusterException as error:
            # It was one when the client began.
            raise ClusterDownError(str(error)) from error
        self._learnt = began
        self._doubted = {name: since for name, since in self._doubted.items() if since > began}
        if breaker.troubled:
            breaker.succeeded()


async def _move(manager: Any, error: MovedError) -> None:
    if hasattr(manager, "move_slot"):
        await manager.move_slot(error)
        return
    # redis-py up to 6.x remembers the last redirection until it looks for a slot.
    manager._moved_exception = error
    manager.get_node_from_slot(error.slot_id)


async def _initialize(manager: Any, failed: list[str]) -> None:
    """Ask the nodes, those that have failed last."""
    for name in failed:
        node = manager.startup_nodes.pop(name, None)
        if node is not None:
            manager.startup_nodes[name] = node
    # From 8.x on redis-py shuffles the others.
    known = "last_failed_node_name" in inspect.signature(manager.initialize).parameters
    await manager.initialize(**({"last_failed_node_name": failed[-1]} if known and failed else {}))
