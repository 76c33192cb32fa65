"""Replicas of a server in this process, on one stand-in and one Redis, and clients for them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import uvicorn
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp_types import CallToolResult
from starlette.types import ASGIApp

from mooring.servers.app import App
from mooring.servers.fakes.vendor import Fake
from mooring.servers.freshness import META_KEY
from mooring.servers.running import listening
from mooring.servers.settings import Settings

__all__ = ["called", "client_of", "freshness", "over_http", "replica"]

_TOKENS = {
    "github": {"GITHUB_TOKEN": "ghp_ada"},
    "slack": {"SLACK_TOKEN": "xoxb-bot", "SLACK_USER_TOKEN": "xoxp-ada"},
    "hubspot": {"HUBSPOT_TOKEN": "pat-acme"},
    "gong": {"GONG_TOKEN": "acme-key:acme-secret"},
}


def replica(
    name: str,
    fake: Fake,
    *,
    environ: Mapping[str, str] | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    **settings: Any,
) -> App:
    """Return a server on the stand-in, with a token of it unless `environ` gives others."""
    tokens = _TOKENS[name] if environ is None else environ
    return App(name, Settings(**settings), environ=tokens, transport=transport or httpx.ASGITransport(fake.app))


async def called(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """Call a tool, and return what it says; raises AssertionError if it is an error."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    return _structured(result)


def freshness(result: CallToolResult) -> str:
    """Return the state that a result's `_meta` tells."""
    assert result.meta is not None
    state: str = result.meta[META_KEY]["state"]
    return state


@asynccontextmanager
async def over_http(app: ASGIApp) -> AsyncIterator[str]:
    """Serve an application at a free port, and give its URL without a path."""
    listener = listening("127.0.0.1", 0)
    config = uvicorn.Config(app, log_config=None, lifespan="on", http="h11", ws="none", timeout_graceful_shutdown=5)
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started:
            await asyncio.sleep(0.01)
            if serving.done():
                await serving
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


@asynccontextmanager
async def client_of(url: str, mode: str = "auto", **headers: str) -> AsyncIterator[Client]:
    """Connect to a server over HTTP, with these headers in each request."""
    async with (
        create_mcp_http_client(headers=headers) as http,
        Client(streamable_http_client(f"{url}/mcp", http_client=http), mode=mode) as client,
    ):
        yield client


def _structured(result: CallToolResult) -> dict[str, Any]:
    assert isinstance(result.structured_content, dict)
    return result.structured_content


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the test."""
        yield
