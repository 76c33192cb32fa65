"""What the tools answer: of HubSpot's fields those that a model works with."""

from __future__ import annotations

from mooring.servers.projection import CursorPage, Projection, at

__all__ = ["Company", "Contact", "Deal", "FoundContacts", "FoundDeals", "LinkedDeal", "Pipeline", "Pipelines"]


class Contact(Projection):
    """A contact."""

    id: str
    email: str | None = at("properties", "email", default=None)
    firstname: str | None = at("properties", "firstname", default=None)
    lastname: str | None = at("properties", "lastname", default=None)
    phone: str | None = at("properties", "phone", default=None)
    company: str | None = at("properties", "company", default=None)
    jobtitle: str | None = at("properties", "jobtitle", default=None)
    lifecyclestage: str | None = at("properties", "lifecyclestage", default=None)


class Deal(Projection):
    """A deal; `amount` is as HubSpot writes it."""

    id: str
    dealname: str | None = at("properties", "dealname", default=None)
    amount: str | None = at("properties", "amount", default=None)
    pipeline: str | None = at("properties", "pipeline", default=None)
    dealstage: str | None = at("properties", "dealstage", default=None)
    closedate: str | None = at("properties", "closedate", default=None)
    owner: str | None = at("properties", "hubspot_owner_id", default=None)


class LinkedDeal(Deal):
    """A deal, and the ids of whom it is with."""

    contacts: list[str]
    companies: list[str]


class Company(Projection):
    """A company."""

    id: str
    name: str | None = at("properties", "name", default=None)
    domain: str | None = at("properties", "domain", default=None)
    industry: str | None = at("properties", "industry", default=None)
    city: str | None = at("properties", "city", default=None)
    country: str | None = at("properties", "country", default=None)
    employees: str | None = at("properties", "numberofemployees", default=None)


class FoundContacts(CursorPage[Contact]):
    """Contacts that a search found."""

    total: int


class FoundDeals(CursorPage[Deal]):
    """Deals that a search found."""

    total: int


class Stage(Projection):
    """A stage of a pipeline."""

    id: str
    label: str


class Pipeline(Projection):
    """A pipeline of deals, its stages in their order."""

    id: str
    label: str
    stages: list[Stage]


class Pipelines(Projection):
    """All pipelines of deals."""

    items: list[Pipeline]
