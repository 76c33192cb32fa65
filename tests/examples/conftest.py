"""The fleet of the examples, its stand-in upstream, and the environment that its manifests give a server."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TextIO

import anyio
import pytest
from mcp import Client, StdioServerParameters, stdio_client

import mooring
from mooring.embedded import EmbeddedRedis

Connect = Callable[..., AbstractAsyncContextManager[Client]]

_FLEET = Path(__file__).parents[2] / "examples" / "fleet"


@pytest.fixture(scope="session")
def fleet() -> Path:
    """The directory of the fleet."""
    return _FLEET


@pytest.fixture(scope="session")
def upstream() -> Iterator[str]:
    """The base URL of a stand-in upstream that answers after 20 ms."""
    command = [sys.executable, str(_FLEET / "upstream" / "fake.py"), "--port", "0", "--latency-ms", "20"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().split()[-1]
        process.terminate()


@pytest.fixture(scope="session")
def environment(upstream: str, secure_redis: EmbeddedRedis) -> dict[str, str]:
    """What a server is told: a Redis with a password, and the upstream."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(mooring.__file__).parents[1]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "REDIS_URL": secure_redis.url,
        "UPSTREAM_URL": upstream,
    }


@pytest.fixture(scope="session")
def over_stdio(environment: dict[str, str]) -> Connect:
    """Start a server as its users do, and speak to it over its standard input and output.

    Call it with the server's name, and with what else its environment should have.
    """

    @asynccontextmanager
    async def connect(name: str, **extra: str) -> AsyncIterator[Client]:
        server = StdioServerParameters(
            command=sys.executable, args=["server.py"], cwd=_FLEET / "servers" / name, env=environment | extra
        )
        with _nowhere() as errors:
            async with Client(stdio_client(server, errors)) as client:
                yield client

    return connect


@pytest.fixture(scope="session")
def over_http(environment: dict[str, str]) -> Connect:
    """Start a server on a free port, and speak streamable HTTP to it. Call it with the server's name."""

    @asynccontextmanager
    async def connect(name: str) -> AsyncIterator[Client]:
        async with await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=0) as free:
            port = free.extra(anyio.abc.SocketAttribute.local_port)
        command = [sys.executable, "server.py", "--transport", "http", "--port", str(port)]
        async with await anyio.open_process(
            command, cwd=_FLEET / "servers" / name, env=environment, stdin=None, stdout=None, stderr=None
        ) as process:
            try:
                await _accepting(process, port)
                async with Client(f"http://127.0.0.1:{port}/mcp") as client:
                    yield client
            finally:
                process.terminate()

    return connect


def _nowhere() -> TextIO:
    """A place for a server's complaints; the SDK's default is whatever standard error was when it was imported."""
    return Path(os.devnull).open("w")


async def _accepting(process: anyio.abc.Process, port: int) -> None:
    while process.returncode is None:
        try:
            stream = await anyio.connect_tcp("127.0.0.1", port)
        except OSError:
            await anyio.sleep(0.05)
        else:
            await stream.aclose()
            return
    pytest.fail(f"the server ended with {process.returncode} before it listened")
