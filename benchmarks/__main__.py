"""Prints the table; `python -m benchmarks runtime` only one part of it."""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from benchmarks import audit, cache, local_cache, metrics, runtime, servers
from benchmarks.lanes import run as lanes

PARTS: dict[str, Callable[[], Iterable[object]]] = {
    "runtime": runtime.comparisons,
    "metrics": metrics.comparisons,
    "local-cache": local_cache.comparisons,
    "cache": cache.comparisons,
    "servers": servers.comparisons,
    "audit": audit.comparisons,
    "lanes": lanes.comparisons,
    "threads": lanes.threads,
}


def main() -> None:
    """Measure, and print each line as soon as it is known."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("part", nargs="*", choices=[*PARTS, []], help="which parts; all if none is named")
    parser.add_argument("--full", action="store_true", help="of lanes the whole grid (three quarters of an hour)")
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="write the page of lanes into docs")
    given = parser.parse_args()
    parts = given.part or list(PARTS)
    if (given.full or given.write) and "lanes" not in parts:
        parser.error("--full and --write are for lanes, which is not among the parts")
    measured = PARTS | {"lanes": partial(lanes.comparisons, full=given.full, write=given.write)}
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}")
    print("cost of the first over the second: median of interleaved rounds [lowest to highest], medians of each")
    for part in parts:
        for comparison in measured[part]():
            print(comparison, flush=True)


if __name__ == "__main__":
    main()
