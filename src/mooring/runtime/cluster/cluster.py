"""The client of a Cluster, for threads: redis-py's own, on pools of ours for its nodes and with our way of recovering.

Each node has a pool of at most `max_connections`, which waits in turn, ages and follows a changed login as every pool.
A command keeps its deadline, however many nodes, redirections and dials it takes, and is sent again by the rules of
`recovery`, in place of redis-py's, which sends each command again after a lost reply. A pipeline keeps its deadline
too, and is not sent again as a whole; redis-py follows redirections of its commands.

redis-py asks the nodes for their slots when the client is made: then one of them must answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from redis.backoff import NoBackoff
from redis.cluster import ClusterNode, ClusterPipeline, RedisCluster
from redis.retry import Retry

from mooring.config.nodes import Node, write_nodes
from mooring.runtime.clients.persistence import call, keep_trying
from mooring.runtime.cluster.nodes import POOL_WORDS, NodePool, client_words, node_arguments, told, was_sent
from mooring.runtime.commands import Traits, patience, traits
from mooring.runtime.credentials.rotation import credentials_of
from mooring.runtime.deadline import deadline
from mooring.runtime.numbers import PoolNumbers, added_up
from mooring.runtime.recovery.recovery import Recovery

__all__ = ["PIPELINE", "PooledRedisCluster", "wait_of"]

PIPELINE = Traits("PIPELINE")


class PooledRedisCluster(RedisCluster):
    """A client on shared pools, shared itself: closing it leaves it to the others. Made by `RedisConnectionManager`."""

    def __init__(self, *, nodes: Sequence[Node], pool: Mapping[str, Any], recovery: Recovery) -> None:
        self.endpoint: str = pool["endpoint"]
        self._recovery = recovery
        self._arguments = dict(pool)
        # One for all nodes, which so follow a change together.
        self.credentials = self._arguments["login"] = credentials_of(pool["login"], self.endpoint, {})
        self._pools: dict[Node, NodePool] = {}
        first, *others = nodes
        with deadline(recovery.deadline), told():
            super().__init__(
                # By a URL, for redis-py makes pools of a given kind in no other way.
                url=f"redis://{write_nodes([first])}",
                startup_nodes=[ClusterNode(host, port) for host, port in others],
                connection_pool_class=self._node_pool,
                **client_words(pool),
            )
        # Whether to send again is decided here.
        self.retry = Retry(NoBackoff(), 0)
        self.cluster_error_retry_attempts = 0

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Execute a command and return its reply, in time.

        Raises redis-py's errors, `DeadlineExceeded` and `CircuitOpen`.
        """
        command = traits(args)

        def attempt() -> Any:
            with told():
                return RedisCluster.execute_command(self, *args, **options)

        with call(self._recovery, command, wait_of(command, args)) as attempts:
            return keep_trying(attempts, attempt, self._leave, self._recovery)

    def pipeline(self, transaction: bool | None = None, shard_hint: str | None = None) -> ClusterPipeline:
        """Return a pipeline."""
        pipeline: ClusterPipeline = super().pipeline(transaction, shard_hint)  # type: ignore[no-untyped-call]
        execute: Any = pipeline.execute

        def bounded(raise_on_error: bool = True) -> list[Any]:
            with call(self._recovery, PIPELINE), told():
                replies: list[Any] = execute(raise_on_error)
                return replies

        pipeline.execute = bounded  # type: ignore[method-assign]
        return pipeline

    def close(self) -> None:
        """Leave the connections to the other users of this client; its manager closes them."""

    def numbers(self) -> PoolNumbers:
        """Count connections and callers in line of all nodes, as of now; without I/O."""
        return added_up([pool.numbers() for pool in list(self._pools.values())])

    def shut(self) -> None:
        """Close every connection, also those in use."""
        for pool in list(self._pools.values()):
            pool.shut()

    def at_exit(self) -> None:
        """Close what is idle."""
        for pool in list(self._pools.values()):
            pool.at_exit()

    def _node_pool(self, *, host: str, port: int, **given: Any) -> NodePool:
        # redis-py makes it anew for a node that it has lost sight of for a moment.
        node = (host, int(port))
        if node not in self._pools:
            arguments = node_arguments(self._arguments, node, given)
            arguments.pop("cache", None)
            arguments.pop("retry", None)
            own = {key: self._arguments[key] for key in POOL_WORDS}
            self._pools[node] = NodePool(**{**arguments, **own, "endpoint": write_nodes([node])})
        return self._pools[node]

    def _leave(self, error: Exception) -> bool:
        self.replace_default_node()
        return was_sent(error)


def wait_of(command: Traits, args: Sequence[Any]) -> float:
    """Tell how many seconds a command may wait at its node; infinity for as long as it takes."""
    return 0.0 if command.wait is None else patience(args, command.wait) or 0.0
