"""What it means when a server does not answer, or answers with an error. Pure."""

from __future__ import annotations

from mooring.doctor.diagnosis import Finding, Outcome, failed
from mooring.doctor.tls_faults import alert_fault
from mooring.doctor.wire import Gibberish, HungUp, Refusal, WireError

__all__ = ["lost"]

_STATES = {
    "LOADING": (
        "server-loading",
        "The server is loading its data into memory.",
        "Wait until it has (--wait); if it takes long, make the data set smaller or start from a replica.",
    ),
    "MASTERDOWN": (
        "replica-link-down",
        "The server is a replica that has lost its master, and does not serve old data.",
        "Bring the master or the network to it back; use Sentinel's or the Service's address of the master.",
    ),
    "READONLY": (
        "server-readonly",
        "The server is a read-only replica: it refuses every write.",
        "Connect to the master: through Sentinel, or by the Service that follows it.",
    ),
    "MISCONF": (
        "writes-stopped",
        "The server refuses writes, since its last save to disk failed.",
        "Make room on its disk or mend the rights on its `dir`; its log says which.",
    ),
    "OOM": (
        "memory-full",
        "The server refuses writes, since its memory is full and it may not evict.",
        "Raise `maxmemory`, or set `maxmemory-policy` to allkeys-lru where it is a cache.",
    ),
    "NOREPLICAS": (
        "too-few-replicas",
        "The server refuses writes, since too few replicas are in step (`min-replicas-to-write`).",
        "Bring the replicas back.",
    ),
    "CLUSTERDOWN": (
        "cluster-down",
        "The cluster is down: not all slots are served.",
        "Bring the failed masters back, or fail over to their replicas; `redis-cli --cluster check` tells which.",
    ),
    "BUSY": (
        "server-busy",
        "The server is busy with a script, and answers nobody else.",
        "Find the script in its log; SCRIPT KILL ends one that has not written.",
    ),
}
_ACCESS = {
    "NOAUTH": (
        "auth-missing",
        "The server asks for a password, and none is set.",
        "Set REDIS_PASSWORD (REDIS_USERNAME too for an ACL user; REDIS_SENTINEL_PASSWORD for Sentinels) from a Secret.",
    ),
    "WRONGPASS": (
        "auth-wrong",
        "The server refuses the user name or password, or the user is disabled.",
        "Compare the secret with the server's `requirepass` or ACL; after a rotation, restart what still has the old.",
    ),
    "NOPERM": (
        "rights-missing",
        "The user may not run a command that clients need.",
        "Give the user that right with ACL SETUSER.",
    ),
    "DENIED": (
        "protected-mode",
        "The server runs in protected mode: it has no password and so answers its own machine alone.",
        "Set a password on the server (`requirepass` or an ACL) and in the settings.",
    ),
}
_FULL = "max number of clients"


def lost(error: WireError, timeout: float) -> Finding:
    """Why an answer that was needed did not come."""
    if isinstance(error, Refusal):
        return _refused(error)
    if isinstance(error, HungUp) and "alert" in error.alert:
        return alert_fault(error.alert)
    if isinstance(error, HungUp):
        return failed(
            Outcome.STATE,
            "server-closed",
            "The server closed the connection without an answer.",
            "Check its log; a proxy or sidecar in between closes too when it has no server behind it.",
        )
    if isinstance(error, Gibberish):
        return failed(
            Outcome.STATE,
            "not-redis",
            "What listens there does not speak the protocol of Redis.",
            "Check host and port: another kind of server answers.",
        )
    return failed(
        Outcome.STATE,
        "server-silent",
        f"The server accepts the connection, but did not answer in {timeout:g} s.",
        "It hangs, is stopped or is overloaded (its log, its CPU), or something else listens on that port.",
    )


def _refused(refusal: Refusal) -> Finding:
    for outcome, known in ((Outcome.STATE, _STATES), (Outcome.ACCESS, _ACCESS)):
        if refusal.code in known:
            return failed(outcome, *known[refusal.code])
    if _FULL in str(refusal):
        return failed(
            Outcome.STATE,
            "clients-full",
            "The server has reached its `maxclients` and refuses new connections.",
            "Find who holds them (CLIENT LIST by name), make pools smaller, or raise `maxclients`.",
        )
    return failed(Outcome.STATE, "server-error", f"The server answers with an error: {refusal}.", "See its log.")
