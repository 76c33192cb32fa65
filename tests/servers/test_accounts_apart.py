"""No two accounts ever share an entry: whatever is asked, in which order, of which replica, with which token where."""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mooring.cache import Budget, Window
from mooring.embedded import EmbeddedRedis
from mooring.servers.app import App
from mooring.servers.fakes.vendor import Fake
from mooring.servers.freshness import META_KEY
from mooring.servers.github.vendor import GitHub
from mooring.servers.gong.vendor import Gong
from mooring.servers.hubspot.vendor import HubSpot
from mooring.servers.settings import Settings

from .replicas import over_http
from .sides import SIDES, Caller, Side
from .tagged import tagged

_REPLICAS = 2
_TOKENS = 2
"""Questions at the head of each list, with which every token of a caller is used."""
_PLENTY = Budget((Window(100_000, 1),))
_MARK = re.compile(r"<for ([^>]+)>")


@dataclass(frozen=True)
class Step:
    """One call: of which server, by which of its callers, which question, which replica."""

    server: str
    caller: int
    question: int
    replica: int

    @property
    def by(self) -> Caller:
        """Who asks."""
        return SIDES[self.server].callers[self.caller]


def _steps_of(server: str) -> st.SearchStrategy[Step]:
    side = SIDES[server]
    callers, asked = st.integers(0, len(side.callers) - 1), st.integers(0, len(side.asked) - 1)
    return st.builds(Step, st.just(server), callers, asked, st.integers(0, _REPLICAS - 1))


_STEPS = st.lists(st.one_of([_steps_of(server) for server in SIDES]), min_size=5, max_size=15)


@dataclass
class World:
    """The servers of all vendors, and who has been told what since Redis was last emptied."""

    fakes: dict[str, Fake] = field(default_factory=dict)
    urls: dict[tuple[str, int], str] = field(default_factory=dict)
    told: set[tuple[str, int, frozenset[str]]] = field(default_factory=set)
    marked: set[str] = field(default_factory=set)
    http: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(timeout=60))

    async def call(self, step: Step) -> dict[str, Any]:
        """Call a tool by one plain request, as the protocol of 2025-11-25 has it, and return its result."""
        tool, arguments = SIDES[step.server].asked[step.question]
        asked = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}
        headers = {**step.by.headers, "accept": "application/json, text/event-stream"}
        response = await self.http.post(self.urls[step.server, step.replica], json=asked, headers=headers)
        result: dict[str, Any] = response.raise_for_status().json()["result"]
        return result

    async def take(self, step: Step) -> None:
        """Make a call, and hold what comes back against what this caller may know."""
        seen = self.fakes[step.server].seen
        before = len(seen)
        result = await self.call(step)
        asked_for = {one.account for one in list(seen)[before:]}
        assert asked_for <= set(step.by.accounts)
        marks = set(_MARK.findall(json.dumps(result)))
        assert marks <= set(step.by.accounts), "it was given another account's answer"
        key = (step.server, step.question, frozenset(step.by.accounts))
        told_before = any(
            server == step.server and question == step.question and accounts & set(step.by.accounts)
            for server, question, accounts in self.told
        )
        refused = result.get("isError") and result["structuredContent"]["error"] != "not_found"
        if not refused and not (step.by.known and told_before):
            assert asked_for, "it was given what nobody of this account had asked for"
        if not step.by.known and not result.get("isError"):
            assert result["_meta"][META_KEY]["state"] == "uncached"
        if step.by.known:
            self.told.add(key)
        if marks:
            self.marked.add(f"{step.server} {SIDES[step.server].asked[step.question][0]}")


async def test_no_two_accounts_ever_share_an_entry(
    redis_server: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", redis_server.url)
    for vendor in (GitHub, HubSpot, Gong):
        monkeypatch.setattr(vendor, "budgets", dict.fromkeys(vendor.budgets, _PLENTY))
    world = World()
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(world.http.aclose)
        for server, side in SIDES.items():
            await _serve(stack, world, server, side)

        async def live(steps: list[Step]) -> None:
            with redis_server.client() as client:
                client.flushall()
            world.told.clear()
            for step in steps:
                await world.take(step)

        @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
        @given(_STEPS)
        def lives(steps: list[Step]) -> None:
            asyncio.run_coroutine_threadsafe(live(steps), loop).result(60)

        # Each may ask everything first, that the marks are known to be there.
        everything = [
            Step(server, caller, question, question % _REPLICAS)
            for server, side in SIDES.items()
            for question in range(len(side.asked))
            for caller in range(len(side.callers))
        ]
        await live(everything)
        await asyncio.to_thread(lives)
    unmarked = {f"{server} {tool}" for server, side in SIDES.items() for tool, _ in side.asked} - world.marked
    # These hand on no text of the vendor's but names and numbers.
    assert unmarked <= {"github get_file_content", "github search_code", "gong get_interaction_stats"}


async def _serve(stack: AsyncExitStack, world: World, server: str, side: Side) -> None:
    fake = world.fakes[server] = side.fake()
    fake.limits.clear()
    upstream = await stack.enter_async_context(over_http(tagged(fake)))
    for replica in range(_REPLICAS):
        app = App(server, Settings(host="0.0.0.0"), environ={side.url_variable: _base(server, upstream)})
        world.urls[server, replica] = await stack.enter_async_context(over_http(app.asgi())) + "/mcp"
        for caller in range(len(side.callers)):
            for question in range(_TOKENS):
                await world.call(Step(server, caller, question, replica))  # the accounts of its tokens are known


def _base(server: str, url: str) -> str:
    return f"{url}/api" if server == "slack" else url
