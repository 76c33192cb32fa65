"""The audit as a command, start-up included, against ruff, semgrep and ast-grep on the same trees.

The trees are this environment's own packages and a synthetic fleet. Cold means that nothing is remembered, and the
memory is written; warm that nothing has changed since. ruff has every rule on; semgrep and ast-grep have rules for what
the audit finds, as far as they can say it (`rivals/`), which leaves most of it out.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from benchmarks.fleet import FILES_PER_SERVICE, write_fleet
from benchmarks.rounds import Comparison, compare, compare_all

__all__ = ["comparisons"]

ROUNDS = 3
RIVALS = Path(__file__).parent / "rivals"
MOORING = [sys.executable, "-m", "mooring"]
SERVICES = 1000
GROWTH = (1_000, 10_000, 50_000)


def comparisons() -> Iterator[Comparison | str]:
    """Every comparison of this file, each measured when it is asked for."""
    yield compare(
        "mooring --version / bare python",
        {
            "mooring": lambda: _command([*MOORING, "--version"]),
            "python": lambda: _command([sys.executable, "-c", ""]),
        },
        7,
    )
    with tempfile.TemporaryDirectory() as folder:
        # Under another name, because no tool looks into a directory called site-packages unasked.
        packages = Path(folder) / "packages"
        shutil.copytree(sysconfig.get_paths()["purelib"], packages)
        yield from _tree("site-packages", packages)
    with tempfile.TemporaryDirectory() as folder:
        write_fleet(Path(folder), SERVICES)
        yield from _tree(f"{SERVICES} services", Path(folder))
    yield from _growth()


def _tree(name: str, tree: Path) -> Iterator[Comparison | str]:
    yield from compare_all(f"audit, cold, {name}", {"mooring": partial(_cold, tree), **_rivals(tree)}, ROUNDS)
    with tempfile.TemporaryDirectory() as cache:
        _audit(tree, cache)
        yield compare(
            f"audit, warm / cold, {name}",
            {"warm": partial(_audit, tree, cache), "cold": partial(_cold, tree)},
            ROUNDS,
        )
    yield f"{f'audit, cold, {name}: largest process':48} {_peak(tree):.0f} MB"


def _growth() -> Iterator[str]:
    """Seconds for a thousand files, in trees of different sizes; one run each."""
    for files in GROWTH:
        with tempfile.TemporaryDirectory() as folder:
            write_fleet(Path(folder), files // FILES_PER_SERVICE)
            seconds = _cold(Path(folder))
            yield f"{f'audit, cold, a fleet of {files:,} files':48} {1000 * seconds / files:.2f} s for a thousand files"


def _rivals(tree: Path) -> Mapping[str, Callable[[], float]]:
    """The other tools that are here: ruff always, the others where `make bench` has put them."""
    ruff = [str(Path(sys.executable).with_name("ruff")), "check", "--select", "ALL", "--no-cache", "--isolated"]
    found: dict[str, Callable[[], float]] = {
        "ruff": lambda: _command([*ruff, "--no-respect-gitignore", "--exclude", "x", str(tree)])
    }
    tools = os.environ.get("MOORING_BENCH_TOOLS")
    if tools:
        semgrep = [f"{tools}/semgrep", "scan", "--config", str(RIVALS / "semgrep.yml"), "--no-git-ignore"]
        quiet = ["--metrics", "off", "--disable-version-check", "--quiet"]
        found["semgrep"] = lambda: _command([*semgrep, *quiet, str(tree)])
        ast_grep = [f"{tools}/ast-grep", "scan", "--rule", str(RIVALS / "ast-grep.yml"), "--no-ignore", "vcs"]
        found["ast-grep"] = lambda: _command([*ast_grep, "--json=stream", str(tree)])
    return found


def _cold(tree: Path) -> float:
    with tempfile.TemporaryDirectory() as cache:
        return _audit(tree, cache)


def _audit(tree: Path, cache: str) -> float:
    return _command([*MOORING, "audit", f"{tree}/"], MOORING_CACHE_DIR=cache)


def _peak(tree: Path) -> float:
    """The memory of the largest process of an audit, in MB, as the system tells it of a process and its children."""
    code = (
        "import resource, sys; from mooring.cli import main; main(sys.argv[1:]);"
        "print(max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)),"
        "file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, "audit", "--no-cache", f"{tree}/"]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True)
    return int(done.stderr.split()[-1]) * _unit() / 1_000_000


def _unit() -> int:
    """The bytes that `ru_maxrss` counts in."""
    return 1 if sys.platform == "darwin" else 1024


def _command(command: list[str], **environment: str) -> float:
    start = time.perf_counter()
    done = subprocess.run(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=os.environ | environment, check=False
    )
    if done.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr.decode()}")
    return time.perf_counter() - start
