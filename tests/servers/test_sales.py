"""HubSpot and Gong: each tool answers, writes are seen at once, accounts share nothing, limits are told as data."""

from __future__ import annotations

from typing import Any

import pytest
from mcp import Client

from mooring.embedded import EmbeddedRedis
from mooring.servers.fakes.gong import FakeGong
from mooring.servers.fakes.hubspot import FakeHubSpot

from .replicas import called, freshness, replica

_SPAN = {"since": "2026-01-01T00:00:00Z", "until": "2026-02-01T00:00:00Z"}


async def test_a_changed_contact_is_seen_on_another_replica_by_id_and_by_email(shared_redis: EmbeddedRedis) -> None:
    fake = FakeHubSpot()
    async with Client(replica("hubspot", fake).mcp) as one, Client(replica("hubspot", fake).mcp) as other:
        for name in ("101", "Ada@acme.example"):
            assert (await called(other, "get_contact", contact=name))["firstname"] == "Ada"
        await called(one, "update_contact", contact_id="101", properties={"firstname": "Augusta"})
        for name in ("101", "Ada@acme.example"):
            assert (await called(other, "get_contact", contact=name))["firstname"] == "Augusta"


async def test_a_new_contact_is_listed_and_found(shared_redis: EmbeddedRedis) -> None:
    async with Client(replica("hubspot", FakeHubSpot()).mcp) as client:
        assert len((await called(client, "list_contacts"))["items"]) == 3
        assert (await called(client, "search_contacts", query="max"))["total"] == 0
        made = await called(client, "create_contact", email="max@acme.example", properties={"lastname": "M"})
        assert made["lastname"] == "M"
        assert len((await called(client, "list_contacts"))["items"]) == 4
        assert (await called(client, "search_contacts", query="max"))["items"] == [made]


async def test_deals_companies_and_pipelines_are_read(shared_redis: EmbeddedRedis) -> None:
    async with Client(replica("hubspot", FakeHubSpot()).mcp) as client:
        page = await called(client, "list_deals", limit=1)
        assert [deal["id"] for deal in page["items"]] == ["201"]
        last = await called(client, "list_deals", limit=1, cursor=page["next_cursor"])
        assert "next_cursor" not in last
        assert (await called(client, "get_deal", deal_id="201"))["contacts"] == ["101"]
        won = await called(client, "search_deals", filters={"dealstage": "closedwon"})
        assert [deal["id"] for deal in won["items"]] == ["202"]
        assert (await called(client, "get_company", domain="ACME.example"))["id"] == "301"
        assert (await called(client, "get_company", company_id="301"))["name"] == "Acme"
        assert len((await called(client, "list_pipelines"))["items"][0]["stages"]) == 2
        assert (await client.call_tool("get_company", {})).is_error


async def test_every_tool_of_gong_answers(shared_redis: EmbeddedRedis) -> None:
    async with Client(replica("gong", FakeGong()).mcp) as client:
        page = await called(client, "list_calls", **_SPAN)
        assert [call["id"] for call in page["items"]] == ["1", "2"]
        assert (await called(client, "list_calls", **_SPAN, cursor=page["next_cursor"]))["items"][0]["id"] == "3"
        assert (await called(client, "get_call", call_id="1"))["duration"] == 1_800
        assert (await called(client, "get_call_transcript", call_id="1"))["items"][0]["text"] == "It drips."
        insights = await called(client, "get_call_insights", call_id="1")
        assert insights["topics"][0]["name"] == "Pricing" and len(insights["stats"]) == 2
        found = await called(client, "search_calls", **_SPAN, words="part 2", email="ADA@acme.example")
        assert [call["id"] for call in found["items"]] == ["2"]
        stats = await called(client, "get_interaction_stats", since="2026-01-01", until="2026-02-01")
        assert stats["items"][0]["stats"][0]["name"] == "Talk Ratio"
        assert len((await called(client, "list_users"))["items"]) == 2


async def test_a_span_without_calls_is_an_empty_list(shared_redis: EmbeddedRedis) -> None:
    span = {"since": "2025-01-01T00:00:00Z", "until": "2025-02-01T00:00:00Z"}
    async with Client(replica("gong", FakeGong()).mcp) as client:
        assert (await called(client, "list_calls", **span))["items"] == []


@pytest.mark.parametrize(
    ("name", "other", "tool", "arguments"),
    [
        ("hubspot", {"HUBSPOT_TOKEN": "pat-other"}, "get_contact", {"contact": "101"}),
        ("gong", {"GONG_TOKEN": "other-key:other-secret"}, "get_call", {"call_id": "1"}),
        ("gong", {"GONG_TOKEN": "acme-key:wrong"}, "get_call", {"call_id": "1"}),
    ],
)
async def test_accounts_share_nothing(
    name: str, other: dict[str, str], tool: str, arguments: dict[str, Any], shared_redis: EmbeddedRedis
) -> None:
    fake = FakeHubSpot() if name == "hubspot" else FakeGong()
    stranger = replica(name, fake, environ=other)
    async with Client(replica(name, fake).mcp) as owner, Client(stranger.mcp) as his:
        await called(owner, tool, **arguments)
        assert (await his.call_tool(tool, arguments)).is_error
        assert freshness(await owner.call_tool(tool, arguments)) == "hit"


@pytest.mark.parametrize(("policy", "wait"), [("TEN_SECONDLY_ROLLING", 10), ("DAILY", 3_600)])
async def test_a_limit_of_hubspot_is_told_by_its_policy(policy: str, wait: float, shared_redis: EmbeddedRedis) -> None:
    fake = FakeHubSpot()
    async with Client(replica("hubspot", fake).mcp) as client:
        await called(client, "list_deals")
        fake.fail(429, body={"message": "You have reached your limit.", "policyName": policy})
        result = await client.call_tool("list_pipelines", {})
    assert result.is_error and result.structured_content is not None
    assert result.structured_content["retry_after_seconds"] == wait
