"""Whether a Cluster serves all slots, and which nodes have failed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mooring.doctor.diagnosis import Fact, Finding, Look, Outcome, failed, note, warning
from mooring.doctor.knowledge import fields
from mooring.doctor.wire import Refusal, Wire

__all__ = ["Node", "judge", "look_at_cluster", "read_nodes"]

_SLOTS = 16_384


@dataclass(frozen=True, slots=True)
class Node:
    """A line of CLUSTER NODES."""

    identity: str
    address: str
    flags: frozenset[str]
    master: str
    slots: int

    @property
    def failed(self) -> bool:
        """Whether the Cluster agrees, or this node suspects, that it is down."""
        return bool(self.flags & {"fail", "fail?"})


def look_at_cluster(wire: Wire, *, expected: bool) -> Look:
    """Ask a node about its Cluster; `expected` where the settings say that it has one."""
    try:
        told = fields(str(wire.ask("CLUSTER", "INFO")))
        nodes = read_nodes(str(wire.ask("CLUSTER", "NODES")))
    except Refusal as refusal:
        if refusal.code == "NOPERM":
            message = "The state of the Cluster cannot be told: the user may not ask for it."
            finding = note("cluster-unknown", message, "Allow +cluster|info +cluster|nodes.")
            return Look("not for this user", findings=(finding,))
        message = "The settings say Cluster, but the server is none."
        remedy = "Use redis:// for a single server, or set `cluster-enabled yes` on it."
        return Look("none", findings=(failed(Outcome.STATE, "cluster-disabled", message, remedy),))
    return judge(told, nodes, expected=expected)


def judge(told: Mapping[str, str], nodes: Iterable[Node], *, expected: bool) -> Look:
    """Judge CLUSTER INFO and CLUSTER NODES."""
    nodes = list(nodes)
    state = told.get("cluster_state", "unknown")
    served = int(told.get("cluster_slots_ok", 0))
    masters = [node for node in nodes if "master" in node.flags and node.slots]
    followed = {node.master for node in nodes if "slave" in node.flags and not node.failed}
    alone = [node.address for node in masters if node.identity not in followed]
    lost = [node.address for node in nodes if node.failed]
    facts: dict[str, Fact] = {
        "state": state,
        "slots_served": served,
        "nodes": len(nodes),
        "masters": len(masters),
        "failed_nodes": lost,
        "masters_without_replica": alone,
    }
    findings = [_down(served)] if state != "ok" else []
    if lost:
        message = f"Nodes of the Cluster have failed: {', '.join(lost)}."
        remedy = "Bring them back, or take them out with `redis-cli --cluster del-node`."
        findings.append(warning("cluster-node-failed", message, remedy))
    if alone:
        message = f"Masters without a replica, whose slots are lost with them: {', '.join(alone)}."
        findings.append(note("cluster-no-replica", message, "Add replicas (`redis-cli --cluster add-node`)."))
    if not expected:
        message = "The server is a node of a Cluster, but the settings name one server: other keys fail (MOVED)."
        findings.append(warning("cluster-unexpected", message, "Use redis+cluster:// and a client for Cluster."))
    summary = f"state {state}, {served:,} of {_SLOTS:,} slots served, {len(masters)} masters of {len(nodes)} nodes"
    return Look(summary, facts, tuple(findings))


def read_nodes(text: str) -> list[Node]:
    """Read what CLUSTER NODES answers."""
    nodes = []
    for line in text.splitlines():
        identity, address, flags, master, _, _, _, _, *slots = line.split()
        where = address.partition("@")[0]
        nodes.append(Node(identity, where, frozenset(flags.split(",")), master, sum(map(_width, slots))))
    return nodes


def _width(slots: str) -> int:
    if slots.startswith("["):  # on its way to or from another node
        return 0
    first, _, last = slots.partition("-")
    return int(last or first) - int(first) + 1


def _down(served: int) -> Finding:
    message = f"The Cluster is down: {served:,} of {_SLOTS:,} slots are served."
    remedy = "Bring the failed masters back, or fail over to their replicas; `redis-cli --cluster check` tells which."
    return failed(Outcome.STATE, "cluster-down", message, remedy)
