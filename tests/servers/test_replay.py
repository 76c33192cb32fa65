"""A write that is asked for again is not made again."""

from __future__ import annotations

import asyncio

import pytest
from mcp import Client

from mooring.embedded import EmbeddedRedis
from mooring.runtime.manager import RedisConnectionManager
from mooring.servers.failures import OutcomeUnknown, Refused
from mooring.servers.fakes.github import FakeGitHub
from mooring.servers.replay import Replays
from mooring.servers.service import REPLAYED_KEY
from mooring.servers.shelf import Shelf

from .replicas import called, replica

_ISSUE = {"owner": "acme", "repo": "rocket", "title": "A leak"}
_PATH = "/repos/acme/rocket/issues"


def _made(github: FakeGitHub) -> int:
    return len(github.repos["acme/rocket"].issues) - 6


async def test_the_same_write_again_returns_the_first_result(github: FakeGitHub, shared_redis: EmbeddedRedis) -> None:
    async with Client(replica("github", github).mcp) as one, Client(replica("github", github).mcp) as other:
        first = await one.call_tool("create_issue", _ISSUE)
        again = await other.call_tool("create_issue", _ISSUE)
    assert _made(github) == 1
    assert again.structured_content == first.structured_content
    assert first.meta is not None and again.meta is not None
    assert (first.meta[REPLAYED_KEY], again.meta[REPLAYED_KEY]) == (False, True)


async def test_equal_writes_at_once_on_three_replicas_are_one(github: FakeGitHub, shared_redis: EmbeddedRedis) -> None:
    github.latency = 0.1
    apps = [replica("github", github) for _ in range(3)]
    async with Client(apps[0].mcp) as one, Client(apps[1].mcp) as two, Client(apps[2].mcp) as three:
        results = await asyncio.gather(*(client.call_tool("create_issue", _ISSUE) for client in (one, two, three) * 2))
    assert _made(github) == 1
    assert not any(result.is_error for result in results)


async def test_another_key_makes_the_same_write_anew(github: FakeGitHub, shared_redis: EmbeddedRedis) -> None:
    async with Client(replica("github", github).mcp) as client:
        for key in ("a", "b", "a"):
            await called(client, "create_issue", **_ISSUE, idempotency_key=key)
    assert _made(github) == 2


async def test_accounts_do_not_get_each_others_results(github: FakeGitHub, shared_redis: EmbeddedRedis) -> None:
    bob = replica("github", github, environ={"GITHUB_TOKEN": "ghp_bob"})
    async with Client(replica("github", github).mcp) as hers, Client(bob.mcp) as his:
        await called(hers, "create_issue", **_ISSUE)
        assert (await called(his, "create_issue", **_ISSUE))["author"] == "bob"
    assert _made(github) == 2


async def test_a_write_that_was_refused_may_be_tried_again(github: FakeGitHub, shared_redis: EmbeddedRedis) -> None:
    async with Client(replica("github", github).mcp) as client:
        await called(client, "get_repository", owner="acme", repo="rocket")
        github.fail(422)
        assert (await client.call_tool("create_issue", _ISSUE)).is_error
        await called(client, "create_issue", **_ISSUE)
    assert _made(github) == 1


async def test_a_write_whose_answer_was_lost_is_not_repeated(github: FakeGitHub, shared_redis: EmbeddedRedis) -> None:
    async with Client(replica("github", github).mcp) as client, Client(replica("github", github).mcp) as other:
        await called(client, "get_repository", owner="acme", repo="rocket")
        github.fail(502)
        results = [await client.call_tool("create_issue", _ISSUE), await other.call_tool("create_issue", _ISSUE)]
    for result in results:
        assert result.structured_content is not None
        assert result.structured_content["error"] == "outcome_unknown"
    assert github.calls(_PATH, "POST") == 1


async def test_without_redis_a_process_still_knows_its_own_writes(github: FakeGitHub, no_redis: None) -> None:
    async with Client(replica("github", github).mcp) as client:
        for _ in range(2):
            await called(client, "create_issue", **_ISSUE)
    assert _made(github) == 1


async def test_a_write_goes_on_though_its_caller_leaves(shared_redis: EmbeddedRedis) -> None:
    begun, finish = asyncio.Event(), asyncio.Event()

    async def act() -> dict[str, str]:
        begun.set()
        await finish.wait()
        return {"number": "7"}

    async with RedisConnectionManager() as manager:
        replays = Replays(Shelf(manager.async_client()), lifetime=5.0)
        caller = asyncio.create_task(replays.once("mooring:write:test:1", 60.0, act))
        await begun.wait()
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        finish.set()
        again = await replays.once("mooring:write:test:1", 60.0, act)
        await replays.aclose()
    assert again.result == {"number": "7"}
    assert again.replayed


async def test_a_holder_that_died_leaves_the_outcome_unknown(shared_redis: EmbeddedRedis) -> None:
    async def act() -> dict[str, str]:
        raise AssertionError("it may have been made: it must not be made again")

    with shared_redis.client() as client:
        client.set("mooring:write:test:2", "null", px=59_000)  # claimed by a replica a second ago, and no more heard of
    async with RedisConnectionManager() as manager:
        replays = Replays(Shelf(manager.async_client()), lifetime=0.5)
        with pytest.raises(OutcomeUnknown):
            await replays.once("mooring:write:test:2", 60.0, act)


async def test_a_claim_is_given_back_after_a_refusal(shared_redis: EmbeddedRedis) -> None:
    async def refused() -> dict[str, str]:
        raise Refused("no")

    async with RedisConnectionManager() as manager:
        replays = Replays(Shelf(manager.async_client()), lifetime=5.0)
        with pytest.raises(Refused):
            await replays.once("mooring:write:test:3", 60.0, refused)
    with shared_redis.client() as client:
        assert not client.exists("mooring:write:test:3")
