"""What three processes of a server promise together: over HTTP, on one Redis, before one vendor that counts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
from mcp import Client
from mcp_types import CallToolResult

from mooring.embedded import EmbeddedRedis
from mooring.servers.fakes.github import FakeGitHub
from mooring.servers.fakes.gong import FakeGong
from mooring.servers.fakes.vendor import Limit

from .processes import started
from .replicas import called, client_of, freshness, over_http

_ROCKET = {"owner": "acme", "repo": "rocket"}
_CORE = 5_000


@dataclass(frozen=True)
class Fleet:
    """Two replicas of a server, and a server that only reads; each a process, with a client of ada's and of bob's."""

    github: FakeGitHub
    redis: EmbeddedRedis
    ada: list[Client]
    bob: list[Client]

    def issue(self, number: int) -> dict[str, object]:
        """Name an issue, which exists then."""
        issues = self.github.repos["acme/rocket"].issues
        issues.setdefault(number, type(issues[1])(number, f"Leak {number}", "bob"))
        return {**_ROCKET, "number": number}

    def asked(self, number: int) -> int:
        """Count how often GitHub was asked for an issue."""
        return self.github.calls(f"/repos/acme/rocket/issues/{number}")


@pytest.fixture(scope="module")
async def fleet() -> AsyncIterator[Fleet]:
    """Start the fleet once: its processes take seconds to come."""
    github = FakeGitHub()
    async with AsyncExitStack() as stack:
        server = EmbeddedRedis()
        await asyncio.to_thread(server.start)
        stack.push_async_callback(asyncio.to_thread, server.stop)
        upstream = await stack.enter_async_context(over_http(github.app))
        environ = {"REDIS_URL": server.url, "GITHUB_API_URL": upstream}
        processes = [started("github", *options, environ=environ) for options in ([], [], ["--read-only"])]
        urls = [one.url for one in await asyncio.gather(*map(stack.enter_async_context, processes))]
        ada, bob = [
            [await stack.enter_async_context(client_of(url, authorization=f"Bearer {token}")) for url in urls]
            for token in ("ghp_ada", "ghp_bob")
        ]
        for client in (*ada, *bob):
            await called(client, "get_repository", **_ROCKET)  # each process knows the accounts
        yield Fleet(github, server, ada, bob)


async def test_what_one_process_writes_no_other_process_reads_as_it_was(fleet: Fleet) -> None:
    issue = fleet.issue(1)
    for number in range(8):
        writer = fleet.ada[number % 2]
        for reader in fleet.ada:
            assert (await called(reader, "get_issue", **issue))["comments"] == number
            assert freshness(await reader.call_tool("get_issue", issue)) == "hit"
        await called(writer, "add_issue_comment", **issue, body=f"Seen {number}")
        seen = await asyncio.gather(*(called(reader, "get_issue", **issue) for reader in fleet.ada * 3))
        assert {one["comments"] for one in seen} == {number + 1}


async def test_a_hundred_misses_over_three_processes_are_one_call(fleet: Fleet) -> None:
    for number in range(20, 23):
        issue = fleet.issue(number)
        results = await asyncio.gather(*(fleet.ada[i % 3].call_tool("get_issue", issue) for i in range(100)))
        assert not any(result.is_error for result in results)
        assert fleet.asked(number) == 1


async def test_while_the_vendor_is_down_each_process_serves_the_last_answer_and_marks_it(fleet: Fleet) -> None:
    issue = fleet.issue(30)
    await called(fleet.ada[0], "get_issue", **issue)
    fleet.github.down = True
    try:
        results = [await client.call_tool("get_issue", {**issue, "max_age": 0}) for client in fleet.ada]
    finally:
        fleet.github.down = False
    assert [freshness(result) for result in results] == ["stale"] * 3


async def test_a_storm_over_three_processes_spends_no_more_than_is_left(fleet: Fleet) -> None:
    """Others have used most of the hour's calls, as GitHub tells with each answer."""
    limit = fleet.github.limits["core"]
    limit.used["bob"] = _CORE - 20
    await called(fleet.bob[0], "get_issue", **fleet.issue(40))
    issues = [fleet.issue(number) for number in range(41, 101)]
    results = await asyncio.gather(*(fleet.bob[i % 3].call_tool("get_issue", one) for i, one in enumerate(issues)))
    assert limit.used["bob"] <= _CORE + 1
    served = [result for result in results if not result.is_error]
    assert 15 <= len(served) <= 19
    assert all(_retry_after(result) > 60 for result in results if result.is_error)


@pytest.mark.parametrize("fault", ["kill", "pause"])
async def test_a_redis_that_goes_under_load_fails_no_call_and_holds_up_none(fleet: Fleet, fault: str) -> None:
    fleet.github.latency = 0.005
    took: list[tuple[float, float]] = []
    stop = asyncio.Event()

    async def load(client: Client, number: int) -> None:
        while not stop.is_set():
            began = time.monotonic()
            result = await client.call_tool("get_issue", {**fleet.issue(number), "max_age": 0})
            assert not result.is_error, result.content
            took.append((began, time.monotonic() - began))
            await asyncio.sleep(0.02)

    await called(fleet.ada[0], "get_issue", **fleet.issue(1))
    callers = [asyncio.create_task(load(client, number)) for number, client in enumerate(fleet.ada, 1)]
    await asyncio.sleep(0.5)
    await asyncio.to_thread(getattr(fleet.redis, fault))
    gone = time.monotonic()
    await asyncio.sleep(2.0)
    lasted = time.monotonic() - gone
    if fault == "kill":
        await asyncio.to_thread(fleet.redis.restart)
    else:
        fleet.redis.resume()
    await _is_used_again(fleet)
    stop.set()
    await asyncio.gather(*callers)
    fleet.github.latency = 0.0
    during = [seconds for began, seconds in took if gone <= began < gone + lasted]
    usual = sorted(seconds for began, seconds in took if began < gone)[len(callers)]
    # Who is under way when it goes may wait for it, once; who comes later never does.
    slow = [seconds for seconds in during if seconds > usual + 0.3]
    assert len(during) > 30
    assert len(slow) <= len(callers), slow


async def test_a_storm_over_three_processes_is_never_too_fast_for_the_vendor(redis_server: EmbeddedRedis) -> None:
    """Gong allows three calls a second, says 429 with Retry-After to what is over, and tells nothing else."""
    gong = FakeGong()
    async with AsyncExitStack() as stack:
        upstream = await stack.enter_async_context(over_http(gong.app))
        environ = {"REDIS_URL": redis_server.url, "GONG_API_URL": upstream, "GONG_TOKEN": "acme-key:acme-secret"}
        processes = [started("gong", environ=environ) for _ in range(3)]
        urls = [one.url for one in await asyncio.gather(*map(stack.enter_async_context, processes))]
        clients = [await stack.enter_async_context(client_of(url)) for url in urls]
        for client in clients:
            await called(client, "list_users")  # the account is known
        gong.limits["core"] = Limit(3, 1.0)
        before = len(gong.seen)
        calls = [clients[i % 3].call_tool("get_call", {"call_id": str(1 + i % 5), "max_age": 0}) for i in range(12)]
        results = await asyncio.gather(*calls)
    statuses = [seen.status for seen in list(gong.seen)[before:]]
    assert statuses.count(429) <= 1
    assert statuses.count(200) >= 5
    assert all(_retry_after(result) > 0 for result in results if result.is_error and _error(result) == "rate_limited")


async def _is_used_again(fleet: Fleet) -> None:
    """Wait until Redis is used again, without anybody's doing."""
    for _ in range(200):
        if freshness(await fleet.ada[0].call_tool("get_issue", fleet.issue(5))) == "hit":
            return
        await asyncio.sleep(0.05)
    raise AssertionError("Redis was never used again")


def _error(result: CallToolResult) -> object:
    assert result.structured_content is not None
    return result.structured_content["error"]


def _retry_after(result: CallToolResult) -> float:
    assert result.structured_content is not None
    return float(result.structured_content["retry_after_seconds"])
