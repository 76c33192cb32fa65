"""A contract can fail: it refuses requests and answers that the vendor would not know."""

from __future__ import annotations

from typing import Any

import pytest

from .contracts.calls import contract_of

# Of each contract: an operation, a query and a body that the vendor would refuse, and what of them is wrong.
_WRONG: list[tuple[str, str, dict[str, str], Any, str]] = [
    ("github", "issues/list-for-repo", {"state": "banana"}, None, "state"),
    ("github", "issues/list-for-repo", {"lables": "bug"}, None, "Additional properties"),
    ("github", "issues/create", {}, {}, "'title' is a required property"),
    ("github", "issues/create", {}, {"title": "A leak", "labels": 7}, "labels"),
    ("slack", "chat.postMessage", {}, {"channel": 1, "text": "Seen"}, "channel|valid"),
    ("slack", "users.info", {"usr": "U0ADA"}, None, "required|valid"),
    ("hubspot", "contacts/list", {"limits": "5"}, None, "Additional properties"),
    ("hubspot", "contacts/list", {"limit": "many"}, None, "limit"),
    ("hubspot", "contacts/create", {}, {"properties": {"email": "a@b.example"}}, "'associations' is a required"),
    ("hubspot", "contacts/update", {}, {"properties": {"age": 7}}, "age"),
    ("hubspot", "contacts/update", {}, {"properties": {}, "id": "101"}, "Additional properties"),
    ("hubspot", "pipelines/list", {}, {"archived": True}, "takes no body"),
    ("gong", "listCalls", {"fromDateTime": "2026-01-01T00:00:00Z"}, None, "'toDateTime' is a required"),
    ("gong", "listCalls", {"from": "2026"}, None, "Additional properties"),
    ("gong", "getCallTranscripts", {}, {"cursor": "2"}, "'filter' is a required"),
    ("gong", "getCallTranscripts", {}, {"filter": {"callIds": [1]}}, "callIds"),
    ("gong", "listCallsExtensive", {}, {"filter": {"title": "Rocket"}}, "Additional properties"),
]


@pytest.mark.parametrize(("name", "operation", "query", "body", "fault"), _WRONG)
def test_a_contract_refuses_what_the_vendor_would(
    name: str, operation: str, query: dict[str, str], body: Any, fault: str
) -> None:
    with pytest.raises(AssertionError, match=fault):
        contract_of(name).check_request(operation, query, body)


@pytest.mark.parametrize(
    ("name", "method", "path"),
    [
        ("github", "GET", "/repos/o/r/highlights"),
        ("slack", "GET", "/api/users.find"),
        ("hubspot", "GET", "/crm/v3/objects/leads"),
        ("hubspot", "PUT", "/crm/v3/objects/contacts/101"),
        ("gong", "GET", "/v2/deals"),
        ("gong", "POST", "/v2/calls/search"),
        ("gong", "GET", "/v2/calls/1/highlights"),
    ],
)
def test_a_contract_refuses_a_path_that_the_vendor_does_not_have(name: str, method: str, path: str) -> None:
    with pytest.raises(AssertionError, match=f"has no {method}"):
        contract_of(name).operation(method, path)


@pytest.mark.parametrize(
    ("name", "operation", "answer", "fault"),
    [
        ("github", "issues/get", {"number": 1}, "required property"),
        ("hubspot", "contacts/search", {"results": []}, "'total' is a required"),
        ("hubspot", "contacts/search", {"results": [], "total": 0, "offset": 1}, "Additional properties"),
        ("gong", "listUsers", {"users": [{"id": 71}]}, "id"),
        ("gong", "listUsers", {"users": [{"mail": "ada@acme.example", "id": "71"}]}, "Additional properties"),
        ("gong", "listUsers", {"users": [{"firstName": "Ada"}]}, "by hand.*'id' is a required"),
        ("gong", "getCall", {}, "by hand.*'call' is a required"),
    ],
)
def test_a_contract_refuses_an_answer_that_the_vendor_would_not_give(
    name: str, operation: str, answer: dict[str, Any], fault: str
) -> None:
    with pytest.raises(AssertionError, match=fault):
        contract_of(name).check_answer(operation, 200, answer)


def test_an_error_is_held_against_what_is_said_of_all_errors() -> None:
    told = {"category": "RATE_LIMITS", "correlationId": "c1", "message": "You have reached your daily limit."}
    contract = contract_of("hubspot")
    contract.check_answer("deals/list", 404, told)
    contract.check_answer("deals/list", 429, {**told, "policyName": "DAILY"})
    with pytest.raises(AssertionError, match=r"by hand.*'policyName' is a required"):
        contract.check_answer("deals/list", 429, told)
    with pytest.raises(AssertionError, match="'message' is a required"):
        contract.check_answer("deals/list", 404, {"category": "OBJECT_NOT_FOUND", "correlationId": "c1"})


def test_a_literal_path_goes_before_one_with_variables() -> None:
    github, hubspot, gong = contract_of("github"), contract_of("hubspot"), contract_of("gong")
    assert github.operation("GET", "/search/issues") == "search/issues-and-pull-requests"
    assert github.operation("GET", "/repos/o/r/contents/a/b.py") == "repos/get-content"
    assert github.operation("GET", "/repos/o/r/issues") == "issues/list-for-repo"
    assert hubspot.operation("POST", "/crm/v3/objects/contacts/search") == "contacts/search"
    assert hubspot.operation("GET", "/crm/v3/objects/contacts/search") == "contacts/get"
    assert gong.operation("POST", "/v2/calls/extensive") == "listCallsExtensive"
    # As at Gong: what is no path of its own is taken for the id of a call.
    assert gong.operation("GET", "/v2/calls/extensive") == "getCall"
