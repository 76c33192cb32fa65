"""A proof as a table for the terminal. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

import click

from mooring.prove import Proof, Scenario, Side, State, Verdict
from mooring.report.aims import figure_of, name_of
from mooring.report.cells import change_of
from mooring.report.digest import Digest, Row, Stretch, digest
from mooring.report.tally import counted

__all__ = ["render"]

_GAP = "  "
_WORKS = {State.CONNECTS: "yes", State.FAILS: "no", State.DEAD: "no start", State.MUTE: "no lookup"}
_COLORS = {"yes": "green", "no": "red", "no start": "red", "no lookup": "yellow"}


def render(proof: Proof, *, color: bool = False, width: int = 100) -> str:
    """The proof as text: two lines a service, then the verdicts, the reasons and what a reader must know.

    `width` is that of the prose, in characters; the table takes what it needs.
    """
    told = digest(proof)
    parts = [
        _bold(told.headline, color=color),
        _targets(proof, width),
        _table(told, color=color),
        _strikes(told),
        _verdicts(proof, told, width),
        _reasons(told, width),
        _method(proof, width),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(told: Digest, *, color: bool) -> str:
    heads = ["service", "side", "connects", *map(_head, told.stretches), "failed", "opened", "good/s"]
    lines = [
        heads,
        [
            "",
            "",
            "",
            *("ms" if stretch.scenario.lone else "p50/p99 ms" for stretch in told.stretches),
            "calls",
            "conn.",
            "(hits)",
        ],
    ]
    for row in told.rows:
        lines.extend(_line(row, side, told.stretches) for side in Side)
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    return "\n".join(_aligned(line, widths, color=color) for line in lines)


def _targets(proof: Proof, width: int) -> str:
    """Each target with its answer."""
    lines = [f"{name_of(one)}: {one.answer}, {figure_of(one)} ({one.why})" for one in proof.targets]
    return "\n".join(_wrapped(["Targets", *(f"  {line}" for line in lines)], width)) if lines else ""


def _strikes(told: Digest) -> str:
    """What each fault did, before and after."""
    if not told.strikes:
        return ""
    lines = [["fault", "service", "failed calls before", "after", "outage ms before", "after"]]
    for one in told.strikes:
        cells = (one.failed.before, one.failed.after, one.outage.before, one.outage.after)
        lines.append([one.fault, one.service, *("-" if text.startswith("not measured") else text for text in cells)])
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        _GAP.join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def _head(stretch: Stretch) -> str:
    return str(stretch.scenario) if stretch.scenario.lone else f"{stretch.scenario} x{stretch.concurrency}"


def _line(row: Row, side: Side, stretches: Sequence[Stretch]) -> list[str]:
    def shown(text: str) -> str:
        # The reasons below say why there is no figure; a table cell has no room for it.
        return "-" if text.startswith("not measured") else text

    def side_of(before: str, after: str) -> str:
        return shown(before if side is Side.BEFORE else after)

    cells = []
    for stretch in stretches:
        p50, p99 = (side_of(cell.before, cell.after) for cell in row.times[stretch])
        cells.append(p50 if p50 == "-" or stretch.scenario.lone else f"{p50}/{p99}")
    levels = [stretch for stretch in stretches if stretch.scenario is Scenario.HIT]
    hits = row.rates[max(levels, key=lambda stretch: stretch.concurrency)] if levels else None
    return [
        row.subject.name if side is Side.BEFORE else "",
        side,
        _WORKS[row.contacts[side].state],
        *cells,
        side_of(row.failures.before, row.failures.after),
        side_of(row.connections.before, row.connections.after),
        side_of(hits.before, hits.after) if hits else "-",
    ]


def _aligned(line: Sequence[str], widths: Sequence[int], *, color: bool) -> str:
    sized = enumerate(zip(line, widths, strict=True))
    padded = [text.ljust(width) if column < 3 else text.rjust(width) for column, (text, width) in sized]
    if color and line[2] in _COLORS:
        padded[2] = click.style(padded[2], fg=_COLORS[line[2]])
    return _GAP.join(padded).rstrip()


def _verdicts(proof: Proof, told: Digest, width: int) -> str:
    """What differs where both sides connect, and how much does not."""
    both = {row.subject.name for row in told.rows if row.connects(Side.BEFORE) and row.connects(Side.AFTER)}
    if not both:
        return "No service connects on both sides, so there are no times to compare."
    differing = [c for c in proof.comparisons if c.service in both and c.verdict in {Verdict.BETTER, Verdict.WORSE}]
    counts = ", ".join(f"{told.verdicts[verdict]} {verdict}" for verdict in Verdict if told.verdicts[verdict])
    services = "1 service connects" if len(both) == 1 else f"{len(both)} services connect"
    chance = " Of figures that do not differ, one in a hundred may show a difference by chance." if differing else ""
    lines = [f"{services} on both sides: of the figures compared, {counts}.{chance}"]
    for c in differing:
        stretch = f" {Stretch(c.scenario, c.concurrency).label}," if c.scenario and c.concurrency else ""
        lines.append(f"  {c.service}: {c.figure}{stretch} {c.verdict}: {change_of(c)}")
    return "\n".join(_wrapped(lines, width))


def _reasons(told: Digest, width: int) -> str:
    if not told.failures:
        return ""
    lines = ["What failed"]
    for failure in told.failures:
        calls = f"{failure.calls} of {failure.of} calls: " if failure.calls else ""
        lines.append(f"  {failure.service}, {failure.side}: {calls}{failure.reason}")
    return "\n".join(_wrapped(lines, width))


def _method(proof: Proof, width: int) -> str:
    machine = proof.machine
    lines = [
        f"Measured in {proof.seconds:.0f} s on {machine.cores} cores ({machine.processor}), {machine.python}, a "
        f"private Redis {machine.redis_server} with a password; {counted(proof.load.rounds, 'round')}, both sides "
        "interleaved. Times are medians over rounds, as an MCP client sees them; a verdict needs a 99 % interval that "
        "leaves out no change.",
        *(f"Note: {caveat}" for caveat in proof.caveats),
    ]
    return "\n".join(_wrapped(lines, width))


def _wrapped(lines: Sequence[str], width: int) -> Iterator[str]:
    for line in lines:
        indent = " " * (len(line) - len(line.lstrip()) + 2)
        yield from textwrap.wrap(line, width, subsequent_indent=indent, break_long_words=False) or [""]


def _bold(text: str, *, color: bool) -> str:
    return click.style(text, bold=True) if color else text
