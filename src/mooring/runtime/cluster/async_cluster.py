"""The client of a Cluster, for asyncio: one object for all event loops, with redis-py's own client for each.

What is said in `cluster` holds here too, with these differences: nobody is asked before the first command; connections
are redis-py's own, at most `max_connections` for each node in each loop, for which commands wait in turn; and a
pipeline that finds them all in use raises redis-py's error instead of waiting. With lanes, ordinary commands share a
few sockets to each node instead: see `lane_cluster`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Mapping, Sequence
from typing import Any, Self
from weakref import WeakKeyDictionary

from redis.asyncio.cluster import ClusterNode, ClusterPipeline, RedisCluster

from mooring.config.nodes import Node
from mooring.runtime.cluster.lane_cluster import LaneCluster
from mooring.runtime.cluster.loop_cluster import LoopCluster
from mooring.runtime.cluster.nodes import client_words
from mooring.runtime.credentials.rotation import credentials_of
from mooring.runtime.numbers import PoolNumbers, added_up
from mooring.runtime.pools.loop_tending import end_from_outside
from mooring.runtime.pools.pool import guard
from mooring.runtime.recovery.recovery import Recovery

__all__ = ["AsyncPooledRedisCluster"]


class AsyncPooledRedisCluster(RedisCluster):
    """A client that is shared: closing it leaves it to the others. Made by `RedisConnectionManager`."""

    def __init__(self, *, nodes: Sequence[Node], pool: Mapping[str, Any], recovery: Recovery, lanes: int = 0) -> None:
        """Make a client whose ordinary commands share `lanes` sockets to each node; for 0 each has one of its own."""
        self.endpoint: str = pool["endpoint"]
        self.credentials = credentials_of(pool["login"], self.endpoint, {})
        self._nodes = nodes
        self._arguments = pool
        self._recovery = recovery
        self._lanes = lanes
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, LoopCluster] = WeakKeyDictionary()
        self._own_manager: Any = None
        self._made = False
        # Its own part never connects.
        super().__init__(startup_nodes=[ClusterNode(host, port) for host, port in nodes], **client_words(pool))
        self._made = True

    @property
    def nodes_manager(self) -> Any:
        """What is known of the nodes in the running loop."""
        if self._made:
            with contextlib.suppress(RuntimeError):
                return self._here().nodes_manager
        return self._own_manager

    @nodes_manager.setter
    def nodes_manager(self, manager: Any) -> None:
        self._own_manager = manager

    async def initialize(self, *_: Any, **__: Any) -> Self:
        """Ask for the nodes and their slots, if that has not been done in this loop."""
        await self._here().get_ready()
        return self

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Execute a command and return its reply, in time.

        Raises redis-py's errors, `DeadlineExceeded` and `CircuitOpen`.
        """
        return await self._here().execute_command(*args, **options)

    def set_response_callback(self, command: str, callback: Any) -> None:
        """Set a callback for the replies to a command, in every loop."""
        super().set_response_callback(command, callback)
        for _, client in self._living():
            client.set_response_callback(command, callback)

    def pipeline(self, transaction: Any = None, shard_hint: Any = None) -> ClusterPipeline:
        """Return a pipeline for the running loop."""
        return self._here().pipeline(transaction, shard_hint)

    async def _split_command_across_slots(self, command: str, *keys: Any) -> int:  # type: ignore[override]
        # redis-py has a pipeline for it, also where nothing is to be split.
        if self._lanes and len(keys) == 1:
            count: int = await self.execute_command(command, *keys)
            return count
        return await super()._split_command_across_slots(command, *keys)

    async def aclose(self) -> None:
        """Leave the connections to the other users of this client; its manager closes them."""

    close = aclose

    def numbers(self) -> PoolNumbers:
        """Count connections and callers in line of all nodes and loops, as of now; without I/O."""
        return added_up([client.numbers() for _, client in self._living()])

    async def ashut(self) -> None:
        """Close every connection; what other loops hold, those loops close."""
        running = asyncio.get_running_loop()
        for loop, client in self._living():
            if loop is running:
                await client.end()
            else:
                end_from_outside(loop, client)

    def shut(self) -> None:
        """Close every connection: a running loop does so soon, for another it is done at once."""
        for loop, client in self._living():
            end_from_outside(loop, client)

    def at_exit(self) -> None:
        """Close what belongs to loops that neither run nor were closed."""
        for loop, client in self._living():
            if not loop.is_running():
                end_from_outside(loop, client)

    def _here(self) -> LoopCluster:
        loop = asyncio.get_running_loop()
        client = self._clients.get(loop)
        if client is None or client.pid != os.getpid():
            self.credentials.attend()
            with guard:
                words: dict[str, Any] = {"nodes": self._nodes, "pool": self._arguments, "recovery": self._recovery}
                words["credentials"] = self.credentials
                client = LaneCluster(**words, lanes=self._lanes) if self._lanes else LoopCluster(**words)
                client.response_callbacks.update(self.response_callbacks)
                self._clients[loop] = client
        return client

    def _living(self) -> list[tuple[asyncio.AbstractEventLoop, LoopCluster]]:
        with guard:
            known = list(self._clients.items())
        return [(loop, client) for loop, client in known if client.pid == os.getpid() and not loop.is_closed()]
