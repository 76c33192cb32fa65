"""One MCP server as a process, and the official client that drives it over stdio."""

from __future__ import annotations

import logging
import math
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TextIO

import anyio

from mooring.errors import MissingExtra
from mooring.prove.reasons import Redactor, cause, last_line
from mooring.prove.samples import Outcome
from mooring.prove.scenarios import TOOL, Launch

if TYPE_CHECKING:
    from mcp import Client

__all__ = ["CannotStart", "Session", "serve"]

_TAIL = 256 * 1024
"""Bytes of a server's error output that are searched for its reason: one traceback as `rich` draws it takes 60 KB."""

_CLOSED = (anyio.ClosedResourceError, anyio.BrokenResourceError, anyio.EndOfStream)


class CannotStart(Exception):
    """A server ended, or stayed silent, before the MCP handshake was done: a result, with the reason as its text."""


class Session:
    """A started server under its client."""

    def __init__(self, client: Client, output: TextIO, redact: Redactor) -> None:
        from mcp import MCPError  # noqa: PLC0415 - an extra: whoever made the client has it

        # What a call raises where the server refuses it, breaks the protocol or is gone.
        self._failures = (MCPError, RuntimeError, ValueError, OSError, *_CLOSED)
        self._client = client
        self._output = output
        self._redact = redact

    async def drivable(self, seconds: float) -> bool:
        """Whether the server offers the tool that is driven, with a parameter `key`.

        True as well where it does not say so within `seconds`: the first lookup then tells what is wrong.
        """
        with anyio.move_on_after(seconds):
            try:
                tools = (await self._client.list_tools()).tools
            except self._failures:
                return True
            return any(tool.name == TOOL and "key" in tool.input_schema.get("properties", {}) for tool in tools)
        return True

    async def lookup(self, key: str, due: str, seconds: float) -> tuple[Outcome, str | None]:
        """Ask for `key`, whose answer is due from "cache" or "upstream" within `seconds`.

        Returns how the call ended, and why if not well.
        """
        with anyio.move_on_after(seconds):
            try:
                result = await self._client.call_tool(TOOL, {"key": key})
            except self._failures as error:
                return Outcome.ERROR, str(error) or type(error).__name__
            if result.is_error:
                return Outcome.ERROR, " ".join(getattr(part, "text", "") for part in result.content)
            source = (result.structured_content or {}).get("source")
            if source == due:
                return Outcome.OK, None
            return Outcome.STRAY, f"answered from {source or 'no named source'}, not from {due}"
        return Outcome.TIMEOUT, f"no answer within {seconds:g} s"

    def heard(self) -> str | None:
        """The last error that the server logged, or else its last line, redacted."""
        written = _tail(self._output)
        found = cause(written) or last_line(written)
        return self._redact(found) if found else None

    def explain(self, reason: str) -> str:
        """The reason as people read it: what the server logged, where the client was told only that a tool failed."""
        told = reason.removeprefix(f"Error executing tool {TOOL}").lstrip(": ")
        if told and told != "Connection closed":
            return self._redact(told)
        found = cause(_tail(self._output))
        return self._redact(found or reason)


@asynccontextmanager
async def serve(launch: Launch, seconds: float, redact: Redactor) -> AsyncIterator[Session]:
    """Start a server, and end it and all its children with the block.

    It inherits `PATH`, `HOME` and the like, and nothing else. Raises `CannotStart` if the handshake is not done within
    `seconds`, and `MissingExtra` where the MCP SDK is not installed.
    """
    parameters = _parameters(launch)
    started = False
    with tempfile.TemporaryFile("w+") as output:
        # One scope around the whole life: it bounds the handshake, then is lifted.
        scope = anyio.CancelScope(deadline=anyio.current_time() + seconds)
        try:
            with scope:
                async with _client(parameters, output) as client:
                    started = True
                    scope.deadline = math.inf
                    yield Session(client, output, redact)
        except Exception as error:
            if started:
                raise
            written = _tail(output)
            reason = cause(written) or last_line(written) or _innermost(error)
            raise CannotStart(redact(reason)) from error
        if not started:
            written = _tail(output)
            heard = cause(written) or last_line(written)
            told = f"; last heard: {heard}" if heard else ""
            raise CannotStart(redact(f"did not complete the MCP handshake within {seconds:g} s{told}"))


def _parameters(launch: Launch) -> Any:
    try:
        from mcp import StdioServerParameters  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise MissingExtra("mcp, the MCP SDK that drives the servers,", "servers") from error
    # A server that prints to its standard output is told by its failures, not by tracebacks from the client's logger.
    logging.getLogger("mcp").addHandler(logging.NullHandler())
    command, *arguments = launch.argv
    return StdioServerParameters(command=command, args=arguments, env=dict(launch.env), cwd=launch.cwd)


def _client(parameters: Any, output: TextIO) -> Client:
    from mcp import Client  # noqa: PLC0415 - an extra
    from mcp.client.stdio import stdio_client  # noqa: PLC0415 - an extra

    return Client(stdio_client(parameters, errlog=output))


def _tail(output: TextIO) -> str:
    # The child writes through the same open file, so its own offset must stay: read at a position instead.
    size = os.fstat(output.fileno()).st_size
    return os.pread(output.fileno(), _TAIL, max(0, size - _TAIL)).decode(errors="replace")


def _innermost(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"
