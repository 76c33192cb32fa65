"""What came out: every sample of every round, and the machine that they were taken on. Kept as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.lanes.matrix import Cell

__all__ = ["Machine", "Record", "Sample", "Taken", "read_record", "this_machine", "write_record"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One client's turn: commands per second, percentiles and CPU time per command in microseconds.

    The CPU time is that of the client's process, all its threads.
    """

    throughput: float
    p50: float
    p99: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Taken:
    """The samples of one cell, a list in the order of the rounds for each client; and why others have none."""

    cell: Cell
    samples: Mapping[str, Sequence[Sample]]
    refused: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Machine:
    """Where and when. The load is the average of the last minute, before the first sample and after the last."""

    when: str
    processor: str
    cores: int
    python: str
    versions: Mapping[str, str]
    server: str
    load: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Record:
    """A run. `benchmark` is what `redis-benchmark -P 1` makes of a number of connections, in commands per second."""

    machine: Machine
    rounds: int
    seconds: float
    taken: Sequence[Taken]
    benchmark: Mapping[int, float] = field(default_factory=dict)


def this_machine(versions: Mapping[str, str], server: str, load_before: float) -> Machine:
    """Describe the machine after a run."""
    return Machine(
        when=datetime.now(UTC).date().isoformat(),
        processor=_processor(),
        cores=os.cpu_count() or 1,
        python=platform.python_version(),
        versions=versions,
        server=server,
        load=(load_before, os.getloadavg()[0]),
    )


def write_record(record: Record, path: Path) -> None:
    """Write a run, with its folder if that is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(record)), encoding="utf-8")


def read_record(path: Path) -> Record:
    """Read what `write_record` wrote."""
    told = json.loads(path.read_text(encoding="utf-8"))
    machine = {**told["machine"], "load": tuple(told["machine"]["load"])}
    return Record(
        Machine(**machine),
        told["rounds"],
        told["seconds"],
        [_taken(each) for each in told["taken"]],
        {int(connections): rate for connections, rate in told["benchmark"].items()},
    )


def _taken(told: dict[str, Any]) -> Taken:
    samples = {name: [Sample(**sample) for sample in each] for name, each in told["samples"].items()}
    return Taken(Cell(**told["cell"]), samples, told["refused"])


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
