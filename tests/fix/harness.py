"""Runs a program whose Redis is elsewhere: `python harness.py PROGRAM`, told by the environment.

With `HARBOUR_SERVER` (a port, or the path of a socket), what the program wants to reach at the usual addresses is that
server. In `HARBOUR_LOG` each connection leaves a line: what it was made with.
"""

from __future__ import annotations

import asyncio
import json
import os
import runpy
import socket
import sys
from pathlib import Path
from typing import Any

USUAL_PORTS = (6379, 6380)
USUAL_SOCKET = "/run/redis.sock"
REMOTE_HOST = "cache"
ATTRIBUTES = (
    "port", "path", "db", "username", "client_name", "socket_keepalive", "health_check_interval", "protocol",
    "retry_on_error",
)  # fmt: skip


def redirect(server: str) -> None:
    """Lead connections to the usual addresses to `server`."""
    connect, resolve = socket.socket.connect, socket.getaddrinfo

    def connect_there(self: socket.socket, address: Any) -> None:
        if address == USUAL_SOCKET:
            address = server
        elif self.family is socket.AF_INET6 and address[1] in USUAL_PORTS:
            raise ConnectionRefusedError(address)
        elif self.family is socket.AF_INET and address[1] in USUAL_PORTS:
            address = (address[0], int(server))
        connect(self, address)

    def resolve_here(host: Any, *rest: Any, **options: Any) -> Any:
        return resolve("127.0.0.1" if host == REMOTE_HOST else host, *rest, **options)

    socket.socket.connect = connect_there  # type: ignore[method-assign, assignment]
    socket.getaddrinfo = resolve_here


def record(log: Path) -> None:
    """Note what each connection of redis-py is made with when it connects."""
    import redis.asyncio.connection
    import redis.connection

    for module in (redis.connection, redis.asyncio.connection):
        kind: Any = module.AbstractConnection
        kind.connect = noted(kind.connect, log)


def noted(connect: Any, log: Path) -> Any:
    """`connect`, which leaves a line in `log` first."""

    def connect_noted(connection: Any, *arguments: Any, **options: Any) -> Any:
        with log.open("a") as file:
            file.write(json.dumps(facts(connection), default=repr) + "\n")
        return connect(connection, *arguments, **options)

    return connect_noted


def facts(connection: Any) -> dict[str, Any]:
    """What decides how a connection behaves; the addresses of this machine count as one.

    All but the retries, of which redis-py forgets its own policy in `from_url`, and the timeouts: a client of the
    factory sees to both itself, within the deadline of the whole call.
    """
    found = {name: getattr(connection, name, None) for name in ATTRIBUTES}
    host = getattr(connection, "host", None)
    encoder = connection.encoder
    return {
        **found,
        # The factory's connections are redis-py's own with more to them.
        "kind": next(one.__name__ for one in type(connection).__mro__ if one.__module__.startswith("redis.")),
        "host": "localhost" if host == "127.0.0.1" else host,
        "reads": [encoder.encoding, encoder.encoding_errors, encoder.decode_responses],
        "password": bool(getattr(connection, "password", None)),
    }


def revive_aioredis() -> None:
    """Let aioredis 2 be imported on a Python that it does not know, so that there is a before to compare with."""
    import types

    class StrictVersion(tuple[int, ...]):
        def __new__(cls, text: str) -> StrictVersion:
            return super().__new__(cls, map(int, text.split(".")[:3]))

    version = types.ModuleType("distutils.version")
    version.StrictVersion = StrictVersion  # type: ignore[attr-defined]
    sys.modules.update({"distutils": types.ModuleType("distutils"), "distutils.version": version})
    known = asyncio.TimeoutError
    asyncio.TimeoutError = type("TimeoutError", (Exception,), {})  # type: ignore[misc, assignment]
    try:
        import aioredis  # noqa: F401
    finally:
        asyncio.TimeoutError = known  # type: ignore[misc]


if __name__ == "__main__":
    program = Path(sys.argv[1])
    if "HARBOUR_SERVER" in os.environ:
        redirect(os.environ["HARBOUR_SERVER"])
    if "HARBOUR_LOG" in os.environ:
        record(Path(os.environ["HARBOUR_LOG"]))
    if "import aioredis" in program.read_text():
        revive_aioredis()
    runpy.run_path(str(program), run_name="__main__")
