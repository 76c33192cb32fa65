"""Whether Sentinels know the master, agree on it and could replace it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mooring.doctor.diagnosis import Fact, Finding, Look, Outcome, failed, warning
from mooring.doctor.wire import Refusal, Wire

__all__ = ["agreement", "consult", "misplaced"]

_DOWN = {"s_down", "o_down"}


def consult(wire: Wire, master: str) -> Look:
    """Ask a Sentinel about a master. The look ends where it tells no address."""
    watched = _watched(wire)
    if watched is None:
        remedy = "Name the Sentinels (port 26379 as a rule), or use redis:// for a server itself."
        fault = failed(Outcome.STATE, "sentinel-not-one", "The server is no Sentinel.", remedy)
        return Look("no Sentinel", findings=(fault,), ends=True)
    try:
        told = wire.ask("SENTINEL", "MASTER", master)
    except Refusal as refusal:
        return Look("unknown master", {"watched": watched}, (_unknown(master, watched, refusal),), ends=True)
    fields = dict(zip(map(str, told[::2]), map(str, told[1::2]), strict=False))
    return _judged(master, fields, _quorum(wire, master))


def misplaced(wire: Wire) -> Look | None:
    """What to say where a Sentinel answers in place of a server; None where none does."""
    watched = _watched(wire)
    if watched is None:
        return None
    masters = ", ".join(watched) or "none"
    message = f"This is a Sentinel, which keeps no data; it watches {masters}."
    remedy = "Use redis+sentinel:// with the master's name, or the address of the server itself."
    fault = failed(Outcome.STATE, "sentinel-unexpected", message, remedy)
    return Look("a Sentinel", {"watched": watched}, (fault,), ends=True)


def agreement(masters: Mapping[str, str]) -> tuple[Finding, ...]:
    """Whether all Sentinels, by their endpoints, tell the same address."""
    if len(set(masters.values())) < 2:
        return ()
    told = ", ".join(f"{endpoint} says {address}" for endpoint, address in masters.items())
    message = f"The Sentinels disagree on the master: {told}."
    remedy = "Wait for a failover to end; if it stays so, reset the Sentinel that is wrong (SENTINEL RESET)."
    return (warning("sentinel-disagreement", message, remedy),)


def _watched(wire: Wire) -> list[str] | None:
    """The names of the masters that a Sentinel watches; None where the server is no Sentinel."""
    try:
        told = wire.ask("ROLE")
    except Refusal:
        return None
    if not isinstance(told, list) or not told or told[0] != "sentinel":
        return None
    return [str(name) for name in told[1]] if len(told) > 1 and isinstance(told[1], list) else []


def _quorum(wire: Wire, master: str) -> str:
    """What stands in the way of a failover, nothing where it would go well or nobody may ask."""
    try:
        wire.ask("SENTINEL", "CKQUORUM", master)
    except Refusal as refusal:
        return str(refusal) if refusal.code == "NOQUORUM" else ""
    return ""


def _judged(master: str, fields: Mapping[str, str], hindrance: str) -> Look:
    flags = fields.get("flags", "").split(",")
    address = f"{fields.get('ip')}:{fields.get('port')}"
    sentinels = int(fields.get("num-other-sentinels", 0)) + 1
    facts: dict[str, Fact] = {
        "master": address,
        "flags": flags,
        "quorum": int(fields.get("quorum", 0)),
        "sentinels": sentinels,
        "replicas": int(fields.get("num-slaves", 0)),
    }
    findings = []
    if _DOWN & {*flags}:
        message = f"The Sentinel finds the master {master} ({address}) down."
        remedy = "Bring it back; if no replica is promoted, see why in the Sentinels' logs."
        findings.append(failed(Outcome.STATE, "sentinel-master-down", message, remedy))
    if hindrance:
        message = f"No failover is possible: {hindrance.removeprefix('NOQUORUM ')}."
        findings.append(
            warning("sentinel-no-quorum", message, "Bring the missing Sentinels back, or lower its quorum.")
        )
    if facts["replicas"] == 0:
        message = f"The master {master} has no replica: there is nothing to fail over to."
        findings.append(warning("sentinel-no-replica", message, "Add a replica."))
    summary = f"{master} is {address}, quorum {facts['quorum']} of {sentinels} Sentinels, replicas: {facts['replicas']}"
    return Look(summary, facts, tuple(findings))


def _unknown(master: str, watched: Sequence[str], refusal: Refusal) -> Finding:
    if refusal.code == "NOPERM":
        remedy = "Give its user that right: ACL SETUSER … +sentinel"
        return failed(Outcome.ACCESS, "rights-missing", "The user may not ask the Sentinel for its master.", remedy)
    known = f"it watches {', '.join(watched)}" if watched else "it watches none"
    message = f"The Sentinel watches no master called {master!r}; {known}."
    return failed(Outcome.STATE, "sentinel-unknown-master", message, "Set the master's name as the Sentinels have it.")
