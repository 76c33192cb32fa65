"""Of each server the operations, the stand-in, the contract, and calls of all its tools that use all its operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mooring.servers.fakes.github import FakeGitHub
from mooring.servers.fakes.gong import FakeGong
from mooring.servers.fakes.hubspot import FakeHubSpot
from mooring.servers.fakes.slack import FakeSlack
from mooring.servers.fakes.vendor import Fake
from mooring.servers.github.operations import OPERATIONS as GITHUB
from mooring.servers.gong.operations import OPERATIONS as GONG
from mooring.servers.hubspot.operations import OPERATIONS as HUBSPOT
from mooring.servers.operation import Operation
from mooring.servers.slack.operations import OPERATIONS as SLACK

from . import Contract

__all__ = ["CALLS", "FAKES", "OPERATIONS", "PREFIXES", "ROCKET", "contract_of"]

OPERATIONS: dict[str, tuple[Operation, ...]] = {"github": GITHUB, "slack": SLACK, "hubspot": HUBSPOT, "gong": GONG}
FAKES: dict[str, Callable[[], Fake]] = {
    "github": FakeGitHub,
    "slack": FakeSlack,
    "hubspot": FakeHubSpot,
    "gong": FakeGong,
}
PREFIXES = {"slack": "/api"}
ROCKET = {"owner": "acme", "repo": "rocket"}

_GITHUB_CALLS: list[tuple[str, dict[str, Any]]] = [
    ("list_repositories", {"owner": "acme", "limit": 1, "page": 1}),
    ("list_repositories", {"owner": "ada"}),
    ("get_repository", ROCKET),
    ("list_issues", {**ROCKET, "state": "all", "labels": "bug", "page": 2, "limit": 2}),
    ("get_issue", {**ROCKET, "number": 1}),
    ("create_issue", {**ROCKET, "title": "A leak", "body": "It drips.", "labels": ["bug"], "assignees": ["bob"]}),
    ("add_issue_comment", {**ROCKET, "number": 1, "body": "Seen."}),
    ("list_pull_requests", {**ROCKET, "state": "all"}),
    ("get_pull_request", {**ROCKET, "number": 6}),
    ("get_file_content", {**ROCKET, "path": "src/engine.py", "ref": "main"}),
    ("get_file_content", {**ROCKET, "path": "/src"}),
    ("get_file_content", ROCKET),
    ("search_code", {"query": "flies repo:acme/rocket"}),
    ("search_issues", {"query": "tank is:open", "limit": 2}),
    ("list_commits", {**ROCKET, "path": "README.md", "sha": "main"}),
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
_HUBSPOT_CALLS: list[tuple[str, dict[str, Any]]] = [
    ("list_contacts", {"limit": 1}),
    ("list_contacts", {"limit": 1, "cursor": "1"}),
    ("get_contact", {"contact": "101"}),
    ("get_contact", {"contact": "Bob@acme.example"}),
    ("search_contacts", {"query": "ada", "filters": {"lifecyclestage": "lead"}, "limit": 1}),
    ("search_contacts", {"limit": 1, "cursor": "1"}),
    ("create_contact", {"email": "max@acme.example", "properties": {"lastname": "M"}}),
    ("update_contact", {"contact_id": "101", "properties": {"firstname": "Augusta"}}),
    ("list_deals", {"limit": 1, "cursor": "1"}),
    ("get_deal", {"deal_id": "201"}),
    ("search_deals", {"filters": {"dealstage": "closedwon"}}),
    ("get_company", {"company_id": "301"}),
    ("get_company", {"domain": "acme.example"}),
    ("list_pipelines", {}),
]
_SPAN = {"since": "2026-01-01T00:00:00Z", "until": "2026-02-01T00:00:00+01:00"}
_GONG_CALLS: list[tuple[str, dict[str, Any]]] = [
    ("list_calls", _SPAN),
    ("list_calls", {**_SPAN, "cursor": "2"}),
    ("get_call", {"call_id": "1"}),
    ("get_call_transcript", {"call_id": "1"}),
    ("get_call_insights", {"call_id": "1"}),
    ("search_calls", {**_SPAN, "words": "part", "hosts": ["71"], "cursor": "2"}),
    ("get_interaction_stats", {"since": "2026-01-01", "until": "2026-02-01", "users": ["71"]}),
    ("list_users", {}),
]
CALLS = {"github": _GITHUB_CALLS, "slack": _SLACK_CALLS, "hubspot": _HUBSPOT_CALLS, "gong": _GONG_CALLS}


def contract_of(name: str) -> Contract:
    """Read the contract of a server's vendor."""
    return Contract(name, PREFIXES.get(name, ""))
