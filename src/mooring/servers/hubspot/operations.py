"""The operations of HubSpot's CRM API (v3) that the tools use.

Tags: `contact:1` and `deal:1` are single objects, `contacts`, `deals` and `companies` all lists and searches of a kind.
HubSpot describes contacts and companies by name, but deals by the id of their type (`0-3`): so do the paths here.
HubSpot's searches see a change some moments after it was made, so what they answer is kept for a short time only.
"""

from __future__ import annotations

from dataclasses import replace

from mooring.cache import Policy
from mooring.servers.failures import Limited, Unavailable
from mooring.servers.operation import Operation, Read, Write

__all__ = [
    "ACCOUNT",
    "CREATE_CONTACT",
    "GET_COMPANY",
    "GET_CONTACT",
    "GET_CONTACT_BY_EMAIL",
    "GET_DEAL",
    "LIST_CONTACTS",
    "LIST_DEALS",
    "LIST_PIPELINES",
    "OPERATIONS",
    "SEARCH_COMPANIES",
    "SEARCH_CONTACTS",
    "SEARCH_DEALS",
    "UPDATE_CONTACT",
]

_DEALS = "0-3"
_HOUR = 3_600.0
_FAILING = (Limited, Unavailable)
_LIVELY = Policy(ttl=30, stale_if_error=_HOUR, stale_on=_FAILING)
_CALM = Policy(ttl=600, stale_while_revalidate=300, stale_if_error=24 * _HOUR, stale_on=_FAILING)
_SEARCH = Policy(ttl=10, stale_if_error=_HOUR, stale_on=_FAILING)


def _search(kind: str, segment: str | None = None) -> Read:
    return Read(
        name=f"{kind}/search",
        method="POST",
        path=f"/crm/v3/objects/{segment or kind}/search",
        encoding="json",
        policy=_SEARCH,
        tags=(kind,),
        budget="search",
    )


ACCOUNT = Read(name="account/details", path="/account-info/v3/details", policy=_CALM, tags=())
LIST_CONTACTS = Read(name="contacts/list", path="/crm/v3/objects/contacts", policy=_LIVELY, tags=("contacts",))
GET_CONTACT = Read(
    name="contacts/get",
    path="/crm/v3/objects/contacts/{contact_id}",
    policy=_LIVELY,
    tags=("contact:{contact_id}",),
)
GET_CONTACT_BY_EMAIL = replace(GET_CONTACT, tags=("contacts",))
"""The same with an e-mail address for the id: a write by id cannot tell which address it touches, so it is all."""
SEARCH_CONTACTS = _search("contacts")
CREATE_CONTACT = Write(name="contacts/create", path="/crm/v3/objects/contacts", touches=("contact:{id}", "contacts"))
UPDATE_CONTACT = Write(
    name="contacts/update",
    method="PATCH",
    path="/crm/v3/objects/contacts/{contact_id}",
    touches=("contact:{contact_id}", "contacts"),
    # Setting the same values again changes nothing.
    repeatable=True,
)
LIST_DEALS = Read(name="deals/list", path=f"/crm/v3/objects/{_DEALS}", policy=_LIVELY, tags=("deals",))
GET_DEAL = Read(
    name="deals/get", path=f"/crm/v3/objects/{_DEALS}/{{deal_id}}", policy=_LIVELY, tags=("deal:{deal_id}",)
)
SEARCH_DEALS = _search("deals", _DEALS)
GET_COMPANY = Read(
    name="companies/get",
    path="/crm/v3/objects/companies/{company_id}",
    policy=_CALM,
    tags=("company:{company_id}",),
)
SEARCH_COMPANIES = _search("companies")
LIST_PIPELINES = Read(name="pipelines/list", path="/crm/v3/pipelines/deals", policy=_CALM, tags=("pipelines",))

OPERATIONS: tuple[Operation, ...] = (
    ACCOUNT,
    LIST_CONTACTS,
    GET_CONTACT,
    SEARCH_CONTACTS,
    CREATE_CONTACT,
    UPDATE_CONTACT,
    LIST_DEALS,
    GET_DEAL,
    SEARCH_DEALS,
    GET_COMPANY,
    SEARCH_COMPANIES,
    LIST_PIPELINES,
)
"""All of them: what the contract test holds against the description of HubSpot's API."""
