"""The main job on a copy of the example fleet: audit it, prove what a fix changes, report on all of it, and fix it.

    python scripts/demo.py [FOLDER]

The copy, the samples and the report go into FOLDER (`build/demo` by default), which is made anew.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
CLAIMS = PROJECT / "examples" / "claims.toml"
FINDINGS = 1
# Three rounds, the fewest that allow a verdict. The two services that lose their Redis hold it each in its own way:
# `pricing` with plain redis-py, `inventory`, once it is fixed, with Mooring.
LOAD = ("--rounds", "3", "--concurrency", "1", "--concurrency", "40")
FAULT = ("--fault", "restart", "--fault-on", "inventory", "--fault-on", "pricing")
TARGETS = ("hit=10", "miss=30", "failures=0.1", "connections=-60", "response=-30")


def main() -> int:
    """Run each step as a user would type it, and name the report."""
    started = time.monotonic()
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else PROJECT / "build" / "demo")
    shutil.rmtree(folder, ignore_errors=True)
    fleet, samples, report = folder / "fleet", folder / "samples.json", folder / "report.html"
    ignored = shutil.ignore_patterns("__pycache__", "expected.json")
    shutil.copytree(PROJECT / "examples" / "fleet", fleet, ignore=ignored)
    step("What is wrong with it?", "audit", str(fleet), expected=FINDINGS)
    wanted = [word for target in TARGETS for word in ("--target", target)]
    step("What does mending it change, measured?", "prove", str(fleet), *LOAD, *FAULT, *wanted, "--json", str(samples))
    known = ("--claims", str(CLAIMS), "--proof", str(samples))
    step("All of it in one page.", "report", str(fleet), *known, "-o", str(report))
    step("Mend it.", "fix", str(fleet))
    step("What is left for a person?", "audit", str(fleet), expected=FINDINGS)
    print(f"\nDone in {time.monotonic() - started:.0f} s. The report: {report}")
    return 0


def step(question: str, *arguments: str, expected: int = 0) -> None:
    """Run one `mooring` command; stop the demo if it ends otherwise than it should."""
    print(f"\n── {question}\n$ mooring {' '.join(arguments)}\n", flush=True)
    code = subprocess.run([sys.executable, "-m", "mooring", *arguments], check=False).returncode
    if code != expected:
        sys.exit(f"mooring {arguments[0]} ended with {code}, not {expected}")


if __name__ == "__main__":
    main()
