"""The lanes to one node of a Cluster, in one event loop: beside the connections that redis-py keeps to it."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError

from mooring.config.nodes import write_nodes
from mooring.runtime.credentials.rotation import Credentials
from mooring.runtime.lanes.lane_set import lane_set
from mooring.runtime.pools.aging import Lifespan
from mooring.runtime.pools.ledger import Ledger
from mooring.runtime.recovery.endpoints import endpoint
from mooring.runtime.recovery.recovery import Recovery

__all__ = ["NodeLanes"]

Connect = Callable[..., Any]


class NodeLanes:
    """The lanes to one node; what fails on them counts for the node's own breaker, not for the whole Cluster's."""

    def __init__(
        self,
        node: Any,
        connect: weakref.WeakMethod[Connect],
        credentials: Credentials,
        recovery: Recovery,
        *,
        count: int,
        max_age: float | None,
    ) -> None:
        """Make `count` lanes to redis-py's `node`, in the running loop; `connect` makes its connections."""
        self.name: str = node.name
        self.recovery = replace(recovery, endpoint=endpoint(write_nodes([(node.host, int(node.port))])))
        self.breaker = self.recovery.endpoint.breaker
        source = _NodeSource(node.connection_kwargs, connect, credentials)
        self.lanes = lane_set(source, self.recovery, count, max_age).here()


class _NodeSource:
    """Connections as the Cluster's client makes them for a node."""

    def __init__(
        self, arguments: dict[str, Any], connect: weakref.WeakMethod[Connect], credentials: Credentials
    ) -> None:
        # Lanes end with the client, so they do not keep it. Whether to try again is decided for the whole call.
        self._arguments = {**arguments, "retry": Retry(NoBackoff(), 0)}
        self._connect = connect
        self._credentials = credentials

    def generation(self) -> int:
        """The generation of the client's credentials."""
        return self._credentials.generation

    def master_watch(self) -> None:
        """The nodes themselves tell who is master."""

    async def open(self) -> Any:
        """Open a connection at the endpoint's pace. Raises redis-py's errors."""
        connect = self._connect()
        if connect is None:
            raise RedisConnectionError("The client is gone.")
        connection = connect(**self._arguments)
        # A ledger of its own, for one would hold the sockets of all lanes that there were.
        connection.moor(Ledger(self, 0, Lifespan()), self._credentials)
        await connection.connect()
        return connection

    async def refused(self, generation: int) -> bool:
        """Have the login read again."""
        return await self._credentials.arefresh(generation)

    def lost(self, connection: Any) -> None:
        """Nobody misses a connection whose socket has become a lane's."""
