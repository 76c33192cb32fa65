"""A vendor and its tools made into a server of the official SDK, and into an ASGI application."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

import httpx
from mcp.server.caching import CacheHint
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.request_state import RequestStateSecurity
from mcp.server.transport_security import TransportSecuritySettings
from mcp_types import CallToolResult
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mooring import __version__
from mooring.servers.metrics import Metrics
from mooring.servers.more import READ_MORE
from mooring.servers.probes import Probes
from mooring.servers.publishing import published
from mooring.servers.service import Service, opened
from mooring.servers.settings import LOOPBACK, Settings, address, secret
from mooring.servers.toolset import Toolset, ToolSpec
from mooring.servers.vendor import Vendor

__all__ = ["NAMES", "App"]

NAMES = ("github", "slack", "hubspot", "gong")
"""The servers that there are: each is a package of this room."""

_LIST_TTL_MS = 3_600_000
"""What a server offers changes with its deployment only."""
_PATH = "/mcp"


class App:
    """One server, not yet running. `mcp` is the SDK's; `asgi` serves it over HTTP, with probes and metrics.

    `environ` is this process's environment unless given: tokens, and where the vendor is. `transport` replaces the
    network. Raises `UsageError` for an unknown toolset, a token that cannot be read, and an address that is none.
    """

    def __init__(
        self,
        name: str,
        settings: Settings,
        *,
        environ: Mapping[str, str] | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        room = import_module(f"mooring.servers.{name}")
        environ = os.environ if environ is None else environ
        vendor: Vendor = room.VENDOR.configured(environ)
        tools: Toolset = room.tools
        self.name = name
        self.settings = settings
        self.metrics = Metrics(name)
        self.probes = Probes(self.metrics)
        self._vendor = vendor
        self._specs = [*tools.chosen(settings.toolsets, read_only=settings.read_only), READ_MORE]
        self._own = _tokens(vendor, environ)
        self._url = address(vendor.url_variable, environ) or vendor.url
        self._transport = transport
        self.mcp = self._server()

    @classmethod
    def on_fake(cls, name: str, settings: Settings) -> App:
        """Return a server on the stand-in for its vendor, in the same process, with a token that this takes."""
        stand_in = import_module(f"mooring.servers.fakes.{name}")
        variables = import_module(f"mooring.servers.{name}").VENDOR.tokens
        environ = {variables[kind].variable: token for kind, token in stand_in.TOKENS.items()}
        return cls(name, settings, environ=environ, transport=httpx.ASGITransport(stand_in.fake().app))

    def asgi(self) -> Starlette:
        """Return the ASGI application: `/mcp` for clients of both protocols, `/livez`, `/readyz`, `/metrics`."""
        allowed = list(self.settings.allowed_hosts)
        security = None
        if allowed:
            security = TransportSecuritySettings(
                enable_dns_rebinding_protection=True,
                allowed_hosts=allowed,
                allowed_origins=[f"{scheme}://{host}" for host in allowed for scheme in ("http", "https")],
            )
        elif self.settings.host not in LOOPBACK:
            security = TransportSecuritySettings(enable_dns_rebinding_protection=False)
        served = self.mcp.streamable_http_app(
            streamable_http_path=_PATH,
            json_response=True,
            stateless_http=True,
            transport_security=security,
            host=self.settings.host,
        )
        served.router.routes.insert(0, Route(_PATH, _no_stream, methods=["GET"]))
        return served

    async def finished(self, seconds: float) -> None:
        """Wait for the calls under way, for so long at most."""
        if self.probes.service is not None:
            await self.probes.service.finished(seconds)

    def _server(self) -> MCPServer[Service]:
        keys = [key.get_secret_value() for key in self.settings.request_state_keys]
        server: MCPServer[Service] = MCPServer(
            f"mooring-{self.name}",
            version=__version__,
            tools=[published(spec, _run) for spec in self._specs],
            lifespan=self._lifespan,
            request_state_security=RequestStateSecurity(keys=keys) if keys else None,
            cache_hints={"tools/list": CacheHint(ttl_ms=_LIST_TTL_MS, scope="public")},
            subscriptions=False,
            log_level="WARNING",
        )
        self.probes.add_to(server)
        return server

    @asynccontextmanager
    async def _lifespan(self, _server: MCPServer[Service]) -> AsyncIterator[Service]:
        async with opened(
            self._vendor, self._specs, self.settings, self._own, self._url, self.metrics, self._transport
        ) as service:
            with self.probes.serving(service):
                yield service


async def _no_stream(_request: Request) -> Response:
    """Refuse the stream of protocol 2025-11-25: nothing is ever sent on it, and it would hold up the end of the server.

    Clients know this answer: https://modelcontextprotocol.io/specification/2025-11-25/basic/transports, "Listening for
    Messages from the Server".
    """
    return Response(status_code=405, headers={"allow": "POST"})


async def _run(spec: ToolSpec, ctx: Context[Service, Any], arguments: dict[str, Any]) -> CallToolResult:
    return await ctx.request_context.lifespan_context.run(spec, arguments, ctx.headers)


def _tokens(vendor: Vendor, environ: Mapping[str, str]) -> dict[str, SecretStr]:
    found = {kind: secret(source.variable, environ) for kind, source in vendor.tokens.items()}
    return {kind: token for kind, token in found.items() if token is not None}
