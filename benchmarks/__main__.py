"""Prints the table; `python -m benchmarks runtime` only one part of it."""

from __future__ import annotations

import argparse
import os
import platform

from benchmarks import audit, cache, local_cache, metrics, runtime

PARTS = {
    "runtime": runtime.comparisons,
    "metrics": metrics.comparisons,
    "local-cache": local_cache.comparisons,
    "cache": cache.comparisons,
    "audit": audit.comparisons,
}


def main() -> None:
    """Measure, and print each line as soon as it is known."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("part", nargs="*", choices=[*PARTS, []], help="which parts; all if none is named")
    parts = parser.parse_args().part or list(PARTS)
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}")
    print("cost of the first over the second: median of interleaved rounds [lowest to highest], medians of each")
    for part in parts:
        for comparison in PARTS[part]():
            print(comparison, flush=True)


if __name__ == "__main__":
    main()
