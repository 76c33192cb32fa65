"""A started service under whoever drives it: what all ways of asking have in common."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from typing import TextIO

import anyio

from mooring.prove.reasons import Redactor, cause, last_line
from mooring.prove.request import Request
from mooring.prove.samples import Outcome

__all__ = ["CannotStart", "NoAnswer", "Session", "heard_in"]

_TAIL = 256 * 1024
"""Bytes of a server's error output that are searched for its reason: one traceback as `rich` draws it takes 60 KB."""


class CannotStart(Exception):
    """A server ended, or stayed silent, before it took calls: a result, with the reason as its text."""


class NoAnswer(Exception):
    """A call that was refused, broke the protocol or found nobody, with the reason as its text."""


class Session(ABC):
    """A started server, and its error output in `output`."""

    def __init__(self, request: Request, output: TextIO, redact: Redactor) -> None:
        self._request = request
        self._output = output
        self._redact = redact

    @abstractmethod
    async def ask(self, key: str) -> str | None:
        """Make one call; give what the answer says of where it comes from. Raises `NoAnswer`."""

    async def drivable(self, seconds: float) -> bool:
        """Whether the server offers what is asked of it, as far as it says so within `seconds`."""
        del seconds
        return True

    async def lookup(self, key: str, due: str | None, seconds: float) -> tuple[Outcome, str | None]:
        """Ask for `key`, whose answer is due from "cache" or "upstream" (None for either) within `seconds`.

        Returns how the call ended, and why if not well.
        """
        with anyio.move_on_after(seconds):
            try:
                source = await self.ask(key)
            except NoAnswer as error:
                return Outcome.ERROR, str(error)
            if self._request.source is None or due is None or source == due:
                return Outcome.OK, None
            return Outcome.STRAY, f"answered from {source or 'no named source'}, not from {due}"
        return Outcome.TIMEOUT, f"no answer within {seconds:g} s"

    def heard(self) -> str | None:
        """The last error that the server logged, or else its last line, redacted."""
        found = heard_in(self._output)
        return self._redact(found) if found else None

    def explain(self, reason: str) -> str:
        """The reason as people read it: what the server logged, where the client was told only that a call failed."""
        told = self._told(reason)
        return self._redact(told or cause(_tail(self._output)) or reason)

    def _told(self, reason: str) -> str | None:
        """What of a reason says something; None where the server's own output says more."""
        return reason


def heard_in(output: TextIO) -> str | None:
    """The last error that was written to `output`, or else its last line."""
    written = _tail(output)
    return cause(written) or last_line(written)


def _tail(output: TextIO) -> str:
    # The child writes through the same open file, so its own offset must stay: read at a position instead.
    size = os.fstat(output.fileno()).st_size
    return os.pread(output.fileno(), _TAIL, max(0, size - _TAIL)).decode(errors="replace")
