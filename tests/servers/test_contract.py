"""Each operation that the tools use exists at the vendor, and both what is sent and what is answered is as he says."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from mcp import Client

from mooring.embedded import EmbeddedRedis
from mooring.servers.fakes.github import FakeGitHub
from mooring.servers.fakes.slack import FakeSlack
from mooring.servers.github.operations import OPERATIONS as GITHUB
from mooring.servers.operation import Operation
from mooring.servers.slack.operations import OPERATIONS as SLACK

from .contracts import Checked, Contract
from .replicas import called, replica

_ROCKET = {"owner": "acme", "repo": "rocket"}

_GITHUB_CALLS: list[tuple[str, dict[str, Any]]] = [
    ("list_repositories", {"owner": "acme", "limit": 1, "page": 1}),
    ("list_repositories", {"owner": "ada"}),
    ("get_repository", _ROCKET),
    ("list_issues", {**_ROCKET, "state": "all", "labels": "bug", "page": 2, "limit": 2}),
    ("get_issue", {**_ROCKET, "number": 1}),
    ("create_issue", {**_ROCKET, "title": "A leak", "body": "It drips.", "labels": ["bug"], "assignees": ["bob"]}),
    ("add_issue_comment", {**_ROCKET, "number": 1, "body": "Seen."}),
    ("list_pull_requests", {**_ROCKET, "state": "all"}),
    ("get_pull_request", {**_ROCKET, "number": 6}),
    ("get_file_content", {**_ROCKET, "path": "src/engine.py", "ref": "main"}),
    ("get_file_content", {**_ROCKET, "path": "/src"}),
    ("get_file_content", _ROCKET),
    ("search_code", {"query": "flies repo:acme/rocket"}),
    ("search_issues", {"query": "tank is:open", "limit": 2}),
    ("list_commits", {**_ROCKET, "path": "README.md", "sha": "main"}),
]
_SLACK_CALLS: list[tuple[str, dict[str, Any]]] = [
    ("list_channels", {"private": True, "limit": 1}),
    ("list_channels", {"cursor": "next:1"}),
    ("get_channel_history", {"channel": "C01", "limit": 2, "oldest": "1767322001.000100"}),
    ("send_message", {"channel": "C01", "text": "Seen", "thread_ts": "1767322005.000100"}),
    ("get_thread", {"channel": "C01", "ts": "1767322005.000100"}),
    ("search_messages", {"query": "tank", "sort": "timestamp", "limit": 2}),
    ("get_user", {"user": "U0ADA"}),
    ("list_users", {"limit": 2}),
    ("upload_file", {"channel": "C01", "filename": "a.txt", "content": "ä", "comment": "Look", "title": "A"}),
]


async def test_every_github_call_is_as_github_describes_it(github: FakeGitHub, shared_redis: EmbeddedRedis) -> None:
    checked = Checked(httpx.ASGITransport(github.app), Contract("github"))
    async with Client(replica("github", github, transport=checked).mcp) as client:
        for tool, arguments in _GITHUB_CALLS:
            await called(client, tool, **arguments)
    assert checked.used == {operation.name for operation in GITHUB}


async def test_every_slack_call_is_as_slack_describes_it(slack: FakeSlack, shared_redis: EmbeddedRedis) -> None:
    checked = Checked(httpx.ASGITransport(slack.app), Contract("slack", "/api"))
    async with Client(replica("slack", slack, transport=checked).mcp) as client:
        for tool, arguments in _SLACK_CALLS:
            await called(client, tool, **arguments)
    assert checked.used == {operation.name for operation in SLACK}


@pytest.mark.parametrize(("name", "operations"), [("github", GITHUB), ("slack", SLACK)])
def test_paths_and_methods_are_the_vendors_own(name: str, operations: tuple[Operation, ...]) -> None:
    described = Contract(name).operations
    for operation in operations:
        assert described[operation.name]["method"] == operation.method
        assert described[operation.name]["path"] == operation.path.replace("{+", "{")


def test_a_contract_refuses_what_the_vendor_would() -> None:
    contract = Contract("github")
    with pytest.raises(AssertionError, match="has no GET"):
        contract.operation("GET", "/repos/o/r/highlights")
    with pytest.raises(AssertionError, match="state"):
        contract.check_request("issues/list-for-repo", {"state": "banana"}, None)
    with pytest.raises(AssertionError, match="Additional properties"):
        contract.check_request("issues/list-for-repo", {"lables": "bug"}, None)
    with pytest.raises(AssertionError, match="'title' is a required property"):
        contract.check_request("issues/create", {}, {})
    with pytest.raises(AssertionError, match="required property"):
        contract.check_answer("issues/get", 200, {"number": 1})


def test_a_literal_path_goes_before_one_with_variables() -> None:
    contract = Contract("github")
    assert contract.operation("GET", "/search/issues") == "search/issues-and-pull-requests"
    assert contract.operation("GET", "/repos/o/r/contents/a/b.py") == "repos/get-content"
    assert contract.operation("GET", "/repos/o/r/issues") == "issues/list-for-repo"
