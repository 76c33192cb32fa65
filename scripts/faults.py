"""Every fault under load, for longer than the tests have time for: a table of what each client made of it.

    python -m scripts.faults [--seconds S] [--page FILE] [--only TEXT] [--ours]

Beside Mooring's clients stand redis-py's own, with the same bound on a wait. Exits with 1 if Mooring broke a promise;
what redis-py does is only shown.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

import redis
from tests.live.faults.promise import OURS, Flavour
from tests.live.faults.scenarios import SCENARIOS
from tests.live.faults.trial import Outcome, broken_promises, run

from mooring.embedded import EmbeddedRedis

HEADINGS = (
    "Fault",
    "Client",
    "Calls",
    "Reads failed",
    "Writes failed",
    "Lost",
    "Doubled",
    "Wrong",
    "Late by",
    "Recovery",
    "Left",
)
PAGE = """# What clients make of faults

Made by `make faults`: {made_on}. Each fault lasts about {seconds:g} s, under a load of 8 threads or 50 tasks, against
a real Redis with `appendfsync always`, or with Sentinels and in a Cluster. Every write has an id of its own, so that
the server's data tell in the end what was lost or done twice; over Sentinels a write counts as acknowledged when WAIT
says that the replica has it. The clients without redis-py's name are Mooring's: *tasks* share a few sockets, as they do
by default; *pooled tasks* have a connection for each command under way (`multiplex=False`). redis-py's own stand beside
them as they come, but with the same bound on each wait; where Mooring follows a file of a password, they have a
credential provider that reads it.

- *Wrong*: calls that got the reply to another, or an error that is not one of redis-py's.
- *Late by*: the most that a call was past its deadline, without what the machine itself was late by.
- *Recovery*: from the end of the fault until calls of every kind had succeeded.
- *Left*: sockets that stayed open after the client was closed.

A write whose reply got lost may have run, so Mooring does not send it again, and its caller is told: these are the
failed writes. redis-py as `from_url` makes it tries nothing again; made by its constructor, as for the password, it
sends every command again, which is what doubles.

{table}"""
THEIRS: tuple[Flavour, ...] = ("redis-py threads", "redis-py tasks")


def main() -> int:
    """Strike with every fault, print a line for each client as it ends, and tell which promises were broken."""
    options = _options()
    os.environ.setdefault("MOORING_ENVIRONMENT", "local")
    rows, broken = [], []
    _print(HEADINGS)
    for scenario in SCENARIOS:
        if options.only not in scenario.name:
            continue
        for flavour in OURS if options.ours else OURS + THEIRS:
            outcome = run(scenario, flavour, options.seconds)
            rows.append(_row(outcome))
            _print(rows[-1])
            if flavour in OURS:
                broken += [f"{scenario.name}, {flavour}: {words}" for words in broken_promises(outcome)]
    if options.page is not None:
        options.page.write_text(_page(rows, options.seconds), encoding="utf-8")
    print("\nPromises broken:" if broken else "\nEvery promise was kept.", *broken, sep="\n  ")
    return 1 if broken else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=1.8, help="how long each fault lasts (1.8)")
    parser.add_argument("--page", type=Path, help="write the table here too, as Markdown with what it was made on")
    parser.add_argument("--only", default="", help="only faults whose name holds this text")
    parser.add_argument("--ours", action="store_true", help="leave redis-py's own clients out")
    return parser.parse_args()


def _row(outcome: Outcome) -> tuple[str, ...]:
    verdict = outcome.verdict
    return (
        outcome.scenario.name,
        outcome.flavour,
        f"{verdict.calls:,}",
        f"{outcome.failed_reads:.2%}",
        f"{outcome.failed_writes:.2%}",
        str(verdict.lost),
        str(verdict.doubled),
        str(verdict.wrong),
        f"{verdict.overrun * 1000:.0f} ms",
        "never" if verdict.recovery is None else f"{verdict.recovery * 1000:.0f} ms",
        str(outcome.left),
    )


def _print(cells: tuple[str, ...]) -> None:
    name, client, *figures = cells
    print(f"{name:<40}{client:<18}" + "".join(f"{figure:>14}" for figure in figures), flush=True)


def _page(rows: list[tuple[str, ...]], seconds: float) -> str:
    today = datetime.now(UTC).date().isoformat()
    with EmbeddedRedis() as server:
        made_on = (
            f"{today}, {platform.system()} {platform.machine()} with {os.cpu_count()} processors,"
            f" Python {platform.python_version()}, redis-py {redis.__version__}, Redis {server.version}"
        )
    lines = [HEADINGS, tuple("---" if index < 2 else "---:" for index in range(len(HEADINGS))), *rows]
    table = "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
    return PAGE.format(made_on=made_on, seconds=seconds, table=table)


if __name__ == "__main__":
    sys.exit(main())
