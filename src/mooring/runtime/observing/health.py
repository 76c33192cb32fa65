"""How a Redis is, judged from one look at it and from the pool's numbers. Pure: who looks is `monitor`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from redis.exceptions import RedisError, ResponseError

from mooring.errors import MooringError
from mooring.runtime.numbers import PoolNumbers

__all__ = ["Health", "Look", "State", "begin", "judge", "read_cluster", "read_replication", "told"]

SLOW = 0.25
"""Seconds: a round trip above this is a finding. In one data centre it takes about a thousandth."""
LAG = 10
"""Seconds since the last word between master and replica, above which a replica is behind; Redis pings every 10 s
(`repl-ping-replica-period`), and a replica tells its master of itself each second."""


class State(StrEnum):
    """`degraded` means that commands work, and that something is wrong; its reason says what."""

    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a Redis saw: a round trip in seconds, or an error.

    `role` is None where the server does not tell (the user may lack the right to INFO). `lag` is in seconds: at a
    replica since it last heard from its master, at a master of the replica that has been silent longest. `complaint` is
    what else the server tells against itself.
    """

    at: float
    round_trip: float | None = None
    error: str | None = None
    role: str | None = None
    lag: float | None = None
    complaint: str | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """How a Redis is. Times are Unix times in seconds; `since` is when the state began, `checked` the last look.

    `last_error` is the last failure, also while all is well again; `last_ok` is when commands last worked, None if they
    never did.
    """

    name: str
    endpoint: str
    state: State
    reason: str
    checked: float | None
    since: float
    round_trip: float | None = None
    role: str | None = None
    replication_lag: float | None = None
    pool: PoolNumbers | None = None
    last_error: str | None = None
    last_ok: float | None = None

    def ready(self, now: float, grace: float) -> bool:
        """Tell whether to send requests here: commands work, or did within `grace` seconds.

        One lost look so takes no service out of its load balancer; one that never reached its Redis is not ready.
        """
        return self.state is not State.DOWN or (self.last_ok is not None and now - self.last_ok <= grace)

    def document(self) -> dict[str, Any]:
        """Return all of it as plain values, for JSON."""
        return {**asdict(self), "state": self.state.value}


def begin(name: str, now: float) -> Health:
    """Return the health of a Redis that nobody has looked at yet."""
    return Health(name, "", State.DOWN, "nobody has looked yet", None, now)


def judge(before: Health, look: Look, pool: PoolNumbers | None) -> Health:
    """Return the health after a look."""
    state, reason = _verdict(look, pool)
    return Health(
        name=before.name,
        endpoint=before.endpoint,
        state=state,
        reason=reason,
        checked=look.at,
        since=before.since if state is before.state else look.at,
        round_trip=look.round_trip,
        role=look.role,
        replication_lag=look.lag,
        pool=pool,
        last_error=look.error or before.last_error,
        last_ok=look.at if state is not State.DOWN else before.last_ok,
    )


def read_replication(info: Mapping[str, Any]) -> dict[str, Any]:
    """Read role, lag and complaint of a `Look` out of redis-py's `INFO replication`."""
    if info.get("role") == "slave":
        silent = info.get("master_last_io_seconds_ago", -1)
        cut_off = info.get("master_link_status") != "up"
        return {
            "role": "replica",
            "lag": None if silent < 0 else float(silent),
            "complaint": "a replica whose link to its master is down" if cut_off else None,
        }
    lags = [replica["lag"] for key, replica in info.items() if key.startswith("slave") and "lag" in _mapping(replica)]
    return {"role": info.get("role"), "lag": float(max(lags)) if lags else None}


def read_cluster(info: Mapping[str, Any]) -> dict[str, Any]:
    """Read the same, and an error, out of redis-py's `CLUSTER INFO`."""
    if info.get("cluster_state") != "ok":
        return {"role": "cluster", "error": "the Cluster's state is not ok: some slots are served by nobody"}
    lost = int(info.get("cluster_slots_pfail", 0)) + int(info.get("cluster_slots_fail", 0))
    return {"role": "cluster", "complaint": f"{lost} slots belong to nodes that do not answer" if lost else None}


def told(error: BaseException) -> str:
    """Tell an error without what may repeat a secret: the server quotes arguments, and a stranger's error may too."""
    kind = type(error).__name__
    if isinstance(error, ResponseError):
        code = str(error).partition(" ")[0]
        return f"{kind}: {code}" if code.isupper() and code.isalpha() else kind
    ours = isinstance(error, RedisError | MooringError | OSError)
    return f"{kind}: {error}" if ours and str(error) else kind


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _verdict(look: Look, pool: PoolNumbers | None) -> tuple[State, str]:
    if look.error is not None:
        return State.DOWN, look.error
    for wrong, reason in (
        (look.complaint is not None, look.complaint or ""),
        (look.lag is not None and look.lag > LAG, f"replication lags by {look.lag or 0:.0f} s"),
        (pool is not None and pool.waiting > 0, "callers wait for a connection, for all of the pool are in use"),
        (look.round_trip is not None and look.round_trip > SLOW, f"a round trip takes {look.round_trip or 0:.2f} s"),
    ):
        if wrong:
            return State.DEGRADED, reason
    return State.OK, "commands work"
