"""Runs a server on standard streams or over HTTP, and ends it so that no call is lost.

At SIGTERM a server over HTTP says at `/readyz` that it is draining, goes on serving for `MOORING_DRAIN` seconds so that
whoever routes to it can learn that, asking clients to leave their connections, then finishes the calls under way and
ends. A second signal ends the draining, and so does SIGINT. On standard streams the calls under way are finished.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import socket
from collections.abc import Generator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mooring.errors import UsageError
from mooring.runtime.observing.observation import observe
from mooring.servers import logs
from mooring.servers.app import App
from mooring.servers.probes import Probes

__all__ = ["Drained", "listening", "serve"]

_log = logging.getLogger("mooring.servers")

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_GRACE = 5.0
"""Seconds beyond the deadline of a call in which the last ones must end."""
_FLUSH = 0.1


def serve(app: App) -> None:
    """Serve until told to stop: by a signal, or on standard streams by the end of the input.

    Raises `UsageError` for an address that cannot be had.
    """
    logs.configure(app.settings.log_level)
    observe("prometheus")
    asyncio.run(_over_http(app) if app.settings.transport == "http" else _over_stdio(app))


class Drained:
    """Around an application: while it drains, each answer asks the client to leave the connection."""

    def __init__(self, app: ASGIApp, probes: Probes) -> None:
        self._app = app
        self._probes = probes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def leaving(message: Message) -> None:
            if message["type"] == "http.response.start" and self._probes.draining:
                message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
            await send(message)

        await self._app(scope, receive, leaving)


class _Server(uvicorn.Server):
    """uvicorn, with a time for draining and an orderly end of the process: its own raises the signal again."""

    def __init__(self, config: uvicorn.Config, probes: Probes, drain: float) -> None:
        super().__init__(config)
        self._probes = probes
        self._drain = drain

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Listen to signals while the server runs."""
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self._told, number)
        try:
            yield
        finally:
            for number in _SIGNALS:
                loop.remove_signal_handler(number)

    def _told(self, number: signal.Signals) -> None:
        if self._probes.draining or number == signal.SIGINT:
            self.should_exit = True
            return
        _log.info("draining", extra={"seconds": self._drain})
        self._probes.draining = True
        asyncio.get_running_loop().call_later(self._drain, setattr, self, "should_exit", True)


async def _over_http(app: App) -> None:
    settings = app.settings
    listener = listening(settings.host, settings.port)
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if listener.family == socket.AF_INET6 else host
    _log.info("serving", extra={"server": app.name, "url": f"http://{shown}:{port}/mcp"})
    config = uvicorn.Config(
        Drained(app.asgi(), app.probes),
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
        # httptools, which uvicorn prefers where it is installed, leaves the blanks around the value of a header, and
        # MCP's own are compared (`make conformance`, http-header-validation). It would save 0.15 ms of a millisecond.
        http="h11",
        ws="none",
        timeout_graceful_shutdown=round(settings.deadline + _GRACE),
    )
    _spare_the_collector()
    await _Server(config, app.probes, settings.drain).serve(sockets=[listener])
    _log.info("ended")


def listening(host: str, port: int) -> socket.socket:
    """Listen at an address, port 0 for any that is free. Raises `UsageError` for one that cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno and error.errno > 0 else "the name is not known"
        raise UsageError(
            f"cannot listen at {host} port {port}: {why}; "
            "give another --host (MOORING_HOST) or --port (MOORING_PORT, 0 for a free one)"
        ) from None
    # asyncio does this only for sockets that name their protocol. Without it the second half of an answer waits for the
    # client's delayed acknowledgement: 44 ms on Linux.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _spare_the_collector() -> None:
    """Have the garbage collector leave alone what has been loaded, and look less often at what is new.

    Requests make many objects that end with them. With Python's own thresholds an answer from the cache cost a third
    more at 50 callers, and its 99th percentile was twice to three times as long (`python -m benchmarks servers`).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


async def _over_stdio(app: App) -> None:
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    for number in _SIGNALS:
        loop.add_signal_handler(number, told.set)
    _log.info("serving", extra={"server": app.name, "transport": "stdio"})
    serving = asyncio.ensure_future(app.mcp.run_stdio_async())
    waiting = asyncio.ensure_future(told.wait())
    await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        waiting.cancel()
        await serving
        return
    await app.finished(app.settings.deadline + _GRACE)
    await asyncio.sleep(_FLUSH)  # the last answers are on their way to standard output
    # A thread waits for input that may never come, and cannot be interrupted: an orderly return would wait with it.
    os._exit(0)
