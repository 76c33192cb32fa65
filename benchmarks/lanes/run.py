"""`python -m benchmarks lanes`: measures, prints each line when it is known, and keeps and shows what came out."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from benchmarks.lanes.compare import LaneComparison, compared
from benchmarks.lanes.matrix import CONCURRENT, FULL, QUICK, THEIRS, THREADS
from benchmarks.lanes.measure import measured
from benchmarks.lanes.page import write_page
from benchmarks.lanes.record import Record, Taken, this_machine, write_record
from benchmarks.lanes.servers import benchmark, served

__all__ = ["RAW", "comparisons", "threads"]

RAW = Path("build/lanes.json")
"""Where the samples are kept."""

_SECONDS = 0.25
"""Of each client in a round: enough that one turn of the server's or the machine's does not matter."""

_ROUNDS, _ROUNDS_OF_FULL = 7, 5
_VERSIONS = """
import importlib.metadata as found, json
names = ("redis", "hiredis", "valkey-glide", "coredis", "uvloop")
installed = {each.metadata["Name"].lower(): each.version for each in found.distributions()}
print(json.dumps({name: installed[name] for name in names if name in installed}))
"""


def comparisons(*, full: bool = False, write: Path | None = None) -> Iterator[LaneComparison | str]:
    """Measure the quick cells, or the whole grid; yields lines. `write` is a folder of documentation for the page."""
    python = _interpreter()
    load_before = os.getloadavg()[0]
    kept: list[Taken] = []
    cells, rounds = (FULL, _ROUNDS_OF_FULL) if full else (QUICK, _ROUNDS)
    with served() as servers:
        for taken in measured(cells, python, servers, rounds, _SECONDS):
            kept.append(taken)
            yield from _lines(taken)
        rates = {connections: benchmark(servers["tcp"], connections) for connections in CONCURRENT}
        machine = this_machine(_versions(python), servers["tcp"].version, load_before)
    found = {connections: rate for connections, rate in rates.items() if rate is not None}
    if not found:
        yield "redis-benchmark is not installed: its figures are left out"
    yield from (f"redis-benchmark -P 1, GET, 64 B, {count} connections: {rate:,.0f}/s" for count, rate in found.items())
    record = Record(machine, rounds, _SECONDS, kept, found)
    write_record(record, RAW)
    yield f"samples: {RAW}"
    if write is not None:
        write_page(record, write)
        yield f"page: {write / 'speed.md'}"


def threads() -> Iterator[LaneComparison | str]:
    """Measure synchronous callers alone; yields lines."""
    with served() as servers:
        for taken in measured(THREADS, _interpreter(), servers, _ROUNDS, _SECONDS):
            yield from _lines(taken)


def _lines(taken: Taken) -> Iterator[LaneComparison | str]:
    yield from (each for each in compared(taken) if each.client != THEIRS)
    yield from (f"{taken.cell!s:38} {name:18} not measured: {why}" for name, why in taken.refused.items())


def _interpreter() -> Path:
    python = Path(os.environ.get("MOORING_BENCH_TOOLS", ".venv-rivals/bin")).absolute() / "python"
    if not python.exists():
        raise SystemExit(f"{python} is missing: name the rivals' bin folder by MOORING_BENCH_TOOLS")
    return python


def _versions(python: Path) -> dict[str, str]:
    told = subprocess.run([python, "-c", _VERSIONS], check=True, capture_output=True, text=True).stdout
    versions: dict[str, str] = json.loads(told)
    return versions
