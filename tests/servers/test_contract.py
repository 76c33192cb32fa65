"""Each operation that the tools use exists at the vendor, and both what is sent and what is answered is as he says."""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import Any

import httpx
import pytest
from mcp import Client

from mooring.embedded import EmbeddedRedis
from mooring.servers.fakes.vendor import Fake, Limit

from .contracts import Checked
from .contracts.calls import CALLS, FAKES, OPERATIONS, PREFIXES, ROCKET, contract_of
from .replicas import called, replica

# Of each server a call of a tool, the operation behind it, and an answer that the vendor would not give.
_LIES: list[tuple[str, str, dict[str, Any], str, dict[str, Any]]] = [
    ("github", "get_repository", ROCKET, "repos/get", {"id": "one"}),
    ("slack", "get_user", {"user": "U0ADA"}, "users.info", {"ok": True, "user": {"id": 1}}),
    ("hubspot", "get_contact", {"contact": "101"}, "contacts/get", {"id": 101}),
    ("gong", "get_call", {"call_id": "1"}, "getCall", {"call": {"id": 1}}),
]
_CONTACT = {"contact": "101"}
_CHANGE = {"contact_id": "101", "properties": {"firstname": "Augusta"}}
_CALL = {"call_id": "1"}
# A tool's call, its operation, what is made wrong of that (path, query, method, body), and what is found out.
_SLIPS: list[tuple[str, str, dict[str, Any], str, dict[str, Any], str]] = [
    ("github", "get_repository", ROCKET, "GET_REPO", {"path": "/repo/{owner}/{repo}"}, "has no GET"),
    ("slack", "get_user", {"user": "U0ADA"}, "USER_INFO", {"path": "/users.show"}, "has no"),
    ("hubspot", "get_contact", _CONTACT, "GET_CONTACT", {"path": "/crm/v3/contacts/{contact_id}"}, "has no GET"),
    ("hubspot", "get_contact", _CONTACT, "GET_CONTACT", {"path": "/crm/v3/objects/contacts"}, "'contact_id' was"),
    ("hubspot", "update_contact", _CHANGE, "UPDATE_CONTACT", {"method": "POST"}, "has no POST"),
    ("hubspot", "search_deals", {}, "SEARCH_DEALS", {"encoding": "query"}, "an argument twice"),
    ("gong", "get_call", _CALL, "GET_CALL", {"path": "/v2/calls/{call_id}/stats"}, "has no GET"),
    ("gong", "get_call_transcript", _CALL, "TRANSCRIPT", {"path": "/v2/stats/interaction"}, "'fromDate' is a required"),
    ("gong", "list_users", {"cursor": "2"}, "LIST_USERS", {"encoding": "json"}, "takes no body"),
]
# Of each server that says no in plain HTTP: the arguments of a call that finds nothing.
_NOT_FOUND: list[tuple[str, str, dict[str, Any], str]] = [
    ("github", "get_issue", {**ROCKET, "number": 404}, "issues/get"),
    ("hubspot", "get_deal", {"deal_id": "404"}, "deals/get"),
    ("gong", "get_call", {"call_id": "404"}, "getCall"),
]


def _checked(name: str, fake: Fake) -> Checked:
    return Checked(httpx.ASGITransport(fake.app), contract_of(name))


@pytest.mark.parametrize("name", OPERATIONS)
async def test_every_operation_is_called_and_answered_as_its_vendor_describes(
    name: str, shared_redis: EmbeddedRedis
) -> None:
    fake = FAKES[name]()
    checked = _checked(name, fake)
    async with Client(replica(name, fake, transport=checked).mcp) as client:
        for tool, arguments in CALLS[name]:
            result = await client.call_tool(tool, arguments)
            assert not result.is_error, [tool, result.content, checked.faults]
        offered = {tool.name for tool in (await client.list_tools()).tools}
    assert checked.used == {operation.name for operation in OPERATIONS[name]}
    assert {tool for tool, _ in CALLS[name]} == offered - {"read_more"}


@pytest.mark.parametrize(("name", "tool", "arguments", "operation"), _NOT_FOUND)
async def test_what_is_not_there_is_told_as_its_vendor_describes(
    name: str, tool: str, arguments: dict[str, Any], operation: str, shared_redis: EmbeddedRedis
) -> None:
    fake = FAKES[name]()
    checked = _checked(name, fake)
    async with Client(replica(name, fake, transport=checked).mcp) as client:
        assert (await client.call_tool(tool, arguments)).is_error
    assert operation in checked.used and not checked.faults
    assert fake.seen[-1].status == 404


@pytest.mark.parametrize(
    ("name", "tool", "whoami"), [("hubspot", "list_deals", "account/details"), ("gong", "list_users", "listUsers")]
)
async def test_a_call_too_many_is_told_as_its_vendor_describes(
    name: str, tool: str, whoami: str, shared_redis: EmbeddedRedis
) -> None:
    fake = FAKES[name]()
    fake.limits = {"core": Limit(0, 60)}
    checked = _checked(name, fake)
    async with Client(replica(name, fake, transport=checked).mcp) as client:
        assert (await client.call_tool(tool, {})).is_error
    assert {seen.status for seen in fake.seen} == {429}
    assert whoami in checked.used and not checked.faults


@pytest.mark.parametrize(("name", "tool", "arguments", "operation", "answer"), _LIES)
async def test_an_answer_that_its_vendor_would_not_give_is_found_out(
    name: str, tool: str, arguments: dict[str, Any], operation: str, answer: dict[str, Any], shared_redis: EmbeddedRedis
) -> None:
    fake = FAKES[name]()
    checked = _checked(name, fake)
    async with Client(replica(name, fake, transport=checked).mcp) as client:
        await called(client, tool, **arguments, max_age=0)
        assert operation in checked.used and not checked.faults
        fake.fail(200, body=answer)
        await client.call_tool(tool, {**arguments, "max_age": 0})
    assert checked.faults[0].startswith(f"{operation} 200: ")


@pytest.mark.parametrize(("name", "tool", "arguments", "operation", "slip", "found"), _SLIPS)
async def test_a_call_that_its_vendor_does_not_describe_is_found_out(
    name: str,
    tool: str,
    arguments: dict[str, Any],
    operation: str,
    slip: dict[str, Any],
    found: str,
    shared_redis: EmbeddedRedis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module = importlib.import_module(f"mooring.servers.{name}.operations")
    monkeypatch.setattr(module, operation, replace(getattr(module, operation), **slip))
    fake = FAKES[name]()
    checked = _checked(name, fake)
    async with Client(replica(name, fake, transport=checked).mcp) as client:
        assert (await client.call_tool(tool, arguments)).is_error
    assert found in checked.faults[0]
    assert len(fake.seen) == 1  # whose the token is was asked, and no more


@pytest.mark.parametrize("name", OPERATIONS)
def test_paths_and_methods_are_the_vendors_own(name: str) -> None:
    contract = contract_of(name)
    for operation in OPERATIONS[name]:
        path = PREFIXES.get(name, "") + operation.path.replace("{+", "{")
        assert contract.operation(operation.method, path) == operation.name
