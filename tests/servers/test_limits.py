"""Rate limits and outages of the vendor: waited for if short, told as data if long, never run into by the fleet."""

from __future__ import annotations

import asyncio
import time

from mcp import Client
from mcp_types import CallToolResult

from mooring.embedded import EmbeddedRedis
from mooring.servers.fakes.github import FakeGitHub
from mooring.servers.fakes.slack import FakeSlack
from mooring.servers.fakes.vendor import Limit

from .replicas import called, replica

_ISSUE = {"owner": "acme", "repo": "rocket", "number": 1}
_PATH = "/repos/acme/rocket/issues/1"


def _told(result: CallToolResult) -> dict[str, object]:
    assert result.is_error
    assert isinstance(result.structured_content, dict)
    return result.structured_content


async def test_a_secondary_limit_is_known_by_its_words_alone(github: FakeGitHub, shared_redis: EmbeddedRedis) -> None:
    github.secondary = 0
    async with Client(replica("github", github).mcp) as client:
        told = _told(await client.call_tool("add_issue_comment", {**_ISSUE, "body": "Seen"}))
    assert told["error"] == "rate_limited"
    assert told["retry_after_seconds"] == 60


async def test_a_primary_limit_tells_when_it_ends(github: FakeGitHub, shared_redis: EmbeddedRedis) -> None:
    github.limits["core"] = Limit(2, 500)
    async with Client(replica("github", github).mcp) as client:
        await called(client, "get_issue", **_ISSUE)
        told = _told(await client.call_tool("get_repository", {"owner": "acme", "repo": "rocket"}))
    assert told["error"] == "rate_limited"
    assert 400 < float(str(told["retry_after_seconds"])) <= 501


async def test_what_one_replica_learns_of_a_limit_the_others_heed(
    github: FakeGitHub, shared_redis: EmbeddedRedis
) -> None:
    async with Client(replica("github", github).mcp) as one, Client(replica("github", github).mcp) as other:
        for client in (one, other):
            await called(client, "get_repository", owner="acme", repo="rocket", max_age=0)
        github.fail(403, body={"message": "You have exceeded a secondary rate limit"}, retry_after="30")
        assert _told(await one.call_tool("get_issue", _ISSUE))["error"] == "rate_limited"
        asked = len(github.seen)
        assert _told(await other.call_tool("get_issue", _ISSUE))["error"] == "rate_limited"
    assert len(github.seen) == asked


async def test_slacks_retry_after_is_waited_for_if_it_is_short(slack: FakeSlack, shared_redis: EmbeddedRedis) -> None:
    async with Client(replica("slack", slack).mcp) as client:
        await called(client, "list_channels")
        slack.fail(429, body={"ok": False, "error": "ratelimited"}, retry_after="1")
        began = time.monotonic()
        await called(client, "get_user", user="U0ADA")
    assert time.monotonic() - began >= 1


async def test_slacks_retry_after_is_told_if_it_is_long(slack: FakeSlack, shared_redis: EmbeddedRedis) -> None:
    slack.limits["users.info"] = Limit(1, 40)
    async with Client(replica("slack", slack).mcp) as client:
        await called(client, "get_user", user="U0ADA")
        told = _told(await client.call_tool("get_user", {"user": "U0BOB"}))
    assert told["error"] == "rate_limited"
    assert 30 < float(str(told["retry_after_seconds"])) <= 41


async def test_an_unlisted_slack_app_reads_history_once_a_minute(slack: FakeSlack, shared_redis: EmbeddedRedis) -> None:
    environ = {"SLACK_TOKEN": "xoxb-bot", "SLACK_UNLISTED_APP": "true"}
    async with Client(replica("slack", slack, environ=environ).mcp) as client:
        await called(client, "get_channel_history", channel="C01")
        told = _told(await client.call_tool("get_channel_history", {"channel": "C02"}))
    assert told["error"] == "rate_limited"
    assert slack.calls("/api/conversations.history") == 1


async def test_a_read_survives_a_moments_outage(github: FakeGitHub, shared_redis: EmbeddedRedis) -> None:
    async with Client(replica("github", github).mcp) as client:
        github.fail(502, times=2)
        await called(client, "get_issue", **_ISSUE)
    assert [seen.status for seen in github.seen][:3] == [502, 502, 200]


async def test_a_vendor_in_trouble_is_not_hit_thrice_by_everybody(
    github: FakeGitHub, shared_redis: EmbeddedRedis
) -> None:
    async with Client(replica("github", github).mcp) as client:
        await called(client, "get_issue", **_ISSUE)
        before = len(github.seen)
        github.down = True
        calls = [client.call_tool("get_issue", {**_ISSUE, "number": number}) for number in range(10, 60)]
        results = await asyncio.gather(*calls)
    assert all(_told(result)["error"] == "unavailable" for result in results)
    # 50 calls, 10 repetitions in reserve, a tenth of 50 earned; three times 50 without a budget.
    assert len(github.seen) - before <= 66


async def test_a_call_ends_at_its_deadline(github: FakeGitHub, shared_redis: EmbeddedRedis) -> None:
    async with Client(replica("github", github, deadline=0.5).mcp) as client:
        await called(client, "get_repository", owner="acme", repo="rocket")
        github.latency = 30
        began = time.monotonic()
        told = _told(await client.call_tool("get_issue", _ISSUE))
    assert told["error"] == "unavailable"
    assert time.monotonic() - began < 3


async def test_a_stale_answer_comes_before_the_deadline_of_a_silent_vendor(
    github: FakeGitHub, shared_redis: EmbeddedRedis
) -> None:
    async with Client(replica("github", github, deadline=1.0).mcp) as client:
        await called(client, "get_issue", **_ISSUE)
        github.latency = 30
        assert (await called(client, "get_issue", **_ISSUE, max_age=0))["number"] == 1


async def test_an_argument_cannot_lead_to_another_operation(github: FakeGitHub, shared_redis: EmbeddedRedis) -> None:
    async with Client(replica("github", github).mcp) as client:
        for arguments in ({"owner": "..", "repo": "user"}, {"owner": "acme", "repo": ""}):
            assert _told(await client.call_tool("get_repository", arguments))["error"] == "refused"
        dots = {"owner": "acme", "repo": "rocket", "path": "../../../user"}
        assert _told(await client.call_tool("get_file_content", dots))["error"] == "refused"
    assert {seen.path for seen in github.seen} == {"/user"}
