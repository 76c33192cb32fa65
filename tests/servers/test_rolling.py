"""A rolling restart of three replicas under load loses no call and doubles none."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import AsyncExitStack

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from mooring.embedded import EmbeddedRedis
from mooring.servers.fakes.github import FakeGitHub

from .processes import Process, started
from .replicas import over_http

_ROCKET = {"owner": "acme", "repo": "rocket"}
_REPLICAS = 3
_CALLERS = 5
_PAUSE = 0.1
"""Seconds between two calls of a caller: the machine has replicas to start meanwhile."""
_PROPAGATION = 0.2
"""Seconds after SIGTERM in which a cluster's routers still send calls."""


class _Service(httpx2.AsyncBaseTransport):
    """Sends each request to the next replica, over connections that are kept, as a cluster's service does."""

    def __init__(self) -> None:
        self.replicas: list[Process] = []
        self._next = itertools.count()
        self._inner = httpx2.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        chosen = httpx2.URL(self.replicas[next(self._next) % len(self.replicas)].url)
        request.url = request.url.copy_with(host=chosen.host, port=chosen.port)
        request.headers["host"] = f"{chosen.host}:{chosen.port}"
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


async def test_a_rolling_restart_loses_no_call_and_doubles_none(
    github: FakeGitHub, redis_server: EmbeddedRedis
) -> None:
    written: list[str] = []
    stop = asyncio.Event()

    async def load(client: Client, caller: int) -> None:
        for number in itertools.count():
            if stop.is_set():
                return
            await asyncio.sleep(_PAUSE)
            title = f"leak {caller}-{number}"
            made = await client.call_tool("create_issue", {**_ROCKET, "title": title})
            assert not made.is_error, made.content
            written.append(title)
            assert made.structured_content is not None
            read = await client.call_tool("get_issue", {**_ROCKET, "number": made.structured_content["number"]})
            assert not read.is_error, read.content
            assert read.structured_content is not None and read.structured_content["title"] == title

    github.latency = 0.02
    service = _Service()
    async with AsyncExitStack() as stack:
        upstream = await stack.enter_async_context(over_http(github.app))
        environ = {
            "REDIS_URL": redis_server.url,
            "GITHUB_API_URL": upstream,
            "GITHUB_TOKEN": "ghp_ada",
            "MOORING_DRAIN": "0.5",
        }

        async def start() -> Process:
            return await stack.enter_async_context(started("github", environ=environ))

        service.replicas = list(await asyncio.gather(*(start() for _ in range(_REPLICAS))))
        http = await stack.enter_async_context(httpx2.AsyncClient(transport=service, timeout=30))
        client = await stack.enter_async_context(Client(streamable_http_client("http://fleet/mcp", http_client=http)))
        callers = [asyncio.create_task(load(client, number)) for number in range(_CALLERS)]
        for old in list(service.replicas):
            service.replicas.append(await start())
            before = len(written)
            old.terminate()
            await asyncio.sleep(_PROPAGATION)
            service.replicas.remove(old)
            assert await old.ended() == 0
            assert len(written) > before
        stop.set()
        await asyncio.gather(*callers)
    titles = [issue.title for issue in github.repos["acme/rocket"].issues.values() if issue.title.startswith("leak ")]
    assert sorted(titles) == sorted(written)
