"""HubSpot's tools. Filters and properties go by HubSpot's internal names, such as `lifecyclestage`."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from mooring.servers.call import Call
from mooring.servers.failures import Missing, Refused
from mooring.servers.hubspot import operations as hubspot
from mooring.servers.hubspot.results import (
    Company,
    Contact,
    Deal,
    FoundContacts,
    FoundDeals,
    LinkedDeal,
    Pipelines,
)
from mooring.servers.projection import CursorPage
from mooring.servers.toolset import Toolset

__all__ = ["tools"]

tools = Toolset()

ObjectId = Annotated[str, Field(pattern="^[0-9]+$")]
Limit = Annotated[int, Field(ge=1, le=100)]
Properties = dict[str, str]

_START = "0"
"""The cursor of the first page."""

_CONTACT = ("email", "firstname", "lastname", "phone", "company", "jobtitle", "lifecyclestage")
_DEAL = ("dealname", "amount", "pipeline", "dealstage", "closedate", "hubspot_owner_id")
_COMPANY = ("name", "domain", "industry", "city", "country", "numberofemployees")


@tools.read("contacts")
async def list_contacts(call: Call, cursor: str | None = None, limit: Limit = 50) -> CursorPage[Contact]:
    """List contacts."""
    answer = await call.read(hubspot.LIST_CONTACTS, properties=",".join(_CONTACT), after=cursor, limit=limit)
    return CursorPage[Contact].model_validate({"items": answer.body["results"], "next_cursor": answer.next})


@tools.read("contacts")
async def get_contact(call: Call, contact: str) -> Contact:
    """Show a contact, by id or e-mail address."""
    wanted = ",".join(_CONTACT)
    if "@" in contact:
        email = contact.lower()
        answer = await call.read(hubspot.GET_CONTACT_BY_EMAIL, contact_id=email, idProperty="email", properties=wanted)
    else:
        answer = await call.read(hubspot.GET_CONTACT, contact_id=contact, properties=wanted)
    return Contact.model_validate(answer.body)


@tools.read("contacts")
async def search_contacts(
    call: Call,
    query: str | None = None,
    filters: Properties | None = None,
    cursor: str | None = None,
    limit: Limit = 20,
) -> FoundContacts:
    """Search contacts by words, and by properties that equal the filters."""
    answer = await call.read(hubspot.SEARCH_CONTACTS, **_searching(query, filters, _CONTACT, cursor, limit))
    found = answer.body
    return FoundContacts.model_validate(
        {"items": found["results"], "total": found["total"], "next_cursor": answer.next}
    )


@tools.write("contacts")
async def create_contact(call: Call, email: str, properties: Properties | None = None) -> Contact:
    """Create a contact; properties such as firstname and lastname."""
    answer = await call.write(
        hubspot.CREATE_CONTACT, properties={**(properties or {}), "email": email}, associations=[]
    )
    return Contact.model_validate(answer.body)


@tools.write("contacts")
async def update_contact(call: Call, contact_id: ObjectId, properties: Properties) -> Contact:
    """Set properties of a contact."""
    answer = await call.write(hubspot.UPDATE_CONTACT, contact_id=contact_id, properties=properties)
    return Contact.model_validate(answer.body)


@tools.read("deals")
async def list_deals(call: Call, cursor: str | None = None, limit: Limit = 50) -> CursorPage[Deal]:
    """List deals."""
    answer = await call.read(hubspot.LIST_DEALS, properties=",".join(_DEAL), after=cursor, limit=limit)
    return CursorPage[Deal].model_validate({"items": answer.body["results"], "next_cursor": answer.next})


@tools.read("deals")
async def get_deal(call: Call, deal_id: ObjectId) -> LinkedDeal:
    """Show a deal, and the ids of its contacts and companies."""
    answer = await call.read(
        hubspot.GET_DEAL, deal_id=deal_id, properties=",".join(_DEAL), associations="contacts,companies"
    )
    linked = answer.body.get("associations", {})
    ids = {
        kind: list(dict.fromkeys(str(one["id"]) for one in linked.get(kind, {}).get("results", ())))
        for kind in ("contacts", "companies")
    }
    return LinkedDeal.model_validate({**answer.body, **ids})


@tools.read("deals")
async def search_deals(
    call: Call,
    query: str | None = None,
    filters: Properties | None = None,
    cursor: str | None = None,
    limit: Limit = 20,
) -> FoundDeals:
    """Search deals by words, and by properties (dealstage, pipeline) that equal the filters."""
    answer = await call.read(hubspot.SEARCH_DEALS, **_searching(query, filters, _DEAL, cursor, limit))
    found = answer.body
    return FoundDeals.model_validate({"items": found["results"], "total": found["total"], "next_cursor": answer.next})


@tools.read("companies")
async def get_company(call: Call, company_id: ObjectId | None = None, domain: str | None = None) -> Company:
    """Show a company, by id or domain."""
    if company_id:
        answer = await call.read(hubspot.GET_COMPANY, company_id=company_id, properties=",".join(_COMPANY))
        return Company.model_validate(answer.body)
    if not domain:
        raise Refused("give company_id or domain")
    searching = _searching(None, {"domain": domain.lower()}, _COMPANY, None, 1)
    found = (await call.read(hubspot.SEARCH_COMPANIES, **searching)).body["results"]
    if not found:
        raise Missing(f"hubspot has no company with the domain {domain}")
    return Company.model_validate(found[0])


@tools.read("deals")
async def list_pipelines(call: Call) -> Pipelines:
    """List the pipelines of deals with their stages."""
    return Pipelines.model_validate({"items": (await call.read(hubspot.LIST_PIPELINES)).body["results"]})


def _searching(
    query: str | None, filters: Properties | None, properties: tuple[str, ...], cursor: str | None, limit: int
) -> dict[str, Any]:
    """Return the arguments of a search: all filters must hold. HubSpot describes all but `query` as required."""
    equal = [{"propertyName": name, "operator": "EQ", "value": value} for name, value in (filters or {}).items()]
    return {
        "query": query,
        "filterGroups": [{"filters": equal}] if equal else [],
        "properties": list(properties),
        "sorts": [],
        "after": cursor or _START,
        "limit": limit,
    }
