"""What the cluster asks of a server: `/livez`, `/readyz`, `/metrics`.

Readiness is about this server alone. It does not hang on the vendor, whose outage would take all replicas out of
service that could still give stale answers, nor on Redis, without which everything works, only uncached.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mcp.server.mcpserver import MCPServer
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mooring.integrations import answers
from mooring.servers.metrics import Metrics
from mooring.servers.shelf import SILENT

if TYPE_CHECKING:
    from mooring.servers.service import Service

__all__ = ["Probes"]


class Probes:
    """The state of one server, as told to whoever probes it."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self.service: Service | None = None
        """What serves now; None before the start and after the end."""
        self.draining = False
        """Set at SIGTERM: calls are still served, but no new ones should be sent here."""

    @contextmanager
    def serving(self, service: Service) -> Iterator[None]:
        """Be ready while the block lasts."""
        self.service = service
        try:
            yield
        finally:
            self.service = None

    def add_to(self, server: MCPServer[Any]) -> None:
        """Add the routes."""
        server.custom_route("/livez", methods=["GET"])(self._livez)
        server.custom_route("/readyz", methods=["GET"])(self._readyz)
        server.custom_route("/metrics", methods=["GET"])(self._tell_metrics)

    async def _livez(self, _request: Request) -> Response:
        alive = answers.alive()
        return Response(alive.body, headers=alive.headers)

    async def _readyz(self, _request: Request) -> Response:
        if self.service is None or self.draining:
            reason = "draining" if self.draining else "starting"
            return JSONResponse({"status": "unavailable", "reason": reason}, status_code=503)
        silent = await self.service.shelf.ask("ping") is SILENT
        redis = "out of reach: uncached" if silent else "in use"
        return JSONResponse({"status": "ready", "redis": redis})

    async def _tell_metrics(self, _request: Request) -> Response:
        runtime = answers.metrics()
        return Response(self._metrics.text() + runtime.body, media_type=runtime.media_type)
