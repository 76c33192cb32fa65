"""Health endpoints for a process that serves no HTTP otherwise, such as a worker.

```python
with serve_health(8080):  # or: server = serve_health(8080); ...; server.close()
    work()
```

What they answer is told in `mooring.integrations.answers`. The server is the standard library's, in a daemon thread;
it serves a few connections at once, each for a few seconds at most. A forked child has no server, and does not keep
the parent's port.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from socket import SHUT_RDWR, socket
from socketserver import ThreadingMixIn
from typing import Any, Final, Self

from mooring.config.variables import DEFAULT_NAME
from mooring.integrations import answers
from mooring.integrations.answers import GRACE, Answer
from mooring.runtime.manager import RedisConnectionManager
from mooring.runtime.observing.monitor import INTERVAL, TIMEOUT
from mooring.runtime.observing.observation import observe

__all__ = ["HealthServer", "serve_health"]

_AT_ONCE: Final = 8
_SECONDS: Final = 5.0
"""How long a connection may take."""
_LOOK: Final = 0.1
"""Seconds between two looks at who takes too long, and at whether to end."""


def serve_health(
    port: int,
    host: str = "0.0.0.0",  # noqa: S104 - whoever probes a container comes from outside it
    *,
    names: Sequence[str] = (DEFAULT_NAME,),
    manager: RedisConnectionManager | None = None,
    grace: float = GRACE,
    interval: float = INTERVAL,
    timeout: float = TIMEOUT,
    metrics: bool = True,
    **overrides: Any,
) -> HealthServer:
    """Serve `/livez`, `/readyz` and `/metrics` on a port, 0 for any that is free, until the server is closed.

    Arguments are those of `mooring.integrations.asgi.HealthEndpoints`. Raises `OSError` if the port is taken.
    """
    if metrics and answers.metrics_available():
        observe("prometheus")
    terms = {"interval": interval, "timeout": timeout, **overrides}

    def answer(path: str) -> Answer:
        if path == "/livez":
            return answers.alive()
        if path == "/metrics" and metrics:
            return answers.metrics()
        if path != "/readyz":
            return answers.not_found()
        chosen = manager or RedisConnectionManager.instance()
        healths = [chosen.monitor(name, **terms).start().current() for name in names]
        return answers.ready(healths, time.time(), grace)

    class Handler(_Handler):
        respond = staticmethod(answer)

    return HealthServer(_Server((host, port), Handler))


class HealthServer:
    """Serves until it is closed, also by leaving its `with` block."""

    def __init__(self, server: _Server) -> None:
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, args=(_LOOK,), name="mooring-health", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.server_port

    def close(self) -> None:
        """Stop listening, and end what is being served."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    server_version = "mooring"
    sys_version = ""

    @staticmethod
    def respond(path: str) -> Answer:
        raise NotImplementedError

    def do_GET(self) -> None:
        self._send(self.respond(self.path.partition("?")[0]))

    do_HEAD = do_GET  # noqa: N815

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """Say nothing: probes come every few seconds."""


class _Server(ThreadingMixIn, HTTPServer):
    daemon_threads = True
    # The standard library's 5 makes those above wait for a second.
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], handler: type[_Handler]) -> None:
        self._slots = threading.BoundedSemaphore(_AT_ONCE)
        self._serving: dict[socket, float] = {}
        super().__init__(address, handler)
        _servers.add(self)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in a thread, when one of the few is free."""
        while not self._slots.acquire(timeout=_LOOK):
            self.service_actions()
        self._serving[request] = time.monotonic()
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve it, and make room."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._serving.pop(request, None)
            self._slots.release()

    def service_actions(self) -> None:
        """Cut off who takes too long; a client may send a byte now and then."""
        for request, began in list(self._serving.items()):
            if time.monotonic() - began > _SECONDS:
                _cut(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: whoever asked has hung up."""

    def server_close(self) -> None:
        """Close the socket, and cut off who is still there."""
        super().server_close()
        for request in list(self._serving):
            _cut(request)
        for _ in range(_AT_ONCE):
            self._slots.acquire(timeout=_SECONDS)


def _cut(request: socket) -> None:
    try:
        request.shutdown(SHUT_RDWR)
    except OSError:
        return  # it has gone by itself


_servers: weakref.WeakSet[_Server] = weakref.WeakSet()


def _close_in_child() -> None:
    for server in list(_servers):
        server.socket.close()


os.register_at_fork(after_in_child=_close_in_child)
