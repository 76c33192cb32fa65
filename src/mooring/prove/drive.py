"""Starts a service as its request wants it, and ends it and all its children with the block."""

from __future__ import annotations

import math
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TextIO

import anyio

from mooring.errors import MooringError
from mooring.prove import callee, mcp, web
from mooring.prove.reasons import Redactor
from mooring.prove.request import Door
from mooring.prove.scenarios import Launch
from mooring.prove.session import CannotStart, Session, heard_in

__all__ = ["CannotStart", "Session", "serve"]

_Opening = Callable[[Launch, TextIO, Redactor], AbstractAsyncContextManager[Session]]
_DOORS: Mapping[Door, tuple[_Opening, str]] = {
    Door.MCP: (mcp.opened, "complete the MCP handshake"),
    Door.HTTP: (web.opened, "answer HTTP"),
    Door.FUNCTION: (callee.opened, "import"),
}


@asynccontextmanager
async def serve(launch: Launch, seconds: float, redact: Redactor) -> AsyncIterator[Session]:
    """Start a server, and end it and all its children with the block.

    It gets the environment of `launch` and, over MCP, `PATH`, `HOME` and the like. Raises `CannotStart` if it does not
    take calls within `seconds`, and `MissingExtra` where what drives it is not installed.
    """
    opening, feat = _DOORS[launch.request.door]
    started = False
    with tempfile.TemporaryFile("w+") as output:
        # One scope around the whole life: it bounds the start, then is lifted.
        scope = anyio.CancelScope(deadline=anyio.current_time() + seconds)
        try:
            with scope:
                async with opening(launch, output, redact) as session:
                    started = True
                    scope.deadline = math.inf
                    yield session
        except MooringError:
            raise
        except Exception as error:
            if started:
                raise
            raise CannotStart(redact(heard_in(output) or _innermost(error))) from error
        if not started:
            heard = heard_in(output)
            told = f"; last heard: {heard}" if heard else ""
            raise CannotStart(redact(f"did not {feat} within {seconds:g} s{told}"))


def _innermost(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error) if isinstance(error, CannotStart) else f"{type(error).__name__}: {error}"
