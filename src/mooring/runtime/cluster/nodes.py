"""The connections to the nodes of a Cluster, made as those to a single server are.

redis-py's Cluster clients keep connections for each node themselves. For threads each node gets a pool of ours; for
asyncio redis-py's own list of connections stays, and what a pool would do is done when a command is sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import redis
from redis.exceptions import ClusterDownError, MaxConnectionsError, RedisClusterException
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from mooring.config.nodes import Node, write_nodes
from mooring.runtime.deadline import seconds_left
from mooring.runtime.failures import PoolExhausted
from mooring.runtime.pools.async_moored import AsyncMoored
from mooring.runtime.pools.pool import SharedPool
from mooring.runtime.recovery.endpoints import endpoint

__all__ = [
    "POOL_WORDS",
    "AsyncNodeMoored",
    "NodeExhausted",
    "NodePool",
    "client_words",
    "in_time",
    "node_arguments",
    "told",
    "was_sent",
]

# Arguments that a Cluster client alone is made with.
_READING = frozenset({"read_from_replicas", "load_balancing_strategy"})
# And those of connections that it wants to know too.
_CLIENT_WORDS = _READING | {"encoding", "encoding_errors", "decode_responses", "protocol", "legacy_responses"}

POOL_WORDS = ("max_connections", "pool_timeout", "max_age", "max_idle", "login", "connection_class")
"""Arguments of a pool that its connections are not made with."""


class NodeExhausted(PoolExhausted, MaxConnectionsError):
    """All connections to a node stayed in use: no reason for the client to think that the node is gone."""


class NodePool(SharedPool):
    """The pool of one node. What goes wrong before a command could be sent is marked so."""

    def get_connection(self, *_: Any, **__: Any) -> redis.Connection:
        """Take a connection, waiting in turn while all are in use."""
        with _unsent():
            try:
                return super().get_connection()
            except PoolExhausted as error:
                raise NodeExhausted(error.endpoint, error.places, error.seconds) from None


class AsyncNodeMoored(AsyncMoored):
    """Goes in front of a connection that no pool of ours hands out: each sending is where it would have been taken."""

    # The other nodes tell which of them has taken over.
    hasty = True
    _settling = False

    async def connect(self, *args: Any, **options: Any) -> None:
        """Connect, or show the new login where it is connected already."""
        outer, self._settling = self._settling, True
        try:
            await super().connect(*args, **options)
        finally:
            self._settling = outer

    async def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        """Open the connection, show a changed login or leave one whose time is over, if need be; then send."""
        if not self._settling:
            with _unsent():
                await self._settle()
        await super().send_packed_command(command, check_health=check_health)  # type: ignore[misc]

    async def _settle(self) -> None:
        now = time.monotonic()
        # A subscriber would lose messages.
        reason = None if self._listening else self.life.over(now)
        if reason is not None and self.is_connected:  # type: ignore[attr-defined]
            self.leave(reason)
            await self.disconnect(nowait=True)
        await self.connect()
        self.life.used = now


def node_arguments(arguments: Mapping[str, Any], node: Node, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a connection to one node is made with: what redis-py gives for it, and over it what settings say."""
    own = {key: value for key, value in arguments.items() if key not in {*POOL_WORDS, *_READING, "endpoint"}}
    host, port = node
    # Connections know these themselves, and redis-py 7 warns of what its Cluster client hands on.
    given = {key: value for key, value in given.items() if key not in {"lib_name", "lib_version"}}
    return {**given, **own, "host": host, "port": port, "dialed": endpoint(write_nodes([node]))}


def client_words(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a Cluster client itself is told of its connections' arguments."""
    return {key: value for key, value in arguments.items() if key in _CLIENT_WORDS}


def was_sent(error: BaseException) -> bool:
    """Tell whether the command that met an error may have reached a node."""
    return not getattr(error, "unsent", False)


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Translate what a Cluster client says of slots and nodes into what it means for the command."""
    try:
        yield
    except RedisClusterException as error:
        # It looks for the nodes anew upon a failure: that none is found then says less than the failure itself.
        for lost in (error.__context__, error.__cause__):
            if isinstance(lost, RedisConnectionError | RedisTimeoutError):
                raise lost from error
        if type(error).__name__ == "SlotNotCoveredError":
            raise ClusterDownError(str(error)) from error
        raise


@contextlib.asynccontextmanager
async def in_time() -> AsyncIterator[None]:
    """Bound what is done inside by what is left of the running call's time."""
    left = seconds_left(math.inf)
    try:
        async with asyncio.timeout(None if left == math.inf else left):
            yield
    except TimeoutError as error:
        raise RedisTimeoutError("No node replied in time") from error


@contextlib.contextmanager
def _unsent() -> Iterator[None]:
    try:
        yield
    except (RedisConnectionError, RedisTimeoutError) as error:
        error.unsent = True  # type: ignore[union-attr]
        raise
