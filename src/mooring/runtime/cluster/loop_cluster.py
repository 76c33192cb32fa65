"""redis-py's Cluster client for one event loop in one process, which keeps deadlines and recovers as ours do."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from redis.asyncio.cluster import ClusterNode, ClusterPipeline, RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import MaxConnectionsError, RedisError, TryAgainError

from mooring.config.nodes import Node
from mooring.runtime import hooks
from mooring.runtime.clients.persistence import akeep_trying, call
from mooring.runtime.cluster.cluster import wait_of
from mooring.runtime.cluster.nodes import (
    AsyncNodeMoored,
    NodeExhausted,
    client_words,
    in_time,
    node_arguments,
    told,
    was_sent,
)
from mooring.runtime.cluster.pipeline import BoundPipeline
from mooring.runtime.commands import traits
from mooring.runtime.credentials import watching
from mooring.runtime.credentials.rotation import Credentials
from mooring.runtime.deadline import seconds_left
from mooring.runtime.numbers import PoolNumbers
from mooring.runtime.pools.aging import Lifespan
from mooring.runtime.pools.ledger import Ledger
from mooring.runtime.pools.loop_tending import LoopTending
from mooring.runtime.pools.moored import moored
from mooring.runtime.pools.turnstile import AsyncGate
from mooring.runtime.recovery.recovery import Recovery

__all__ = ["LoopCluster"]


class LoopCluster(RedisCluster):
    """A client for the tasks of the loop that it is made in."""

    # Whether to send a command again is decided here.
    ERRORS_ALLOW_RETRY = ()  # type: ignore[assignment]
    _pipeline_class: Callable[..., ClusterPipeline] = BoundPipeline

    def __init__(
        self, *, nodes: Sequence[Node], pool: Mapping[str, Any], recovery: Recovery, credentials: Credentials
    ) -> None:
        self.pid = os.getpid()
        self._loop = asyncio.get_running_loop()
        self._begun = False
        self._recovery = recovery
        self._arguments = pool
        self.credentials = credentials
        self._ledger = Ledger(self, pool["max_connections"], Lifespan(pool["max_age"], pool["max_idle"]))
        self._gates: dict[str, AsyncGate] = {}
        self._class = moored(pool["connection_class"], AsyncNodeMoored)
        self._keeper = self._keep()
        self._tending = LoopTending(self.tend)
        self._ending: asyncio.Task[None] | None = None
        super().__init__(
            startup_nodes=[ClusterNode(host, port) for host, port in nodes],
            max_connections=pool["max_connections"],
            credential_provider=credentials,
            # After so many redirections it would close every connection, also those that others wait on. Each slot
            # that moves is learnt by itself, and all are asked for when a node fails.
            reinitialize_steps=0,
            **client_words(pool),
        )
        # Nodes that are found later are made with these.
        self.connection_kwargs["connection_class"] = self._make_connection
        for node in self.nodes_manager.startup_nodes.values():
            node.connection_class = self._make_connection  # type: ignore[assignment]
        # redis-py up to 5.x takes 0 for never to send a pipeline at all.
        self.retry, self.cluster_error_retry_attempts = Retry(NoBackoff(), 0), 1

    @property
    def reading(self) -> tuple[Any, ...]:
        """What redis-py is to choose a node by for a command that reads; nothing if that is always the master."""
        strategy = getattr(self, "load_balancing_strategy", None)
        if strategy is not None:
            return self.read_from_replicas, strategy
        return (True,) if self.read_from_replicas else ()

    async def get_ready(self) -> None:
        """Ask for the nodes, look after their connections, and have them closed with the loop; once is enough."""
        if not self._begun:
            self._begun = True
            await anext(self._keeper)
        if not self._tending.started:
            self._tending.start()
        await self.initialize()

    async def _keep(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            await self.end()

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Execute a command and return its reply, in time."""
        command = traits(args)

        async def attempt() -> Any:
            async with in_time():
                with told():
                    # redis-py looks up a command's slot first, and without slots takes any node.
                    await self.get_ready()
                    try:
                        return await RedisCluster.execute_command(self, *args, **options)
                    except MaxConnectionsError as error:
                        if isinstance(error, NodeExhausted):
                            raise
                        # What redis-py sends of itself, and pipelines, stand in no line.
                        raise TryAgainError("All connections to a node are in use") from error

        with call(self._recovery, command, wait_of(command, args)) as attempts:
            return await akeep_trying(attempts, attempt, self._leave, self._recovery)

    def pipeline(self, transaction: Any = None, shard_hint: Any = None) -> ClusterPipeline:
        """Return a pipeline that keeps its deadline."""
        # redis-py's own refuses what its version does not know.
        super().pipeline(transaction, shard_hint)
        return self._pipeline_class(self, self._recovery, *([] if transaction is None else [transaction]))

    async def end(self) -> None:
        """Close every connection. Nobody is left to be told of a server that is gone."""
        await self._tending.stop()
        with contextlib.suppress(RedisError, OSError):
            await self.aclose()

    def end_soon(self) -> None:
        """Close every connection in a task of the running loop."""
        self._ending = asyncio.get_running_loop().create_task(self.end())

    def numbers(self) -> PoolNumbers:
        """Count connections and commands in line of all nodes, as of now; from any thread, without I/O."""
        idle, size = [], 0
        for node in self._nodes():
            idle += [connection.life for connection in list(node._free) if connection.is_connected]
            size += sum(connection.is_connected for connection in list(node._connections))
        numbers = self._ledger.numbers(idle, sum(gate.waiting for gate in self._gates.values()))
        places = self._ledger.places * len(self.nodes_manager.nodes_cache)
        return replace(numbers, size=size, in_use=size - len(idle), max_connections=places)

    async def tend(self) -> None:
        """Close idle connections whose time is over, and let the others show a login that has changed."""
        for node in self._nodes():
            for connection in [known for known in node._connections if known not in node._free]:
                await connection.tend_subscriber()
            for connection in list(node._free):
                if connection in node._free and connection.is_connected:
                    # Out of reach of others meanwhile.
                    node._free.remove(connection)
                    try:
                        await self._look_at(connection)
                    finally:
                        node._free.append(connection)

    def lost(self, connection: Any) -> None:
        """Close what a node's connection wrote to that redis-py has let go."""
        writer = self._ledger.let_go_of_stream(connection.life)
        if writer is not None:
            connection._reader = connection._writer = None
            # A loop that was closed has closed its transports.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(writer.close)

    async def _execute_command(self, target_node: ClusterNode, *args: Any, **options: Any) -> Any:
        gate = self._gates.get(target_node.name)
        if gate is None:
            gate = self._gates[target_node.name] = AsyncGate(self._ledger.places)
        if not gate.admit():
            await self._wait(gate, target_node.name)
        try:
            return await super()._execute_command(target_node, *args, **options)
        finally:
            gate.leave()

    async def _wait(self, gate: AsyncGate, name: str) -> None:
        began = time.monotonic()
        usual: float = self._arguments["pool_timeout"]
        patience = min(usual, seconds_left(usual))
        entered = await gate.enter(patience)
        if hooks.active is not None:
            hooks.active.waited(self.credentials.endpoint, time.monotonic() - began, not entered)
        if not entered:
            raise NodeExhausted(name, self._ledger.places, patience)

    def connection_to(self, *, host: str, port: int, **given: Any) -> Any:
        """Make a connection to a node; whoever wants it moors and opens it."""
        return self._class(**node_arguments(self._arguments, (host, int(port)), given))

    def _make_connection(self, **given: Any) -> Any:
        connection = self.connection_to(**given)
        connection.moor(self._ledger, self.credentials)
        return connection

    def _nodes(self) -> list[Any]:
        # The nodes that were asked at first have connections of their own; nodes of one name count as equal.
        known = (*self.nodes_manager.startup_nodes.values(), *self.nodes_manager.nodes_cache.values())
        return list({id(node): node for node in known}.values())

    async def _look_at(self, connection: Any) -> None:
        now, life = time.monotonic(), connection.life
        if (reason := life.over(now)) is not None:
            connection.leave(reason)
            await connection.disconnect(nowait=True)
        elif life.generation != self.credentials.generation and now >= life.auth_after:
            try:
                async with asyncio.timeout(watching.PATIENCE):
                    await connection.connect()
            except (RedisError, OSError):
                await connection.disconnect(nowait=True)

    async def _leave(self, error: Exception) -> bool:
        if self.nodes_manager.default_node is not None:
            self.replace_default_node()
        return was_sent(error)
