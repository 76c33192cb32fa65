"""One Redis for each way to it: loopback TCP, a Unix socket, and TLS with certificates of the bench's own."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.certificates import Authority

from mooring.embedded import EmbeddedRedis
from mooring.embedded.port import free_port
from mooring.errors import EmbeddedRedisError

__all__ = ["Served", "benchmark", "served"]

_CALLS_EACH = 4000


@dataclass(frozen=True, slots=True)
class Served:
    """A server's address as redis-py's arguments; or none, and why not."""

    address: dict[str, Any] | None
    refusal: str = ""
    version: str = ""


@contextmanager
def served() -> Iterator[Mapping[str, Served]]:
    """Serve a Redis for each way, by the names that cells have for them."""
    with ExitStack() as stack:
        tcp = stack.enter_context(EmbeddedRedis())
        unix = stack.enter_context(EmbeddedRedis(unix_socket=True))
        yield {
            "tcp": Served({"host": tcp.host, "port": tcp.port}, version=tcp.version),
            "unix": Served({"unix_socket_path": str(unix.socket_path)}, version=unix.version),
            "tls": _tls(stack),
        }


def benchmark(server: Served, connections: int) -> float | None:
    """GET of 64 bytes by `redis-benchmark -P 1`, in commands per second; None where it is not installed."""
    program = shutil.which("redis-benchmark")
    if program is None or server.address is None:
        return None
    calls = _CALLS_EACH * min(connections, 50)
    command = [
        program,
        "-h",
        server.address["host"],
        "-p",
        str(server.address["port"]),
        "-t",
        "get",
        "-d",
        "64",
        "-P",
        "1",
    ]
    command += ["-c", str(connections), "-n", str(calls), "--csv"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    line = next(line for line in told.splitlines() if line.startswith('"GET"'))
    return float(line.split(",")[1].strip('"'))


def _tls(stack: ExitStack) -> Served:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    authority, port = Authority(folder), free_port()
    pair = authority.issue("localhost", "127.0.0.1")
    settings = {
        "tls-port": str(port),
        "tls-auth-clients": "no",
        "tls-cert-file": str(pair.certificate),
        "tls-key-file": str(pair.key),
        "tls-ca-cert-file": str(authority.file),
    }
    try:
        server = stack.enter_context(EmbeddedRedis(settings=settings))
    except EmbeddedRedisError:
        return Served(None, "the redis-server at hand speaks no TLS: set MOORING_REDIS_SERVER to one that does")
    address = {"host": "localhost", "port": port, "ssl": True, "ssl_ca_certs": str(authority.file)}
    return Served(address, version=server.version)
