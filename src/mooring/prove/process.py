"""One process of a service, in a session of its own, ended with the block."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TextIO

import anyio
from anyio.abc import Process

from mooring.prove.scenarios import Launch
from mooring.prove.session import CannotStart

__all__ = ["running"]

_GRACE = 3.0
"""Seconds that a service gets to end in good order."""


@asynccontextmanager
async def running(launch: Launch, argv: Sequence[str], output: TextIO, *, piped: bool) -> AsyncIterator[Process]:
    """Run a command in the place and environment of `launch`; what it says goes to `output`.

    With `piped`, its standard input and output are the caller's. Raises `CannotStart` where there is no such command.
    """
    pipe = subprocess.PIPE if piped else subprocess.DEVNULL
    try:
        process = await anyio.open_process(
            list(argv),
            cwd=launch.cwd,
            env=dict(launch.env),
            stdin=pipe,
            stdout=subprocess.PIPE if piped else output,
            stderr=output,
            start_new_session=True,
        )
    except OSError as error:
        raise CannotStart(f"{argv[0]}: {error.strerror}") from error
    try:
        yield process
    finally:
        with anyio.CancelScope(shield=True):
            await _end(process)


async def _end(process: Process) -> None:
    _tell(process, signal.SIGTERM)
    with anyio.move_on_after(_GRACE):
        await process.wait()
    # Also what it started and left behind.
    _tell(process, signal.SIGKILL)
    await process.wait()
    await process.aclose()


def _tell(process: Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
