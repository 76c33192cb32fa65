"""Gong's tools. Times are ISO 8601 with an offset (2026-01-31T00:00:00Z), ids numbers as text."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from mooring.servers.call import Call
from mooring.servers.failures import Missing
from mooring.servers.gong import operations as gong
from mooring.servers.gong import results
from mooring.servers.operation import Read
from mooring.servers.projection import CursorPage
from mooring.servers.toolset import Toolset
from mooring.servers.vendor import Answer

__all__ = ["tools"]

tools = Toolset()

Id = Annotated[str, Field(pattern="^[0-9]+$")]
Time = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$")]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]

_PARTIES = {"exposedFields": {"parties": True}}
_INSIGHTS = {
    "exposedFields": {
        "content": {"brief": True, "keyPoints": True, "topics": True, "trackers": True},
        "interaction": {"personInteractionStats": True},
    }
}


@tools.read("calls")
async def list_calls(call: Call, since: Time, until: Time, cursor: str | None = None) -> CursorPage[results.Call]:
    """List the calls between two times."""
    answer = await _listed(call, gong.LIST_CALLS, "calls", fromDateTime=since, toDateTime=until, cursor=cursor)
    return CursorPage[results.Call].model_validate({"items": answer.body["calls"], "next_cursor": answer.next})


@tools.read("calls")
async def get_call(call: Call, call_id: Id) -> results.Call:
    """Show a call."""
    return results.Call.model_validate((await call.read(gong.GET_CALL, call_id=call_id)).body["call"])


@tools.read("calls")
async def get_call_transcript(call: Call, call_id: Id, cursor: str | None = None) -> results.Transcript:
    """Read what was said on a call; speakers are ids."""
    answer = await call.read(gong.TRANSCRIPT, filter={"callIds": [call_id]}, cursor=cursor)
    said = [
        {"speaker": part["speakerId"], "start": sentence["start"], "text": sentence["text"]}
        for one in answer.body["callTranscripts"]
        for part in one["transcript"]
        for sentence in part["sentences"]
    ]
    return results.Transcript.model_validate({"items": said, "next_cursor": answer.next})


@tools.read("calls")
async def get_call_insights(call: Call, call_id: Id) -> results.Insights:
    """Show a call's brief, key points, topics, trackers and measures."""
    answer = await call.read(gong.EXTENSIVE, filter={"callIds": [call_id]}, contentSelector=_INSIGHTS)
    found = answer.body["calls"]
    if not found:
        raise Missing(f"gong has no call {call_id}")
    return results.Insights.model_validate(found[0])


@tools.read("calls")
async def search_calls(
    call: Call,
    since: Time,
    until: Time,
    words: str | None = None,
    email: str | None = None,
    hosts: list[Id] | None = None,
    cursor: str | None = None,
) -> CursorPage[results.Found]:
    """Find calls by words of the title, a participant's email, or hosts; a page may be empty."""
    wanted: dict[str, Any] = {"fromDateTime": since, "toDateTime": until}
    if hosts:
        wanted["primaryUserIds"] = hosts
    answer = await _listed(call, gong.EXTENSIVE, "calls", filter=wanted, contentSelector=_PARTIES, cursor=cursor)
    items = [
        {**one["metaData"], "parties": one.get("parties", [])}
        for one in answer.body["calls"]
        if _titled(one, words) and _attended(one, email)
    ]
    return CursorPage[results.Found].model_validate({"items": items, "next_cursor": answer.next})


@tools.read("stats")
async def get_interaction_stats(
    call: Call, since: Day, until: Day, users: list[Id] | None = None, cursor: str | None = None
) -> CursorPage[results.PersonStats]:
    """Show how users talk on calls between two days, the second left out."""
    wanted: dict[str, Any] = {"fromDate": since, "toDate": until} | ({"userIds": users} if users else {})
    answer = await _listed(call, gong.INTERACTION_STATS, "peopleInteractionStats", filter=wanted, cursor=cursor)
    people = answer.body["peopleInteractionStats"]
    return CursorPage[results.PersonStats].model_validate({"items": people, "next_cursor": answer.next})


@tools.read("users")
async def list_users(call: Call, cursor: str | None = None) -> CursorPage[results.User]:
    """List the users."""
    answer = await call.read(gong.LIST_USERS, cursor=cursor)
    return CursorPage[results.User].model_validate({"items": answer.body["users"], "next_cursor": answer.next})


async def _listed(call: Call, operation: Read, key: str, **arguments: Any) -> Answer:
    """Read a list; Gong says 404 for one with nothing in it."""
    try:
        return await call.read(operation, **arguments)
    except Missing:
        return Answer({key: []})


def _titled(one: dict[str, Any], words: str | None) -> bool:
    title = str(one["metaData"].get("title") or "").lower()
    return all(word in title for word in (words or "").lower().split())


def _attended(one: dict[str, Any], email: str | None) -> bool:
    wanted = email.lower() if email else None
    return wanted is None or any(
        str(party.get("emailAddress", "")).lower() == wanted for party in one.get("parties", ())
    )
