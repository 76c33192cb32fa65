"""A web service, asked over HTTP."""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TextIO

import anyio

from mooring.errors import MissingExtra
from mooring.prove.process import running
from mooring.prove.reasons import Redactor
from mooring.prove.request import source_in
from mooring.prove.scenarios import Launch
from mooring.prove.session import CannotStart, NoAnswer, Session

if TYPE_CHECKING:
    import httpx

__all__ = ["PORT", "opened"]

PORT = "{port}"
"""What stands for a free port in a command and in the environment (there it is also `PORT`)."""

_LOOK_AGAIN = 0.02


class _Page(Session):
    """A service whose pages are fetched."""

    def __init__(self, client: httpx.AsyncClient, launch: Launch, output: TextIO, redact: Redactor) -> None:
        super().__init__(launch.request, output, redact)
        self._client = client

    async def ask(self, key: str) -> str | None:
        """Make the request; an answer from 400 on is none."""
        import httpx  # noqa: PLC0415 - an extra: whoever made the client has it

        body = self._request.given(key) or None
        try:
            answer = await self._client.request(
                self._request.method, self._request.path(key), json=body, headers=dict(self._request.headers)
            )
        except httpx.HTTPError as error:
            raise NoAnswer(str(error) or type(error).__name__) from error
        if answer.status_code >= 400:
            raise NoAnswer(f"{answer.status_code} {answer.reason_phrase}: {answer.text}")
        if self._request.source is None:
            return None
        try:
            return source_in(answer.json(), self._request.source)
        except json.JSONDecodeError:
            return None


@asynccontextmanager
async def opened(launch: Launch, output: TextIO, redact: Redactor) -> AsyncIterator[Session]:
    """Start a service on a free port and wait until it answers. Raises `MissingExtra` where httpx is not installed."""
    try:
        import httpx  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise MissingExtra("httpx, which makes the HTTP requests,", "servers") from error
    port = str(_free_port())
    ours = Launch(launch.service, launch.side, launch.cwd, launch.argv, {**launch.env, "PORT": port}, launch.redis_url)
    argv = [word.replace(PORT, port) for word in launch.argv]
    base = f"http://127.0.0.1:{port}"
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with (
        running(ours, argv, output, piped=False) as process,
        # Bounds are the callers' business; nothing of the surroundings (a proxy, say) may come between.
        httpx.AsyncClient(base_url=base, limits=limits, timeout=None, trust_env=False) as client,  # noqa: S113
    ):
        while True:
            if process.returncode is not None:
                raise CannotStart(f"ended with exit code {process.returncode}")
            try:
                if (await client.get(launch.request.ready)).status_code < 500:
                    break
            except httpx.TransportError:
                await anyio.sleep(_LOOK_AGAIN)
        yield _Page(client, launch, output, redact)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
