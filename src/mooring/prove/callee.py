"""A function of a service, imported by a process of its own and called there."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TextIO

import anyio
from anyio.abc import ByteSendStream, Process
from anyio.streams.buffered import BufferedByteReceiveStream

from mooring.prove.process import running
from mooring.prove.reasons import Redactor
from mooring.prove.request import source_in
from mooring.prove.scenarios import Launch
from mooring.prove.session import CannotStart, NoAnswer, Session

__all__ = ["opened"]

_CALLER = Path(__file__).with_name("caller.py")
_LONGEST = 16 * 2**20


class _Function(Session):
    """A process that calls the function for us."""

    def __init__(self, stream: ByteSendStream, launch: Launch, output: TextIO, redact: Redactor) -> None:
        super().__init__(launch.request, output, redact)
        self._stream = stream
        self._sending = anyio.Lock()
        self._numbers = itertools.count()
        self._waiting: dict[int, tuple[anyio.Event, list[dict[str, object]]]] = {}
        self._gone = False

    async def ask(self, key: str) -> str | None:
        """Have the function called."""
        number, answered = next(self._numbers), anyio.Event()
        told: list[dict[str, object]] = []
        self._waiting[number] = answered, told
        try:
            await self._send({"id": number, "arguments": self._request.given(key)})
            await answered.wait()
        finally:
            self._waiting.pop(number, None)
        if not told:
            raise NoAnswer("Connection closed")
        if told[0].get("error") is not None:
            raise NoAnswer(str(told[0]["error"]))
        return source_in(told[0].get("answer"), self._request.source)

    async def listen(self, lines: BufferedByteReceiveStream) -> None:
        """Hand each answer to whoever waits for it, until the process ends."""
        try:
            while True:
                told = json.loads(await lines.receive_until(b"\n", _LONGEST))
                waiting = self._waiting.get(told["id"])
                if waiting:
                    waiting[1].append(told)
                    waiting[0].set()
        except (anyio.IncompleteRead, anyio.EndOfStream, anyio.ClosedResourceError, anyio.BrokenResourceError):
            self._gone = True
            for answered, _ in self._waiting.values():
                answered.set()

    async def _send(self, message: dict[str, object]) -> None:
        if self._gone:
            raise NoAnswer("Connection closed")
        try:
            async with self._sending:
                await self._stream.send(json.dumps(message).encode() + b"\n")
        except (OSError, anyio.BrokenResourceError, anyio.ClosedResourceError) as error:
            raise NoAnswer("Connection closed") from error

    def _told(self, reason: str) -> str | None:
        return None if reason == "Connection closed" else reason


@asynccontextmanager
async def opened(launch: Launch, output: TextIO, redact: Redactor) -> AsyncIterator[Session]:
    """Import the function in a new process, which says so when it is ready."""
    argv = [launch.argv[0] if launch.argv else sys.executable, str(_CALLER), launch.request.target]
    async with running(launch, argv, output, piped=True) as process:
        stream, lines = _streams(process)
        try:
            await lines.receive_until(b"\n", _LONGEST)
        except (anyio.IncompleteRead, anyio.EndOfStream) as error:
            raise CannotStart("the process that imports it ended") from error
        session = _Function(stream, launch, output, redact)
        async with anyio.create_task_group() as group:
            group.start_soon(session.listen, lines)
            try:
                yield session
            finally:
                group.cancel_scope.cancel()


def _streams(process: Process) -> tuple[ByteSendStream, BufferedByteReceiveStream]:
    if process.stdin is None or process.stdout is None:
        raise CannotStart("the process has no streams")
    return process.stdin, BufferedByteReceiveStream(process.stdout)
