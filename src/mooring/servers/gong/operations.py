"""The operations of Gong's API (V2) that the tools use. Nothing here writes: tags serve whoever invalidates by hand."""

from __future__ import annotations

from mooring.cache import Policy
from mooring.servers.failures import Limited, Unavailable
from mooring.servers.operation import Operation, Read

__all__ = [
    "EXTENSIVE",
    "GET_CALL",
    "INTERACTION_STATS",
    "LIST_CALLS",
    "LIST_USERS",
    "OPERATIONS",
    "TRANSCRIPT",
]

_HOUR = 3_600.0
_FAILING = (Limited, Unavailable)
# 10,000 calls a day are few: what is over changes seldom, and lists grow by the hour.
_LIVELY = Policy(ttl=120, stale_if_error=24 * _HOUR, stale_on=_FAILING)
_CALM = Policy(ttl=_HOUR, stale_while_revalidate=_HOUR, stale_if_error=24 * _HOUR, stale_on=_FAILING)


def _asked(name: str, path: str, policy: Policy, *tags: str) -> Read:
    return Read(name=name, method="POST", path=path, encoding="json", policy=policy, tags=tags)


LIST_CALLS = Read(name="listCalls", path="/v2/calls", policy=_LIVELY, tags=("calls",))
GET_CALL = Read(name="getCall", path="/v2/calls/{call_id}", policy=_CALM, tags=("call:{call_id}",))
TRANSCRIPT = _asked("getCallTranscripts", "/v2/calls/transcript", _CALM, "calls")
EXTENSIVE = _asked("listCallsExtensive", "/v2/calls/extensive", _LIVELY, "calls")
INTERACTION_STATS = _asked("listInteractionStats", "/v2/stats/interaction", _CALM, "stats")
LIST_USERS = Read(name="listUsers", path="/v2/users", policy=_CALM, tags=("users",))

OPERATIONS: tuple[Operation, ...] = (LIST_CALLS, GET_CALL, TRANSCRIPT, EXTENSIVE, INTERACTION_STATS, LIST_USERS)
"""All of them: what the contract test holds against the description of Gong's API."""
