"""Without Redis everything works, uncached."""

from __future__ import annotations

import asyncio

import pytest
from mcp import Client

from mooring.embedded import EmbeddedRedis
from mooring.servers.fakes.github import FakeGitHub

from .replicas import called, freshness, replica

_ISSUE = {"owner": "acme", "repo": "rocket", "number": 1}


async def test_a_server_starts_and_serves_without_redis(github: FakeGitHub, no_redis: None) -> None:
    async with Client(replica("github", github).mcp) as client:
        states = [freshness(await client.call_tool("get_issue", _ISSUE)) for _ in range(2)]
        await called(client, "add_issue_comment", **_ISSUE, body="Seen")
    assert states == ["miss", "miss"]


async def test_no_call_fails_when_redis_is_killed_under_load(
    github: FakeGitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = 0
    made = 0

    async def load(client: Client, stop: asyncio.Event) -> None:
        nonlocal failed, made
        while not stop.is_set():
            result = await client.call_tool("get_issue", {**_ISSUE, "number": made % 5 + 1})
            made += 1
            failed += result.is_error

    server = EmbeddedRedis()
    await asyncio.to_thread(server.start)
    try:
        monkeypatch.setenv("REDIS_URL", server.url)
        async with Client(replica("github", github).mcp) as one, Client(replica("github", github).mcp) as other:
            stop = asyncio.Event()
            callers = [asyncio.create_task(load(client, stop)) for client in (one, other) * 5]
            await asyncio.sleep(0.3)
            await asyncio.to_thread(server.kill)
            killed_at = made
            await asyncio.sleep(1.0)
            stop.set()
            await asyncio.gather(*callers)
            assert made > killed_at > 0
            assert failed == 0
            written = await one.call_tool("add_issue_comment", {**_ISSUE, "body": "Seen"})
            assert not written.is_error
    finally:
        await asyncio.to_thread(server.stop)


async def test_what_was_written_while_redis_was_away_is_not_forgotten(
    github: FakeGitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = EmbeddedRedis(settings={"appendonly": "yes"})
    await asyncio.to_thread(server.start)
    try:
        monkeypatch.setenv("REDIS_URL", server.url)
        async with Client(replica("github", github).mcp) as client:
            assert (await called(client, "get_issue", **_ISSUE))["comments"] == 0
            await asyncio.to_thread(server.kill)
            await called(client, "add_issue_comment", **_ISSUE, body="Seen")
            await asyncio.to_thread(server.restart)
            for _ in range(20):
                assert (await called(client, "get_issue", **_ISSUE))["comments"] == 1
                await asyncio.sleep(0.05)
    finally:
        await asyncio.to_thread(server.stop)
