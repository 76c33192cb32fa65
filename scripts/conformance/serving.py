"""A server in a process of its own, over HTTP at a free port, and what it logs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.conformance.node import NotReady

__all__ = ["Serving", "serving"]

_PATIENCE = 30.0
"""Seconds in which a server must serve, and in which it must end."""


@dataclass(frozen=True)
class Serving:
    """A server that serves at `url`; `log` is the file of its standard error."""

    url: str
    log: Path

    def logged(self, message: str) -> list[dict[str, Any]]:
        """Return what it has logged so far under a message."""
        return [line for line in _lines(self.log) if line["message"] == message]


@contextmanager
def serving(name: str, command: list[str], redis_url: str, folder: Path) -> Iterator[Serving]:
    """Run `python -m COMMAND` while the block lasts. Raises `NotReady` if it does not serve."""
    log = folder / f"{name}.log"
    http = {"MOORING_TRANSPORT": "http", "MOORING_PORT": "0", "MOORING_DRAIN": "0", "MOORING_LOG_LEVEL": "info"}
    environ = {**os.environ, **http, "REDIS_URL": redis_url}
    with (
        log.open("w", encoding="utf-8") as errors,
        subprocess.Popen([sys.executable, "-m", *command], env=environ, stdin=subprocess.DEVNULL, stderr=errors) as run,
    ):
        try:
            yield Serving(_url(run, log), log)
        finally:
            run.send_signal(signal.SIGTERM)
            try:
                run.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                run.kill()


def _url(run: subprocess.Popen[bytes], log: Path) -> str:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and run.poll() is None:
        for line in _lines(log):
            # uvicorn says so once requests are answered; the address stands in the server's own line before.
            if line["message"] == "Application startup complete.":
                return str(next(before["url"] for before in _lines(log) if before["message"] == "serving"))
        time.sleep(0.05)
    raise NotReady(f"the server does not serve, see {log}")


def _lines(log: Path) -> list[dict[str, Any]]:
    whole = log.read_text(encoding="utf-8").rpartition("\n")[0]
    return [json.loads(line) for line in whole.splitlines() if line.startswith("{")]
