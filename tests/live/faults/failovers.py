"""Faults of several servers: another becomes the master, or slots move to another."""

from __future__ import annotations

import time

from mooring.embedded import EmbeddedRedis
from mooring.embedded.deadline import comes_true

from .load import COUNTER, LIST, STREAM
from .topologies import Sharded, Watched, ask

__all__ = ["cluster_killed", "cluster_yields", "sentinel_killed", "sentinel_yields", "slots_migrate"]


def sentinel_killed(ground: Watched, seconds: float) -> None:
    """Kill the master; it comes back as a replica of the one that the Sentinels agree on."""
    old = ground.trio.master
    old.kill()
    new = ground.trio.await_master(other_than=old)
    old.start()
    _follow(old, new)


def sentinel_yields(ground: Watched, seconds: float) -> None:
    """Have the Sentinels promote the replica while the old master goes on and knows of nothing for a while."""
    old = ground.trio.master
    new = ground.trio.failover()
    time.sleep(seconds)
    _follow(old, new)


def cluster_killed(ground: Sharded, seconds: float) -> None:
    """Kill a master at a moment in which its replica has everything that it acknowledged.

    WAIT is of no use here: it tells of its own connection's writes, and a Cluster client does not say which that is.
    So the master holds back writes until the replica is in step, and then dies.
    """
    ask(ground.victim, "CLIENT", "PAUSE", 10_000, "WRITE")
    if not comes_true(lambda: _offset(ground.victim, "master") == _offset(ground.replica, "slave"), 5.0):
        raise AssertionError("the replica did not come into step")
    ground.victim.kill()
    ground.await_failover()


def cluster_yields(ground: Sharded, seconds: float) -> None:
    """Have a replica take over in good order."""
    ask(ground.replica, "CLUSTER", "FAILOVER")
    ground.await_failover()


def slots_migrate(ground: Sharded, seconds: float) -> None:
    """Move the slots of the ledger's list, stream and counter from node to node, with what is in them."""
    nodes = ground.trio.nodes
    until = time.monotonic() + seconds
    slots = {int(ask(nodes[0], "CLUSTER", "KEYSLOT", key)) for key in (LIST, STREAM, COUNTER)}
    places = {slot: slot * len(nodes) // 16_384 for slot in slots}
    while True:
        for slot, place in places.items():
            places[slot] = (place + 1) % len(nodes)
            _migrate(ground, slot, nodes[place], nodes[places[slot]])
        if time.monotonic() > until:
            return


def _migrate(ground: Sharded, slot: int, source: EmbeddedRedis, target: EmbeddedRedis) -> None:
    name, new = ground.id_of(source), ground.id_of(target)
    ask(target, "CLUSTER", "SETSLOT", slot, "IMPORTING", name)
    ask(source, "CLUSTER", "SETSLOT", slot, "MIGRATING", new)
    while keys := ask(source, "CLUSTER", "GETKEYSINSLOT", slot, 100):
        ask(source, "MIGRATE", target.host, target.port, "", 0, 5000, "KEYS", *keys)
    for node in (target, source, *ground.trio.nodes):
        ask(node, "CLUSTER", "SETSLOT", slot, "NODE", new)


def _follow(replica: EmbeddedRedis, master: EmbeddedRedis) -> None:
    """Make a server a replica: the Sentinels would do it, but only after eight seconds."""
    ask(replica, "REPLICAOF", master.host, master.port)
    if not comes_true(lambda: "state=online" in ask(master, "INFO", "REPLICATION"), 10.0):
        raise AssertionError("the old master did not come into step with the new")


def _offset(node: EmbeddedRedis, role: str) -> str:
    told = dict(line.split(":", 1) for line in ask(node, "INFO", "REPLICATION").splitlines() if ":" in line)
    return str(told[f"{role}_repl_offset"])
