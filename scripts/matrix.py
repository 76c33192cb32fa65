"""The runtime's tests on each version of redis-py that a fleet may pin, and on each Python: a table of what passed.

    python -m scripts.matrix [--redis VERSION ...] [--python VERSION ...] [--tests PATH ...]

Each combination has an environment of its own under `.venv-matrix`, which is kept for the next time. The oldest
Python takes every version of redis-py, the others the newest alone. Exits with 1 if tests failed, or if a combination
could not be set up; a Python that is not on this machine is named and left out.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".venv-matrix"
VERSIONS = ("5.0.4", "5.3.*", "6.4.*", "7.*", "8.1.*")
PYTHONS = ("3.11", "3.12", "3.13")
TESTS = ("tests/runtime", "tests/live")
# What the tests of the runtime import beside the project; the rest of the development group is of no use to them.
NEEDED = ("pytest", "anyio", "cryptography", "hypothesis", "opentelemetry-sdk")
_COUNT = re.compile(r"(\d+) (passed|failed|errors?|skipped)")
_ROW = "{:<8}{:<10}{:>8}{:>8}{:>8}  {}"


def main() -> int:
    """Set up each combination, run the tests in it, and print a line for it."""
    options = _options()
    FOLDER.mkdir(exist_ok=True)
    # As venv does itself from Python 3.13 on.
    (FOLDER / ".gitignore").write_text("*\n", encoding="utf-8")
    print(_ROW.format("Python", "redis-py", "passed", "failed", "skipped", ""))
    whole = True
    for python, version in _combinations(options.python, options.redis):
        interpreter = _interpreter(python)
        if interpreter is None:
            print(_ROW.format(python, version, "-", "-", "-", f"there is no Python {python} on this machine"))
            continue
        whole = _try(python, interpreter, version, options.tests) and whole
    return 0 if whole else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--redis", nargs="+", default=VERSIONS, help="versions of redis-py, as pip takes them")
    parser.add_argument(
        "--python", nargs="+", default=PYTHONS, help="versions of Python, the first with all of redis-py"
    )
    parser.add_argument("--tests", nargs="+", default=TESTS, help="what to run")
    return parser.parse_args()


def _combinations(pythons: list[str], versions: list[str]) -> Iterator[tuple[str, str]]:
    for version in versions:
        yield pythons[0], version
    for python in pythons[1:]:
        yield python, versions[-1]


def _interpreter(python: str) -> str | None:
    """Find an interpreter that really is of a version: a shim may stand for one that is not chosen."""
    if python == f"{sys.version_info.major}.{sys.version_info.minor}":
        return sys.executable
    found = shutil.which(f"python{python}")
    works = found is not None and _run([found, "--version"]).returncode == 0
    return found if works else None


def _try(python: str, interpreter: str, version: str, tests: list[str]) -> bool:
    own = FOLDER / f"python{python}-redis{version.removesuffix('.*')}"
    ready = _set_up(own, interpreter, version)
    if ready.returncode:
        print(_ROW.format(python, version, "-", "-", "-", f"not set up: {_last_line(ready)}"), flush=True)
        return False
    installed = _run([str(own / "bin/python"), "-c", "import redis; print(redis.__version__)"]).stdout.strip()
    ran = _run([str(own / "bin/python"), "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests])
    (own / "tests.log").write_text(ran.stdout + ran.stderr, encoding="utf-8")
    counts = {what.rstrip("s"): count for count, what in _COUNT.findall(_last_line(ran))}
    failed = int(counts.get("failed", 0)) + int(counts.get("error", 0))
    told = "" if ran.returncode == 0 else f"see {own.relative_to(ROOT)}/tests.log: {_last_line(ran)}"
    print(_ROW.format(python, installed, counts.get("passed", 0), failed, counts.get("skipped", 0), told), flush=True)
    return ran.returncode == 0


def _set_up(own: Path, interpreter: str, version: str) -> subprocess.CompletedProcess[str]:
    if not (own / "bin/python").exists():
        made = _run([interpreter, "-m", "venv", str(own)])
        if made.returncode:
            return made
    pip = [str(own / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    return _run([*pip, "--editable", f"{ROOT}[embedded,metrics]", f"redis[hiredis]=={version}", *NEEDED])


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def _last_line(ran: subprocess.CompletedProcess[str]) -> str:
    lines = (ran.stdout + ran.stderr).strip().splitlines()
    return lines[-1] if lines else f"exit code {ran.returncode}"


if __name__ == "__main__":
    sys.exit(main())
