"""The four vendors: who asks, with which tokens in which headers, and one question or two for each tool that reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mooring.servers.fakes.github import FakeGitHub
from mooring.servers.fakes.gong import FakeGong
from mooring.servers.fakes.hubspot import FakeHubSpot
from mooring.servers.fakes.slack import FakeSlack
from mooring.servers.fakes.vendor import Fake

__all__ = ["SIDES", "Caller", "Side"]

_ROCKET = {"owner": "acme", "repo": "rocket"}
_JANUARY = {"since": "2026-01-01T00:00:00Z", "until": "2026-02-01T00:00:00Z"}


@dataclass(frozen=True)
class Caller:
    """The headers of a request, and the accounts of the tokens in them; `known` if the vendor tells these."""

    headers: dict[str, str]
    accounts: tuple[str, ...]
    known: bool = True


@dataclass(frozen=True)
class Side:
    """A vendor: its stand-in, who asks, and what may be asked of all its tools that read."""

    fake: Callable[[], Fake]
    url_variable: str
    callers: tuple[Caller, ...]
    asked: tuple[tuple[str, dict[str, Any]], ...]


def _bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


SIDES = {
    "github": Side(
        FakeGitHub,
        "GITHUB_API_URL",
        (
            Caller(_bearer("ghp_ada"), ("ada",)),
            Caller(_bearer("ghp_ada_2"), ("ada",)),
            Caller(_bearer("ghp_bob"), ("bob",)),
            Caller(_bearer("ghs_app"), ("rocket[bot]",), known=False),
        ),
        (
            ("list_repositories", {"owner": "acme"}),
            ("get_repository", _ROCKET),
            ("get_repository", {"owner": "acme", "repo": "secret"}),
            ("list_issues", _ROCKET),
            ("get_issue", {**_ROCKET, "number": 1}),
            ("get_issue", {"owner": "acme", "repo": "secret", "number": 1}),
            ("list_pull_requests", _ROCKET),
            ("get_pull_request", {**_ROCKET, "number": 6}),
            ("get_file_content", {**_ROCKET, "path": "README.md"}),
            ("search_code", {"query": "ignite"}),
            ("search_issues", {"query": "leak"}),
            ("list_commits", _ROCKET),
        ),
    ),
    "slack": Side(
        FakeSlack,
        "SLACK_API_URL",
        (
            Caller(_bearer("xoxb-bot"), ("U0BOT",)),
            Caller(_bearer("xoxp-ada"), ("U0ADA",)),
            Caller({**_bearer("xoxb-bot"), "x-slack-user-token": "xoxp-ada"}, ("U0BOT", "U0ADA")),
            Caller({**_bearer("xoxb-bot"), "x-slack-user-token": "xoxp-bob"}, ("U0BOT", "U0BOB")),
            Caller({"x-slack-user-token": "xoxp-bob"}, ("U0BOB",)),
        ),
        (
            ("search_messages", {"query": "tank"}),
            ("list_channels", {}),
            ("get_channel_history", {"channel": "C01"}),
            ("get_thread", {"channel": "C01", "ts": "1767322005.000100"}),
            ("get_user", {"user": "U0ADA"}),
            ("list_users", {}),
        ),
    ),
    "hubspot": Side(
        FakeHubSpot,
        "HUBSPOT_API_URL",
        (
            Caller(_bearer("pat-acme"), ("1001",)),
            Caller(_bearer("pat-acme-2"), ("1001",)),
            Caller(_bearer("pat-other"), ("2002",)),
        ),
        (
            ("list_contacts", {}),
            ("get_contact", {"contact": "101"}),
            ("get_contact", {"contact": "ada@acme.example"}),
            ("search_contacts", {"query": "ada"}),
            ("list_deals", {}),
            ("get_deal", {"deal_id": "201"}),
            ("search_deals", {"query": "rocket"}),
            ("get_company", {"company_id": "301"}),
            ("get_company", {"domain": "acme.example"}),
            ("list_pipelines", {}),
        ),
    ),
    "gong": Side(
        FakeGong,
        "GONG_API_URL",
        (
            Caller(_bearer("acme-key:acme-secret"), ("acme",)),
            Caller(_bearer("other-key:other-secret"), ("other",)),
        ),
        (
            ("list_calls", _JANUARY),
            ("get_call", {"call_id": "1"}),
            ("get_call", {"call_id": "9"}),
            ("get_call_transcript", {"call_id": "1"}),
            ("get_call_insights", {"call_id": "1"}),
            ("search_calls", _JANUARY),
            ("get_interaction_stats", {"since": "2026-01-01", "until": "2026-02-01"}),
            ("list_users", {}),
        ),
    ),
}
