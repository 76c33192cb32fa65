"""A stand-in for Gong: two companies, calls and what was said on them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mooring.servers.fakes.vendor import Fake, Limit, Stop

__all__ = ["TOKENS", "FakeGong", "fake"]

TOKENS = {"default": "acme-key:acme-secret"}
"""What a try-out works with."""

_PAGE = 2
_HOST = "71"
"""Who holds all calls, and speaks on them."""
_STATS = [{"name": "Talk Ratio", "value": 0.5}, {"name": "Patience", "value": 1.2}]


class FakeGong(Fake):
    """Gong's API, as far as the tools use it; pages of two. No limit unless told to have one."""

    accounts: ClassVar[Mapping[str, str]] = {"acme-key:acme-secret": "acme", "other-key:other-secret": "other"}

    def __init__(self) -> None:
        super().__init__()
        self.titles = {"acme": {str(n): f"Rocket, part {n}" for n in range(1, 6)}, "other": {"9": "Tanks"}}
        """Of each company the calls by id: one a day, from 1 January 2026 on."""

    def routes(self) -> list[tuple[str, str, str, Callable[..., Awaitable[Response]]]]:
        """List the operations; GET of a literal path below /v2/calls is a call that does not exist, as at Gong."""
        return [
            ("GET", "/v2/calls", "core", self._list),
            ("POST", "/v2/calls/transcript", "core", self._transcript),
            ("POST", "/v2/calls/extensive", "core", self._extensive),
            ("POST", "/v2/stats/interaction", "core", self._stats),
            ("GET", "/v2/users", "core", self._users),
            ("GET", "/v2/calls/{id}", "core", self._get),
        ]

    def account(self, request: Request) -> str | None:
        """Return whose the pair of keys is."""
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        try:
            pair = base64.b64decode(text).decode() if scheme == "Basic" else ""
        except (binascii.Error, UnicodeDecodeError):
            return None
        return self.accounts.get(pair)

    def refused(self, reason: str) -> Response:
        """Refuse a request without a valid pair of keys."""
        return _error(401, reason)

    def limited(self, limit: Limit, wait: float) -> Response:
        """Refuse a call too many."""
        del limit
        response = _error(429, "API rate limit exceeded")
        response.headers["retry-after"] = str(max(1, round(wait)))
        return response

    async def _list(self, account: str, given: dict[str, Any]) -> Response:
        if not (given.get("fromDateTime") and given.get("toDateTime")):
            raise Stop(_error(400, "fromDateTime and toDateTime are required"))
        return _page(given, "calls", [_call(*one) for one in self._held(account, given)])

    async def _get(self, account: str, given: dict[str, Any]) -> Response:
        if (title := self.titles[account].get(given["id"])) is None:
            raise Stop(_error(404, "No call found"))
        return JSONResponse({"requestId": "r1", "call": _call(given["id"], title)})

    async def _transcript(self, account: str, given: dict[str, Any]) -> Response:
        said = [{"speakerId": _HOST, "topic": "Pricing", "sentences": [{"start": 0, "end": 900, "text": "It drips."}]}]
        found = self._held(account, given.get("filter", {}))
        return _page(given, "callTranscripts", [{"callId": name, "transcript": said} for name, _ in found])

    async def _extensive(self, account: str, given: dict[str, Any]) -> Response:
        exposed = given.get("contentSelector", {}).get("exposedFields", {})
        found = self._held(account, given.get("filter", {}))
        return _page(given, "calls", [_whole(*one, account, exposed) for one in found])

    async def _stats(self, account: str, given: dict[str, Any]) -> Response:
        wanted = given.get("filter", {})
        if not wanted.get("fromDate") or not wanted.get("toDate"):
            raise Stop(_error(400, "fromDate and toDate are required"))
        person = {"userId": _HOST, "userEmailAddress": f"ada@{account}.example", "personInteractionStats": _STATS}
        of = wanted.get("userIds")
        return _page(given, "peopleInteractionStats", [person] if of is None or _HOST in of else [])

    async def _users(self, account: str, given: dict[str, Any]) -> Response:
        users = [
            {"id": name, "emailAddress": f"{first.lower()}@{account}.example", "firstName": first, "active": True}
            for name, first in ((_HOST, "Ada"), ("72", "Bob"))
        ]
        return _page(given, "users", users)

    def _held(self, account: str, given: dict[str, Any]) -> list[tuple[str, str]]:
        """Find calls by id, time and host; what is not given does not matter."""
        ids, hosts = given.get("callIds"), given.get("primaryUserIds")
        return [
            (name, title)
            for name, title in self.titles[account].items()
            if (ids is None or name in ids)
            and (hosts is None or _HOST in hosts)
            and given.get("fromDateTime", "") <= _started(name) < given.get("toDateTime", "9")
        ]


def fake() -> FakeGong:
    """Return a stand-in with something in it."""
    return FakeGong()


def _started(name: str) -> str:
    return f"2026-01-{int(name):02}T10:00:00Z"


def _call(name: str, title: str) -> dict[str, Any]:
    told = {"id": name, "title": title, "url": f"https://app.gong.io/call?id={name}", "primaryUserId": _HOST}
    return {**told, "started": _started(name), "duration": 1_800, "direction": "Conference", "scope": "External"}


def _whole(name: str, title: str, account: str, exposed: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"metaData": _call(name, title)}
    if exposed.get("parties"):
        address = f"ada@{account}.example"
        told["parties"] = [{"id": "p1", "name": "Ada", "emailAddress": address, "affiliation": "Internal"}]
    if exposed.get("content"):
        told["content"] = {
            "brief": "They spoke of rockets.",
            "keyPoints": [{"text": "It drips."}],
            "topics": [{"name": "Pricing", "duration": 60}],
            "trackers": [{"id": "t1", "name": "Rivals", "count": 2, "type": "KEYWORD"}],
        }
    if exposed.get("interaction"):
        told["interaction"] = {"interactionStats": _STATS}
    return told


def _page(given: dict[str, Any], key: str, items: list[dict[str, Any]]) -> Response:
    """Cut a page out of a list; the last has no cursor, and Gong has no empty one."""
    if not items:
        raise Stop(_error(404, f"No {key} found corresponding to the provided filters"))
    try:
        start = int(given.get("cursor", 0))
    except ValueError:
        raise Stop(_error(400, "Invalid cursor")) from None
    part = items[start : start + _PAGE]
    records: dict[str, Any] = {"totalRecords": len(items), "currentPageSize": len(part), "currentPageNumber": 0}
    if start + _PAGE < len(items):
        records["cursor"] = str(start + _PAGE)
    return JSONResponse({"requestId": "r1", "records": records, key: part})


def _error(status: int, message: str) -> Response:
    return JSONResponse({"requestId": "r1", "errors": [message]}, status)
