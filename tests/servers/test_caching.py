"""What a tool answers is cached for the account, and never older than the last write."""

from __future__ import annotations

import asyncio

import pytest
from mcp import Client

from mooring.embedded import EmbeddedRedis
from mooring.servers.fakes.github import FakeGitHub
from mooring.servers.fakes.slack import FakeSlack
from mooring.servers.fakes.vendor import Hold
from mooring.servers.freshness import META_KEY

from .replicas import called, freshness, replica

_ISSUE = {"owner": "acme", "repo": "rocket", "number": 1}
_ISSUES = {"owner": "acme", "repo": "rocket"}
_PATH = "/repos/acme/rocket/issues/1"


async def test_a_second_read_is_a_hit_also_on_another_replica(github: FakeGitHub, shared_redis: EmbeddedRedis) -> None:
    async with Client(replica("github", github).mcp) as one, Client(replica("github", github).mcp) as other:
        assert freshness(await one.call_tool("get_issue", _ISSUE)) == "miss"
        again = await other.call_tool("get_issue", _ISSUE)
    assert freshness(again) == "hit"
    assert github.calls(_PATH) == 1


async def test_a_result_tells_its_age_and_the_quota_that_is_left(
    github: FakeGitHub, shared_redis: EmbeddedRedis
) -> None:
    async with Client(replica("github", github).mcp) as client:
        result = await client.call_tool("get_issue", _ISSUE)
    assert result.meta is not None
    told = result.meta[META_KEY]
    assert told["age_seconds"] == 0
    assert told["quota"]["limit"] == 5_000
    assert told["quota"]["remaining"] == 4_998  # the account was asked for first


async def test_a_read_after_a_write_never_shows_what_was_before(
    github: FakeGitHub, shared_redis: EmbeddedRedis
) -> None:
    async with Client(replica("github", github).mcp) as one, Client(replica("github", github).mcp) as other:
        for number in range(5):
            assert (await called(other, "get_issue", **_ISSUE))["comments"] == number
            await called(one, "add_issue_comment", **_ISSUE, body=f"Seen {number}")
        assert (await called(other, "get_issue", **_ISSUE))["comments"] == 5


async def test_a_write_is_seen_whatever_case_the_names_are_in(github: FakeGitHub, shared_redis: EmbeddedRedis) -> None:
    async with Client(replica("github", github).mcp) as client:
        before = await called(client, "list_issues", **_ISSUES)
        await called(client, "create_issue", owner="ACME", repo="Rocket", title="Another leak")
        after = await called(client, "list_issues", **_ISSUES)
    assert len(after["items"]) == len(before["items"]) + 1


async def test_a_slow_read_that_began_before_a_write_does_not_bring_back_the_old(
    github: FakeGitHub, shared_redis: EmbeddedRedis
) -> None:
    async with Client(replica("github", github).mcp) as one, Client(replica("github", github).mcp) as other:
        await called(one, "get_repository", **_ISSUES)  # the account is known
        await called(other, "get_repository", **_ISSUES)
        github.hold = hold = Hold()
        slow = asyncio.ensure_future(one.call_tool("get_issue", _ISSUE))
        await hold.reached.wait()
        await called(other, "add_issue_comment", **_ISSUE, body="Seen")
        hold.released.set()
        await slow
        assert (await called(other, "get_issue", **_ISSUE))["comments"] == 1


async def test_a_message_is_seen_in_channel_and_thread_at_once(slack: FakeSlack, shared_redis: EmbeddedRedis) -> None:
    thread = {"channel": "C01", "ts": "1767322005.000100"}
    async with Client(replica("slack", slack).mcp) as one, Client(replica("slack", slack).mcp) as other:
        assert len((await called(other, "get_thread", **thread))["items"]) == 1
        await called(one, "send_message", channel="C01", text="Seen", thread_ts=thread["ts"])
        assert len((await called(other, "get_thread", **thread))["items"]) == 2
        newest = (await called(other, "get_channel_history", channel="C01"))["items"][0]
        assert newest["reply_count"] == 1


async def test_max_age_asks_anew_and_an_unchanged_answer_costs_no_quota(
    github: FakeGitHub, shared_redis: EmbeddedRedis
) -> None:
    async with Client(replica("github", github).mcp) as client:
        await client.call_tool("get_issue", _ISSUE)
        used = github.limits["core"].used["ada"]
        again = await client.call_tool("get_issue", {**_ISSUE, "max_age": 0})
    assert freshness(again) == "revalidated"
    assert [seen.status for seen in github.seen if seen.path == _PATH] == [200, 304]
    assert github.limits["core"].used["ada"] == used


async def test_max_age_brings_what_was_changed_behind_our_back(github: FakeGitHub, shared_redis: EmbeddedRedis) -> None:
    async with Client(replica("github", github).mcp) as client:
        await client.call_tool("get_issue", _ISSUE)
        github.repos["acme/rocket"].issues[1].title = "Mended"
        assert (await called(client, "get_issue", **_ISSUE))["title"] == "Leak in tank 1"
        assert (await called(client, "get_issue", **_ISSUE, max_age=0))["title"] == "Mended"


async def test_a_hundred_misses_over_three_replicas_are_one_call(
    github: FakeGitHub, shared_redis: EmbeddedRedis
) -> None:
    apps = [replica("github", github) for _ in range(3)]
    async with Client(apps[0].mcp) as one, Client(apps[1].mcp) as two, Client(apps[2].mcp) as three:
        github.latency = 0.05
        clients = [one, two, three]
        await asyncio.gather(*(clients[i % 3].call_tool("get_issue", _ISSUE) for i in range(100)))
    assert github.calls(_PATH) == 1
    assert github.calls("/user") == 3


async def test_accounts_share_nothing(github: FakeGitHub, shared_redis: EmbeddedRedis) -> None:
    secret = {"owner": "acme", "repo": "secret", "number": 1}
    ada, bob = replica("github", github), replica("github", github, environ={"GITHUB_TOKEN": "ghp_bob"})
    async with Client(ada.mcp) as hers, Client(bob.mcp) as his:
        await called(hers, "get_issue", **secret)
        refused = await his.call_tool("get_issue", secret)
        assert refused.is_error
        assert freshness(await hers.call_tool("get_issue", secret)) == "hit"


async def test_a_renewed_token_finds_what_the_old_one_cached(github: FakeGitHub, shared_redis: EmbeddedRedis) -> None:
    new = replica("github", github, environ={"GITHUB_TOKEN": "ghp_ada_2"})
    async with Client(replica("github", github).mcp) as before, Client(new.mcp) as after:
        await called(before, "get_issue", **_ISSUE)
        assert freshness(await after.call_tool("get_issue", _ISSUE)) == "hit"


async def test_a_token_that_the_vendor_refuses_finds_nothing(github: FakeGitHub, shared_redis: EmbeddedRedis) -> None:
    wrong = replica("github", github, environ={"GITHUB_TOKEN": "ghp_mallory"})
    async with Client(replica("github", github).mcp) as good, Client(wrong.mcp) as bad:
        await called(good, "get_issue", **_ISSUE)
        result = await bad.call_tool("get_issue", _ISSUE)
    assert result.is_error
    assert result.structured_content is not None
    assert "GITHUB_TOKEN" in result.structured_content["message"]
    assert "mallory" not in str(result.structured_content)


async def test_a_token_that_was_revoked_finds_nothing_any_more(
    github: FakeGitHub, shared_redis: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Client(replica("github", github).mcp) as client:
        await called(client, "get_issue", **_ISSUE)
        monkeypatch.setattr(github, "accounts", {"ghp_bob": "bob"})
        for arguments in ({**_ISSUE, "max_age": 0}, _ISSUE):
            result = await client.call_tool("get_issue", arguments)
            assert result.structured_content is not None
            assert result.structured_content["error"] == "unauthorized"


async def test_nothing_is_cached_for_a_token_whose_account_cannot_be_told(
    github: FakeGitHub, shared_redis: EmbeddedRedis
) -> None:
    app = replica("github", github, environ={"GITHUB_TOKEN": "ghs_app"})
    async with Client(app.mcp) as client:
        states = [freshness(await client.call_tool("get_issue", _ISSUE)) for _ in range(2)]
    assert states == ["uncached", "uncached"]
    assert github.calls(_PATH) == 2
    assert github.calls("/user") == 1
    with shared_redis.client() as redis:
        assert not redis.keys("mooring:cache:*")


@pytest.mark.parametrize("trouble", ["down", "limited"])
async def test_while_the_vendor_fails_the_last_answer_is_served_and_marked(
    trouble: str, github: FakeGitHub, shared_redis: EmbeddedRedis
) -> None:
    async with Client(replica("github", github).mcp) as client:
        await called(client, "get_issue", **_ISSUE)
        if trouble == "down":
            github.down = True
        else:
            github.limits["core"].used["ada"] = 5_000
        result = await client.call_tool("get_issue", {**_ISSUE, "max_age": 0})
    assert not result.is_error
    assert freshness(result) == "stale"


async def test_what_is_missing_is_known_to_be_missing_until_it_is_made(
    github: FakeGitHub, shared_redis: EmbeddedRedis
) -> None:
    seventh = {**_ISSUES, "number": 7}
    async with Client(replica("github", github).mcp) as client:
        for _ in range(2):
            assert (await client.call_tool("get_issue", seventh)).is_error
        assert github.calls("/repos/acme/rocket/issues/7") == 1
        made = await called(client, "create_issue", **_ISSUES, title="The seventh")
        assert made["number"] == 7
        assert (await called(client, "get_issue", **seventh))["title"] == "The seventh"


async def test_a_number_that_is_too_large_for_anybody_is_refused(
    github: FakeGitHub, shared_redis: EmbeddedRedis
) -> None:
    async with Client(replica("github", github).mcp) as client:
        for number in (2**63, 10**30):
            result = await client.call_tool("get_issue", {**_ISSUE, "number": number})
            assert result.is_error and result.structured_content is not None
            assert result.structured_content["error"] == "refused"
            assert "digits" in result.structured_content["message"]
