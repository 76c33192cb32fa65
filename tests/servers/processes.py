"""Servers in processes of their own, as a user or a cluster starts them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

__all__ = ["Process", "started"]

_PATIENCE = 30.0
COMMAND = [sys.executable, "-m", "mooring", "serve"]


@dataclass
class Process:
    """A server over HTTP. `log` is what it has written so far."""

    process: asyncio.subprocess.Process
    url: str
    log: list[dict[str, object]] = field(default_factory=list)
    reading: asyncio.Task[None] | None = None

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.process.send_signal(signal.SIGTERM)

    async def ended(self) -> int:
        """Wait for its end, and return the exit code."""
        async with asyncio.timeout(_PATIENCE):
            return await self.process.wait()


@asynccontextmanager
async def started(*arguments: str, environ: Mapping[str, str]) -> AsyncIterator[Process]:
    """Start `mooring serve` over HTTP at a free port, and give it once it is ready; kill it if it lives in the end."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        *arguments,
        "--transport=http",
        "--port=0",
        env={**os.environ, **environ},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    server = Process(process, "")
    try:
        async with asyncio.timeout(_PATIENCE):
            await _read_until_serving(server)
            server.reading = asyncio.create_task(_read_on(server))
            await _ready(server.url)
        yield server
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        if server.reading:
            await server.reading


async def _read_until_serving(server: Process) -> None:
    assert server.process.stderr is not None
    while line := await server.process.stderr.readline():
        server.log.append(json.loads(line))
        if server.log[-1]["message"] == "serving":
            server.url = str(server.log[-1]["url"]).removesuffix("/mcp")
            return
    raise AssertionError(f"it ended before it served: {server.log}")


async def _read_on(server: Process) -> None:
    assert server.process.stderr is not None
    while line := await server.process.stderr.readline():
        server.log.append(json.loads(line))


async def _ready(url: str) -> None:
    async with httpx.AsyncClient() as client:
        for _ in range(400):
            if (await client.get(f"{url}/readyz")).status_code == 200:
                return
            await asyncio.sleep(0.05)
    raise AssertionError(f"{url} never became ready")
