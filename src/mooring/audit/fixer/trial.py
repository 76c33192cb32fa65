"""Runs the user's own check of a tree, and says whether it passes."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from mooring.errors import UsageError

__all__ = ["Attempt", "Trial"]

# A check that takes this many times as long as it took at first, and a minute, hangs.
PATIENCE, MINUTE = 10, 60.0
# How long a check that is told to end may take to tidy up, in seconds.
GRACE = 5.0
TAIL = 4_000


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one run of the check ended: `output` is the end of what it wrote."""

    passed: bool
    ending: str
    output: str
    seconds: float


class Trial:
    """The command `text`, run in `folder` without a shell and with nothing to read; `name` is its program."""

    def __init__(self, text: str, folder: Path) -> None:
        """Raises `UsageError` where there is no command in it."""
        self._folder = folder
        self._limit: float | None = None
        try:
            self._words = shlex.split(text)
        except ValueError as error:
            raise UsageError(f"--verify: cannot be taken apart into words: {error}") from error
        if not self._words:
            raise UsageError('--verify: needs a command, such as "pytest -q"')
        # What follows may hold a secret.
        self.name = self._words[0]

    def run(self) -> Attempt:
        """Run the check to its end; the first run decides how long the others may take.

        Raises `UsageError` where it cannot be started. Whatever it started ends with it where it is interrupted.
        """
        # A module compiled from one state of a file may pass for that of another written in the same second.
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        begun = time.monotonic()
        with tempfile.TemporaryFile() as output:
            try:
                process = subprocess.Popen(
                    self._words,
                    cwd=self._folder,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                )
            except OSError as error:
                raise UsageError(f"--verify {self.name}: cannot be run: {error.strerror}") from error
            with process:
                ending = self._ending(process)
            seconds = time.monotonic() - begun
            output.seek(max(0, output.seek(0, os.SEEK_END) - TAIL))
            told = output.read().decode(errors="replace")
        if self._limit is None:
            self._limit = PATIENCE * seconds + MINUTE
        return Attempt(ending == "", ending, told, seconds)

    def _ending(self, process: subprocess.Popen[bytes]) -> str:
        """Wait for the end, and say what was bad about it."""
        try:
            code = process.wait(self._limit)
        except subprocess.TimeoutExpired:
            _end(process)
            return f"is not done after {self._limit:.0f} seconds"
        except BaseException:
            _end(process)
            raise
        return "" if code == 0 else f"exits with {code}" if code > 0 else f"is killed by signal {-code}"


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the check and what it started, politely at first."""
    try:
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(GRACE)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
