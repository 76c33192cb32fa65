"""The examination: which steps are taken, in which order, at which servers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from mooring.doctor import state
from mooring.doctor.cluster import look_at_cluster
from mooring.doctor.diagnosis import Diagnosis, Look, Outcome, Severity, Step
from mooring.doctor.knowledge import Knowledge, learn
from mooring.doctor.rights import CLUSTER_NEEDS, NEEDS, check_rights, check_writes
from mooring.doctor.roundtrip import measure
from mooring.doctor.sentinel import agreement, consult, misplaced
from mooring.doctor.target import Target
from mooring.doctor.visit import Server, Visit
from mooring.doctor.wire import Wire

__all__ = ["Scale", "examine"]


@dataclass(frozen=True, slots=True)
class Scale:
    """How large the service is: connections in a pool, replicas that each have one; and the seconds a step may take."""

    pool: int | None = None
    replicas: int = 1
    timeout: float = 5.0


def examine(target: Target, scale: Scale) -> Diagnosis:
    """Examine a connection, from its name to the state of its server. Writes nothing there."""
    if target.sentinels:
        steps, server = _through_sentinels(target, scale)
        candidates: tuple[Server, ...] = (server,) if server else ()
    else:
        steps, candidates = [], target.cluster or (target.server,)
    failures: list[Step] = []
    for server in candidates:
        taken, reached = _examined(server, target, scale)
        if reached:
            # Clients too go on to the next node.
            steps += [*map(_softened, failures), *taken]
            break
        failures += taken
    else:
        steps += failures
    return Diagnosis(target.explanation, tuple(steps))


def _examined(server: Server, target: Target, scale: Scale) -> tuple[list[Step], bool]:
    """Visit a server; tell also whether it let us in."""
    with Visit(server, scale.timeout) as visit:
        visit.enter()
        reached = not visit.over
        if reached:
            _look_around(visit, target, scale)
    return visit.steps, reached


def _look_around(visit: Visit, target: Target, scale: Scale) -> None:
    entry = visit.steps[-1].look.facts
    needs = (*NEEDS, *CLUSTER_NEEDS) if target.cluster else NEEDS
    visit.look("rights", lambda wire: misplaced(wire) or check_rights(wire, str(entry.get("user", "")), needs))
    visit.look("ping", lambda wire: measure(wire, scale.timeout))
    known = Knowledge({})

    def identify(wire: Wire) -> Look:
        nonlocal known
        known = learn(wire)
        return state.identity(known)

    visit.look("server", identify)
    pool = scale.pool or target.pool
    visit.look("replication", lambda _: state.replication(known))
    visit.look("clients", lambda _: state.clients(known, pool, scale.replicas))
    visit.look("memory", lambda _: state.memory(known))
    visit.look("persistence", lambda _: state.persistence(known))
    clustered = known.is_cluster
    if not clustered and known.info.get("role") != "slave":
        visit.look("writes", check_writes)
    is_open, shielded = bool(entry["open"]), visit.server.shielded
    visit.look("exposure", lambda _: state.exposure(known, is_open=is_open, shielded=shielded))
    if clustered or target.cluster:
        visit.look("cluster", lambda wire: look_at_cluster(wire, expected=bool(target.cluster)))


def _through_sentinels(target: Target, scale: Scale) -> tuple[list[Step], Server | None]:
    """Ask every Sentinel for the master, and tell where it is by most of them."""
    visits: list[Visit] = []
    masters: dict[str, str] = {}
    for sentinel in target.sentinels:
        with Visit(sentinel, scale.timeout) as visit:
            visit.enter()
            told = visit.look("sentinel", lambda wire: consult(wire, target.master))
        visits.append(visit)
        if told and "master" in told.facts:
            masters[sentinel.endpoint] = str(told.facts["master"])
    if not masters:
        return [step for visit in visits for step in visit.steps], None
    steps = [step if visit.server.endpoint in masters else _softened(step) for visit in visits for step in visit.steps]
    address, votes = Counter(masters.values()).most_common(1)[0]
    summary = f"{votes} of {len(visits)} say {address}"
    steps.append(
        Step("sentinels", target.explanation.endpoint, 0.0, Look(summary, {"master": address}, agreement(masters)))
    )
    host, _, port = address.rpartition(":")
    return steps, replace(target.server, host=host, port=int(port))


def _softened(step: Step) -> Step:
    """A failure that clients get over, since another node answers them."""
    findings = tuple(
        replace(finding, outcome=Outcome.FINDINGS) if finding.severity is Severity.ERROR else finding
        for finding in step.look.findings
    )
    return replace(step, look=replace(step.look, findings=findings))
