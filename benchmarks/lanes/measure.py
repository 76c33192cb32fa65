"""Has the clients take turns, each in a process of its own under one interpreter."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks.lanes.clients import CLIENTS
from benchmarks.lanes.matrix import Cell
from benchmarks.lanes.record import Sample, Taken
from benchmarks.lanes.servers import Served
from benchmarks.lanes.threads import THREADED
from benchmarks.lanes.worker import Order
from benchmarks.rounds import interleaved

__all__ = ["measured"]

_PROJECT = Path(__file__).parents[2]


class Worker:
    """A process of one client."""

    def __init__(self, python: Path, client: str, loop: str) -> None:
        self._client = client
        self._failure: str | None = None
        self._command = [str(python), "-m", "benchmarks.lanes.worker", client, loop]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=_PROJECT,
            env={**os.environ, "PYTHONPATH": str(_PROJECT / "src")},
        )
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._process.communicate()

    def open(self, order: Order) -> str | None:
        """Open the client; returns why it cannot be, if so."""
        self._failure = self._ask(asdict(order))
        return self._failure

    def sample(self, seconds: float) -> Sample | str:
        """Take a sample; returns why it cannot be, if the client fails or has failed since it was opened."""
        if self._failure is not None:
            return self._failure
        told: dict[str, float] | str = self._ask(seconds)
        if isinstance(told, str):
            self._failure = told
            return told
        return Sample(**told)

    def close(self) -> None:
        """Close the client, unless it has failed, and so is closed."""
        if self._failure is None:
            self._ask(None)

    def _ask(self, question: object) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._client}: its process has ended")
        return json.loads(line)


def measured(
    cells: Iterable[Cell], python: Path, servers: Mapping[str, Served], rounds: int, seconds: float
) -> Iterator[Taken]:
    """Measure cell by cell: each client once a round, in turn, for so many seconds.

    The workers of a loop are kept while the cells have that loop.
    """
    with ExitStack() as stack:
        kept: dict[str, Worker] = {}
        loop = None
        for cell in cells:
            if cell.loop != loop:
                stack.close()
                loop = cell.loop
                names = THREADED if loop == "threads" else CLIENTS
                kept = {name: stack.enter_context(Worker(python, name, loop)) for name in names}
            yield _of_cell(cell, kept, servers[cell.way], rounds, seconds)


def _of_cell(cell: Cell, workers: Mapping[str, Worker], server: Served, rounds: int, seconds: float) -> Taken:
    if server.address is None:
        return Taken(cell, {}, dict.fromkeys(workers, server.refusal))
    order = Order(server.address, cell.calls, cell.size, cell.concurrent)
    refused = {name: refusal for name, worker in workers.items() if (refusal := worker.open(order)) is not None}
    opened = {name: worker for name, worker in workers.items() if name not in refused}
    ways = {name: partial(worker.sample, seconds) for name, worker in opened.items()}
    samples = interleaved(ways, rounds)
    for worker in opened.values():
        worker.close()
    return Taken(cell, *_parted(samples, refused))


def _parted(
    told: Mapping[str, list[Sample | str]], refused: Mapping[str, str]
) -> tuple[dict[str, list[Sample]], dict[str, str]]:
    """Tell those that were measured from those that were not, among which are those that failed in some round."""
    failed = {name: answer for name, answers in told.items() for answer in answers if isinstance(answer, str)}
    samples = {
        name: [answer for answer in answers if isinstance(answer, Sample)]
        for name, answers in told.items()
        if name not in failed
    }
    return samples, {**refused, **failed}
