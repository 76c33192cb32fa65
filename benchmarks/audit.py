"""The audit as a command, start-up included, against ruff with every rule on, over this environment's own packages."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.rounds import Comparison, compare

__all__ = ["comparisons"]

ROUNDS = 3


def comparisons() -> Iterator[Comparison]:
    """Every comparison of this file, each measured when it is asked for."""
    with tempfile.TemporaryDirectory() as folder:
        # Under another name, because neither tool looks into a directory called site-packages unasked.
        tree = Path(folder) / "packages"
        tree.symlink_to(sysconfig.get_paths()["purelib"])
        ruff = [str(Path(sys.executable).with_name("ruff")), "check", "--select", "ALL", "--no-cache", "--isolated"]
        mooring = [sys.executable, "-m", "mooring", "audit"]
        yield compare(
            "mooring audit / ruff --select ALL, site-packages",
            {
                "mooring": lambda: _command([*mooring, f"{tree}/"]),
                "ruff": lambda: _command([*ruff, "--no-respect-gitignore", "--exclude", "x", f"{tree}/"]),
            },
            ROUNDS,
        )
    yield compare(
        "mooring --version / bare python",
        {
            "mooring": lambda: _command([sys.executable, "-m", "mooring", "--version"]),
            "python": lambda: _command([sys.executable, "-c", ""]),
        },
        7,
    )


def _command(command: list[str]) -> float:
    start = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr.decode()}")
    return time.perf_counter() - start
