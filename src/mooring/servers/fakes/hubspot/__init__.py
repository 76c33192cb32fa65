"""A stand-in for HubSpot: two accounts, contacts that are created and changed, deals, companies, one pipeline."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mooring.servers.fakes.vendor import Fake, Limit, Stop

__all__ = ["TOKENS", "FakeHubSpot", "Portal", "fake"]

TOKENS = {"default": "pat-acme"}
"""What a try-out works with."""

_LINKS = {"contacts": "deal_to_contact", "companies": "deal_to_company"}
_REQUEST = "aeb5f871-7f07-4993-9211-075dc63e7cbf"
_WHEN = "2026-01-02T03:04:05.000Z"
_KINDS = {"contacts": "contacts", "deals": "0-3", "companies": "companies"}
"""The kinds of objects, and what their paths call them."""


@dataclass(slots=True)
class Portal:
    """What an account holds: properties by id, of each kind; with whom each deal is."""

    objects: dict[str, dict[str, dict[str, str]]] = field(default_factory=lambda: {kind: {} for kind in _KINDS})
    linked: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    last_id: int = 500


class FakeHubSpot(Fake):
    """HubSpot's CRM API, as far as the tools use it: 100 calls in 10 seconds, told in headers; searches apart."""

    accounts: ClassVar[Mapping[str, str]] = {"pat-acme": "1001", "pat-acme-2": "1001", "pat-other": "2002"}

    def __init__(self) -> None:
        super().__init__()
        self.portals = {"1001": _acme(), "2002": Portal()}
        self.limits = {"core": Limit(100, 10)}

    def routes(self) -> list[tuple[str, str, str, Callable[..., Awaitable[Response]]]]:
        """List the operations."""
        objects = "/crm/v3/objects"
        searches = [("POST", f"{objects}/{path}/search", "search", self._search(kind)) for kind, path in _KINDS.items()]
        return [
            ("GET", "/account-info/v3/details", "core", self._details),
            *searches,
            ("GET", "/crm/v3/pipelines/deals", "core", self._pipelines),
            ("POST", f"{objects}/contacts", "core", self._create),
            ("PATCH", f"{objects}/contacts/{{id}}", "core", self._update),
            *(("GET", f"{objects}/{_KINDS[kind]}", "core", self._list(kind)) for kind in ("contacts", "deals")),
            *(("GET", f"{objects}/{path}/{{id}}", "core", self._get(kind)) for kind, path in _KINDS.items()),
        ]

    def refused(self, reason: str) -> Response:
        """Refuse a request without a valid token."""
        del reason
        return _error(401, "INVALID_AUTHENTICATION", "Authentication credentials not found")

    def limited(self, limit: Limit, wait: float) -> Response:
        """Refuse a call too many, with the name of the policy and no Retry-After."""
        del wait
        policy = "TEN_SECONDLY_ROLLING" if limit.seconds >= 10 else "SECONDLY"
        return _error(429, "RATE_LIMITS", f"You have reached your {policy.lower()} limit.", policyName=policy)

    def finished(self, request: Request, response: Response, budget: str, left: int | None) -> Response:
        """Add what is left of the limit; searches do not tell it."""
        del request
        if left is not None and budget == "core":
            limit = self.limits["core"]
            response.headers["x-hubspot-ratelimit-max"] = str(limit.calls)
            response.headers["x-hubspot-ratelimit-remaining"] = str(left)
            response.headers["x-hubspot-ratelimit-interval-milliseconds"] = str(round(limit.seconds * 1_000))
        return response

    async def _details(self, account: str, _: dict[str, Any]) -> Response:
        told = {"portalId": int(account), "accountType": "STANDARD", "timeZone": "Europe/Berlin"}
        currency = {"companyCurrency": "EUR", "additionalCurrencies": []}
        where = {"uiDomain": "app.hubspot.com", "dataHostingLocation": "eu1"}
        return JSONResponse({**told, **currency, **where, "utcOffset": "+01:00", "utcOffsetMilliseconds": 3_600_000})

    async def _pipelines(self, _account: str, _: dict[str, Any]) -> Response:
        stages = [
            {"id": name, "label": label, "displayOrder": order, "metadata": {}, **_times()}
            for order, (name, label) in enumerate((("appointmentscheduled", "Met"), ("closedwon", "Won")))
        ]
        pipeline = {"id": "default", "label": "Sales", "displayOrder": 0, "stages": stages, **_times()}
        return JSONResponse({"results": [pipeline]})

    async def _create(self, account: str, given: dict[str, Any]) -> Response:
        properties = _properties(given)
        contacts = self.portals[account].objects["contacts"]
        if any(one.get("email") == properties.get("email") for one in contacts.values()):
            raise Stop(_error(409, "CONFLICT", "Contact already exists."))
        self.portals[account].last_id += 1
        name = str(self.portals[account].last_id)
        contacts[name] = properties
        return JSONResponse(_object(name, properties), 201)

    async def _update(self, account: str, given: dict[str, Any]) -> Response:
        one = self._found(account, "contacts", given)
        one[1].update(_properties(given))
        return JSONResponse(_object(*one))

    def _list(self, kind: str) -> Callable[..., Awaitable[Response]]:
        async def listed(account: str, given: dict[str, Any]) -> Response:
            whole = [_object(*one) for one in self.portals[account].objects[kind].items()]
            return JSONResponse(_page(given, whole))

        return listed

    def _get(self, kind: str) -> Callable[..., Awaitable[Response]]:
        async def got(account: str, given: dict[str, Any]) -> Response:
            name, properties = self._found(account, kind, given)
            told = _object(name, properties)
            if given.get("associations"):
                links = self.portals[account].linked.get(name, {})
                told["associations"] = {
                    to: {"results": [{"id": one, "type": _LINKS[to]} for one in ids]} for to, ids in links.items()
                }
            return JSONResponse(told)

        return got

    def _search(self, kind: str) -> Callable[..., Awaitable[Response]]:
        async def searched(account: str, given: dict[str, Any]) -> Response:
            words = str(given.get("query", "")).lower().split()
            found = [
                _object(name, one)
                for name, one in self.portals[account].objects[kind].items()
                if all(word in " ".join(one.values()).lower() for word in words) and _fits(one, given)
            ]
            return JSONResponse({"total": len(found), **_page(given, found)})

        return searched

    def _found(self, account: str, kind: str, given: dict[str, Any]) -> tuple[str, dict[str, str]]:
        by = given.get("idProperty")
        for name, one in self.portals[account].objects[kind].items():
            if (one.get(by) if by else name) == given["id"]:
                return name, one
        raise Stop(_error(404, "OBJECT_NOT_FOUND", "resource not found"))


def fake() -> FakeHubSpot:
    """Return a stand-in with something in it."""
    return FakeHubSpot()


def _acme() -> Portal:
    portal = Portal()
    for number, name in enumerate(("ada", "bob", "eve"), 101):
        portal.objects["contacts"][str(number)] = {
            "email": f"{name}@acme.example",
            "firstname": name.title(),
            "lifecyclestage": "lead",
        }
    portal.objects["companies"]["301"] = {"name": "Acme", "domain": "acme.example"}
    for number, stage in enumerate(("appointmentscheduled", "closedwon"), 201):
        portal.objects["deals"][str(number)] = {
            "dealname": f"Rocket {number}",
            "amount": "1000",
            "pipeline": "default",
            "dealstage": stage,
        }
    portal.linked["201"] = {"contacts": ["101"], "companies": ["301"]}
    return portal


def _object(name: str, properties: dict[str, str]) -> dict[str, Any]:
    return {"id": name, "properties": dict(properties), **_times()}


def _times() -> dict[str, Any]:
    return {"createdAt": _WHEN, "updatedAt": _WHEN, "archived": False}


def _fits(one: dict[str, str], given: dict[str, Any]) -> bool:
    """Tell whether all filters of one of the groups hold."""
    groups = given.get("filterGroups") or [{"filters": []}]
    return any(all(one.get(f["propertyName"]) == f["value"] for f in group["filters"]) for group in groups)


def _properties(given: dict[str, Any]) -> dict[str, str]:
    properties = given.get("properties")
    if not isinstance(properties, dict) or not properties:
        raise Stop(_error(400, "VALIDATION_ERROR", "No properties found to update"))
    return properties


def _page(given: dict[str, Any], items: list[dict[str, Any]]) -> dict[str, Any]:
    """Cut a page out of a list; the last has no `paging`."""
    try:
        start, size = int(given.get("after", 0)), int(given.get("limit", 10))
    except ValueError:
        raise Stop(_error(400, "VALIDATION_ERROR", "after is not valid")) from None
    page: dict[str, Any] = {"results": items[start : start + size]}
    if start + size < len(items):
        page["paging"] = {"next": {"after": str(start + size)}}
    return page


def _error(status: int, category: str, message: str, **more: str) -> Response:
    told = {"status": "error", "message": message, "correlationId": _REQUEST, "category": category}
    return JSONResponse({**told, **more}, status)
