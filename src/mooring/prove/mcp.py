"""An MCP server on stdio, under the official client."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TextIO

import anyio

from mooring.errors import MissingExtra
from mooring.prove.reasons import Redactor
from mooring.prove.request import source_in
from mooring.prove.scenarios import Launch
from mooring.prove.session import NoAnswer, Session

if TYPE_CHECKING:
    from mcp import Client
    from mcp.types import CallToolResult

__all__ = ["opened"]

_CLOSED = (anyio.ClosedResourceError, anyio.BrokenResourceError, anyio.EndOfStream)


class _Tool(Session):
    """A server whose tool is called."""

    def __init__(self, client: Client, launch: Launch, output: TextIO, redact: Redactor) -> None:
        from mcp import MCPError  # noqa: PLC0415 - an extra: whoever made the client has it

        super().__init__(launch.request, output, redact)
        # What a call raises where the server refuses it, breaks the protocol or is gone.
        self._failures = (MCPError, RuntimeError, ValueError, OSError, *_CLOSED)
        self._client = client

    async def drivable(self, seconds: float) -> bool:
        """Whether the server offers the tool, with parameters of the names that it is given.

        True as well where it does not say so within `seconds`: the first lookup then tells what is wrong.
        """
        with anyio.move_on_after(seconds):
            try:
                tools = (await self._client.list_tools()).tools
            except self._failures:
                return True
            given = self._request.arguments.keys()
            return any(
                tool.name == self._request.target and given <= tool.input_schema.get("properties", {}).keys()
                for tool in tools
            )
        return True

    async def ask(self, key: str) -> str | None:
        """Call the tool."""
        try:
            result = await self._client.call_tool(self._request.target, self._request.given(key))
        except self._failures as error:
            raise NoAnswer(str(error) or type(error).__name__) from error
        if result.is_error:
            raise NoAnswer(" ".join(getattr(part, "text", "") for part in result.content))
        return source_in(_answer(result), self._request.source)

    def _told(self, reason: str) -> str | None:
        told = reason.removeprefix(f"Error executing tool {self._request.target}").lstrip(": ")
        return told if told != "Connection closed" else None


def _answer(result: CallToolResult) -> Any:
    """What a tool answers as data; many tools write it as JSON into a text."""
    if result.structured_content is not None or len(result.content) != 1:
        return result.structured_content
    try:
        return json.loads(getattr(result.content[0], "text", ""))
    except json.JSONDecodeError:
        return None


@asynccontextmanager
async def opened(launch: Launch, output: TextIO, redact: Redactor) -> AsyncIterator[Session]:
    """Start a server and shake hands with it. Raises `MissingExtra` where the MCP SDK is not installed."""
    parameters = _parameters(launch)
    async with _client(parameters, output) as client:
        yield _Tool(client, launch, output, redact)


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
