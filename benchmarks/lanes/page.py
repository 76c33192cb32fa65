"""docs/speed.md and its pictures, of one run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks.lanes.charts import charts
from benchmarks.lanes.clients import CEILING, MOORING
from benchmarks.lanes.compare import LaneComparison, against, compared
from benchmarks.lanes.matrix import FULL, MAIN, THEIRS, THREADS
from benchmarks.lanes.record import Record, Taken
from benchmarks.lanes.targets import TARGETS
from benchmarks.lanes.threads import HANDOFF, LANES

__all__ = ["rendered", "write_page"]

_GLIDE = "valkey-glide"
_INTRODUCTION = """\
# How fast lanes are

Written by `python -m benchmarks lanes --write docs`, with `--full` for the whole grid. On [lanes](guides/asyncio.md)
the tasks of an event loop share a socket, so that commands given together travel together. Below they stand beside
redis-py, valkey-glide and coredis, and under a bare protocol: `asyncio.Protocol` and hiredis without a client.
"""
_METHOD = """\
Each client has a process of its own under the same interpreter; one is measured at a time, all once a round. A ratio
is the median of the ratios of the rounds, in brackets the quartiles of throughput's. More throughput is better; less
of the 50th and 99th percentile and of CPU time, which is that of the client's process with all its threads. Mixed is
three GET to one SET. Clients verify the server's certificate over TLS. Load is the system's average over a minute: it
is what else the machine did that makes ratios spread.
"""
_THREADS = """\
Threads do not drive lanes: the synchronous client has a pool. What they would gain was measured twice: each command
submitted to an event loop in the background with `asyncio.run_coroutine_threadsafe` ("{lanes}"), and the least that
any such design takes, with the bare protocol in place of a client ("{handoff}"): one wake-up of the loop for all
commands that wait, and a lock for each. A ratio below 1 is a loss. To reproduce: `python -m benchmarks threads`.
"""


def write_page(record: Record, folder: Path) -> None:
    """Write `speed.md` and `pictures/lanes-*.svg` into a folder of documentation."""
    pictures = charts(record)
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    for name, (_, drawing) in pictures.items():
        (folder / "pictures" / name).write_text(drawing + "\n", encoding="utf-8")
    shown = [f"![{description}](pictures/{name})" for name, (description, _) in pictures.items()]
    (folder / "speed.md").write_text(rendered(record, shown), encoding="utf-8")


def rendered(record: Record, pictures: Iterable[str] = ()) -> str:
    """The page as Markdown."""
    main, threads = set(MAIN), set(THREADS)
    grid = [taken for taken in record.taken if taken.cell not in threads]
    parts = [
        _INTRODUCTION,
        _machine(record),
        "## Targets\n\nasyncio, loopback TCP, GET of 64 B unless it says otherwise.\n",
        _table(["target", "bound", "measured", ""], _targets(record)),
        "## GET of 64 B\n",
        *(f"{picture}\n" for picture in pictures),
        _clients([taken for taken in grid if taken.cell in main]),
        _benchmark(record),
        "## The grid\n\nMooring's ratios to redis-py, its throughput to the others', and its own figures.\n",
        _table(_GRID_HEAD, (_grid_row(taken) for taken in grid)),
        "## Threads\n",
        _THREADS.format(lanes=LANES, handoff=HANDOFF),
        _clients([taken for taken in record.taken if taken.cell in threads]),
        "## How it is measured\n",
        _METHOD,
        *_refusals(record),
    ]
    return "\n".join(part for part in parts if part)


def _machine(record: Record) -> str:
    machine = record.machine
    versions = ", ".join(f"{name} {version}" for name, version in machine.versions.items())
    return (
        f"{machine.when}, {machine.processor}, {machine.cores} cores, load {machine.load[0]:.1f} before and"
        f" {machine.load[1]:.1f} after. Python {machine.python}, Redis {machine.server}, {versions}. {record.rounds}"
        f" rounds of {record.seconds:g} s; {len(record.taken)} of the grid's {len(FULL)} cells.\n"
    )


def _targets(record: Record) -> Iterator[list[str]]:
    known = {taken.cell: taken for taken in record.taken}
    for target in TARGETS:
        taken = known.get(target.cell)
        comparison = None if taken is None else against(taken, MOORING, target.other)
        sign = "≤" if target.less else "≥"
        if comparison is None:
            yield [str(target), f"{sign} {target.bound:g}", "", "not measured"]
        else:
            value = target.value(comparison)
            yield [str(target), f"{sign} {target.bound:g}", f"{value:.2f}", "met" if target.met(value) else "missed"]


def _clients(cells: Iterable[Taken]) -> str:
    head = ["at once", "client", "throughput", "p50", "p99", "CPU", "commands/s", "p50 µs", "p99 µs", "CPU µs"]
    return _table(head, (_client_row(each) for taken in cells for each in compared(taken)))


def _client_row(comparison: LaneComparison) -> list[str]:
    ratio, own, (low, high) = comparison.ratios, comparison.own, comparison.quartiles
    ratios = ["1", "1", "1", "1"]
    if comparison.client != THEIRS:
        ratios = [f"{ratio.throughput:.2f} [{low:.2f}, {high:.2f}]"]
        ratios += [f"{value:.2f}" for value in (ratio.p50, ratio.p99, ratio.cpu)]
    absolute = [f"{own.throughput:,.0f}", f"{own.p50:,.0f}", f"{own.p99:,.0f}", f"{own.cpu:.1f}"]
    return [str(comparison.cell.concurrent), comparison.client, *ratios, *absolute]


_GRID_HEAD = [
    "cell",
    "redis-py",
    "p50",
    "p99",
    "CPU",
    _GLIDE,
    "coredis",
    CEILING,
    "commands/s",
    "p50 µs",
    "p99 µs",
    "CPU µs",
]


def _grid_row(taken: Taken) -> list[str]:
    ours = against(taken, MOORING, THEIRS)
    if ours is None:
        return [str(taken.cell), "not measured", *[""] * (len(_GRID_HEAD) - 2)]
    (low, high), ratio, own = ours.quartiles, ours.ratios, ours.own
    others = (against(taken, MOORING, other) for other in (_GLIDE, "coredis", CEILING))
    return [
        str(taken.cell),
        f"{ratio.throughput:.2f} [{low:.2f}, {high:.2f}]",
        *(f"{value:.2f}" for value in (ratio.p50, ratio.p99, ratio.cpu)),
        *("-" if each is None else f"{each.ratios.throughput:.2f}" for each in others),
        f"{own.throughput:,.0f}",
        f"{own.p50:,.0f}",
        f"{own.p99:,.0f}",
        f"{own.cpu:.1f}",
    ]


def _benchmark(record: Record) -> str:
    if not record.benchmark:
        return "`redis-benchmark` was not installed.\n"
    rates = ", ".join(f"{rate:,.0f} on {connections}" for connections, rate in record.benchmark.items())
    return f"`redis-benchmark -P 1`, in C with a connection for each caller, in commands per second: {rates}.\n"


def _refusals(record: Record) -> Iterator[str]:
    reasons: dict[tuple[str, str], int] = {}
    for taken in record.taken:
        for client, reason in taken.refused.items():
            reasons[client, reason] = reasons.get((client, reason), 0) + 1
    if reasons:
        yield "Not measured:\n"
        yield "\n".join(f"- {client}, {count} cells: {why}" for (client, why), count in reasons.items()) + "\n"


def _table(head: list[str], rows: Iterable[list[str]]) -> str:
    numeric = ["---" if column in {"cell", "client", "target", ""} else "---:" for column in head]
    lines = [head, numeric, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
