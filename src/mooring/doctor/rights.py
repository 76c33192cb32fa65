"""What the user may do, and whether the server takes writes, asked without running anything.

`ACL DRYRUN` tells it where the user may ask that. Else each command is queued in a transaction that is discarded: the
server refuses a command that is denied, renamed or not possible now as it is queued, and runs none of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from mooring.doctor.diagnosis import Fact, Finding, Look, Outcome, note
from mooring.doctor.losses import lost
from mooring.doctor.wire import Refusal, Wire

__all__ = ["CLUSTER_NEEDS", "NEEDS", "Need", "check_rights", "check_writes"]

_KEY = "mooring:doctor"
_QUEUED = "QUEUED"


@dataclass(frozen=True, slots=True)
class Need:
    """A command that clients send, what for, and the class of a finding where it is denied."""

    words: tuple[str, ...]
    purpose: str
    weight: Outcome = Outcome.WELL

    @property
    def name(self) -> str:
        """The command, with its subcommand where it has one."""
        return " ".join(word for word in self.words if word.isupper())


NEEDS = (
    Need(("PING",), "checks of health", Outcome.ACCESS),
    Need(("GET", _KEY), "reading", Outcome.ACCESS),
    Need(("SET", _KEY, "1"), "writing", Outcome.ACCESS),
    Need(("DEL", _KEY), "deleting", Outcome.FINDINGS),
    Need(("EXPIRE", _KEY, "1"), "letting entries expire", Outcome.FINDINGS),
    Need(("PTTL", _KEY), "knowing how long an entry lives"),
    Need(("EVAL", "return 1", "1", _KEY), "locks that end in one step"),
    Need(("PUBLISH", _KEY, "1"), "telling other replicas"),
    Need(("SUBSCRIBE", _KEY), "hearing from other replicas"),
    Need(("CLIENT", "SETNAME", "mooring-doctor"), "knowing whose a connection is"),
    Need(("CLIENT", "TRACKING", "off"), "caches in the client"),
    Need(("INFO",), "reports of health"),
)
CLUSTER_NEEDS = (
    Need(("CLUSTER", "SLOTS"), "finding the nodes of a Cluster", Outcome.ACCESS),
    Need(("COMMAND",), "finding the keys of a command", Outcome.ACCESS),
)


class _Verdict(StrEnum):
    ALLOWED = "allowed"
    LIMITED = "limited"
    DENIED = "denied"
    MISSING = "missing"


_WORDS = {
    _Verdict.ALLOWED: "allowed",
    _Verdict.LIMITED: "on some keys only",
    _Verdict.DENIED: "denied",
    _Verdict.MISSING: "not known to the server",
}


def check_rights(wire: Wire, user: str, needs: Sequence[Need] = NEEDS) -> Look:
    """Tell which of the commands the user may run."""
    verdicts = _by_dryrun(wire, user, needs) or _by_queueing(wire, needs)
    if verdicts is None:
        message = "Whether the user may run what clients need cannot be told: it may use neither ACL DRYRUN nor MULTI."
        return Look("cannot be told", findings=(note("rights-unknown", message, "Allow +multi +discard to be sure."),))
    judged = list(zip(needs, verdicts, strict=True))
    groups = {kind: [need for need, verdict in judged if verdict is kind] for kind in _Verdict}
    facts: dict[str, Fact] = {str(kind): [need.name for need in group] for kind, group in groups.items()}
    told = [f"{_WORDS[kind]}: {', '.join(need.name for need in group)}" for kind, group in groups.items() if group]
    everything = len(groups[_Verdict.ALLOWED]) == len(needs)
    summary = f"all {len(needs)} commands that clients need are allowed" if everything else "; ".join(told)
    findings = [*map(_denied, groups[_Verdict.DENIED]), *map(_missing, groups[_Verdict.MISSING])]
    return Look(summary, facts, tuple(findings))


def check_writes(wire: Wire) -> Look:
    """Tell whether the server would take a write now."""
    if not _begun(wire):
        return Look("cannot be told without MULTI")
    (told,) = wire.ask_all([("SET", _KEY, "1")])
    wire.ask("DISCARD")
    # Another node's slot says nothing about this server.
    if not isinstance(told, Refusal) or told.code in {"MOVED", "ASK"}:
        return Look("taken", {"writable": True})
    if told.code == "NOPERM" or "unknown command" in str(told):
        return Look("not for this user")
    return Look("refused", {"writable": False}, (lost(told, 0),))


def _by_dryrun(wire: Wire, user: str, needs: Sequence[Need]) -> list[_Verdict] | None:
    if not user:
        return None
    told = wire.ask_all([("ACL", "DRYRUN", user, *need.words) for need in needs])
    if any(isinstance(one, Refusal) and (one.code == "NOPERM" or "unknown" in str(one).lower()) for one in told):
        return None
    return [_verdict(str(one)) for one in told]


def _by_queueing(wire: Wire, needs: Sequence[Need]) -> list[_Verdict] | None:
    if not _begun(wire):
        return None
    told = wire.ask_all([need.words for need in needs])
    wire.ask("DISCARD")
    return [_verdict(str(one)) for one in told]


def _begun(wire: Wire) -> bool:
    """Begin a transaction. Where that is not agreed to, what follows would run, and must not be sent."""
    try:
        return bool(wire.ask("MULTI") == "OK")
    except Refusal:
        return False


def _verdict(told: str) -> _Verdict:
    if "permissions to run" in told:
        return _Verdict.DENIED
    if "ermissions to access" in told:
        return _Verdict.LIMITED
    if "unknown command" in told or "not found" in told:
        return _Verdict.MISSING
    return _Verdict.ALLOWED


def _denied(need: Need) -> Finding:
    message = f"The user may not run {need.name}, which clients need for {need.purpose}."
    remedy = f"Give the user that right: ACL SETUSER … +{need.name.lower().replace(' ', '|')}"
    return Finding("rights-missing", need.weight, message, remedy)


def _missing(need: Need) -> Finding:
    message = f"The server does not know {need.name}, which clients need for {need.purpose}."
    remedy = "Remove its `rename-command` from the server, and deny the command to users by ACL instead."
    weight = Outcome.STATE if need.weight is Outcome.ACCESS else need.weight
    return Finding("command-missing", weight, message, remedy)
