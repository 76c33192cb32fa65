"""Grounds of several servers: one that Sentinels watch over, and a Cluster with a replica."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import redis
from redis.cluster import ClusterNode, RedisCluster

from mooring.config.nodes import write_nodes
from mooring.embedded import ClusterTrio, EmbeddedRedis, SentinelTrio
from mooring.embedded.deadline import comes_true

from .ground import Ground
from .load import LIST

__all__ = ["Sharded", "Watched", "ask", "on_a_cluster", "under_sentinels"]

_PATIENCE = 20.0
# Within how many milliseconds the nodes of a Cluster take a silent one for dead.
_NODE_TIMEOUT = 1000


@dataclass(kw_only=True)
class Watched(Ground):
    """A master and its replica, and three Sentinels."""

    trio: SentinelTrio

    def look(self) -> AbstractContextManager[redis.Redis]:
        """Return a client of the master of this moment."""
        return self.trio.master.client(decode_responses=True)


@dataclass(kw_only=True)
class Sharded(Ground):
    """A Cluster of three masters; the one that has the ledger's list, `victim`, has a `replica`."""

    trio: ClusterTrio
    victim: EmbeddedRedis
    replica: EmbeddedRedis

    def look(self) -> Any:
        """Return a client of the whole Cluster."""
        alive = [node for node in (*self.trio.nodes, self.replica) if node.running]
        return RedisCluster(startup_nodes=[ClusterNode(node.host, node.port) for node in alive], decode_responses=True)

    def id_of(self, node: EmbeddedRedis) -> str:
        """Return the name that the Cluster knows a node by."""
        return str(ask(node, "CLUSTER", "MYID"))

    def await_failover(self) -> None:
        """Wait until all nodes that run say that the replica is a master, and that the Cluster serves."""
        name = self.id_of(self.replica)
        nodes = [node for node in (*self.trio.nodes, self.replica) if node.running]
        _wait(lambda: all(_has(node, name, " master ") for node in nodes), "the replica was not promoted")


@contextmanager
def under_sentinels() -> Iterator[Watched]:
    """A master, a replica and three Sentinels, which take a server that is silent for 0.5 s for dead."""
    with SentinelTrio(down_after=0.5) as trio:
        arguments = {"sentinels": write_nodes(trio.sentinels), "sentinel_master": trio.service_name}
        theirs = {"sentinels": trio.sentinels, "service_name": trio.service_name}
        yield Watched(arguments=arguments, theirs=theirs, confirmed=True, trio=trio)


@contextmanager
def on_a_cluster() -> Iterator[Sharded]:
    """Three masters, and a replica of the one that has the ledger's list."""
    settings = {"cluster-enabled": "yes", "cluster-announce-ip": "127.0.0.1"}
    with ClusterTrio() as trio, EmbeddedRedis(settings=settings) as replica:
        slot = ask(trio.nodes[0], "CLUSTER", "KEYSLOT", LIST)
        victim = trio.nodes[slot * len(trio.nodes) // 16_384]
        for node in (*trio.nodes, replica):
            ask(node, "CONFIG", "SET", "cluster-node-timeout", _NODE_TIMEOUT)
        ask(replica, "CLUSTER", "MEET", victim.host, victim.port)
        name = ask(victim, "CLUSTER", "MYID")
        _wait(lambda: name in ask(replica, "CLUSTER", "NODES"), "the replica did not meet its master")
        ask(replica, "CLUSTER", "REPLICATE", name)
        _wait(lambda: "master_link_status:up" in ask(replica, "INFO", "REPLICATION"), "the replica is not in step")
        own, nodes = ask(replica, "CLUSTER", "MYID"), (*trio.nodes, replica)
        # A master that does not know yet whose replica asks for its place pays no heed.
        _wait(lambda: all(_has(node, own, f"slave {name}") for node in nodes), "not all know the replica")
        arguments = {"cluster_nodes": write_nodes(trio.startup_nodes)}
        theirs = {"startup_nodes": trio.startup_nodes}
        yield Sharded(arguments=arguments, theirs=theirs, trio=trio, victim=victim, replica=replica)


def ask(node: EmbeddedRedis, *words: str | int) -> Any:
    """Return what a server replies, as text and numbers where these are what it replies with."""
    with node.client(decode_responses=True) as client:
        # Without redis-py's reading of replies, which is another for each version.
        client.response_callbacks.clear()
        return client.execute_command(*words)


def _wait(condition: Callable[[], bool], otherwise: str) -> None:
    if not comes_true(condition, _PATIENCE):
        raise AssertionError(f"{otherwise} within {_PATIENCE:g} s")


def _has(node: EmbeddedRedis, name: str, role: str) -> bool:
    """Tell whether a node knows another in a role, and serves."""
    lines = ask(node, "CLUSTER", "NODES").splitlines()
    serves = "cluster_state:ok" in ask(node, "CLUSTER", "INFO")
    # In its own line, "myself" stands before the role.
    return serves and any(line.startswith(name) and role in line.replace("myself,", "") for line in lines)
