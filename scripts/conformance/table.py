"""The table of verdicts, row by server, and what is told below it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scripts.conformance.verdicts import Verdict

__all__ = ["Row", "rendered"]

Row = Mapping[str, Verdict]
"""One verdict for each server."""

_LEGEND = (
    "n/m: so many checks are right, of those that the suite made. *: the scenario asks for a fixture, see below, that "
    "the server\ndoes not have, and nothing else is wrong; the server `fixtures` has it. -: not judged, see below. "
    "!: failed."
)


def rendered(servers: Sequence[str], rows: Mapping[tuple[str, str], Row]) -> str:
    """Return the table; `rows` are by protocol and scenario."""
    width = max(len(scenario) for _, scenario in rows) + 2
    lines = [f"{'':12}{'':{width}}" + "".join(f"{server:>10}" for server in servers)]
    for (version, scenario), row in rows.items():
        cells = "".join(f"{_cell(row.get(server)):>10}" for server in servers)
        lines.append(f"{version:12}{scenario:{width}}{cells}")
    lines += ["", _LEGEND, *_section("Fixtures that scenarios ask for:", rows, "needs")]
    lines += _section("Not judged:", rows, "outside")
    lines += _failures(rows)
    return "\n".join(lines)


def _cell(verdict: Verdict | None) -> str:
    if verdict is None:
        return ""
    if verdict.mark == "outside":
        return "-"
    return f"{verdict.good}/{verdict.all}" + {"needs": "*", "failed": "!"}.get(verdict.mark, "")


def _section(title: str, rows: Mapping[tuple[str, str], Row], mark: str) -> list[str]:
    """List by scenario what is told of this mark: it is the same on every server, and mostly in every protocol."""
    told = {
        (scenario, verdict.told): None
        for (_, scenario), row in rows.items()
        for verdict in row.values()
        if verdict.mark == mark
    }
    return ["", title, *(f"  {scenario}: {why}" for scenario, why in told)] if told else []


def _failures(rows: Mapping[tuple[str, str], Row]) -> list[str]:
    failed = [
        f"  {version} {scenario}, {server}: {verdict.told}"
        for (version, scenario), row in rows.items()
        for server, verdict in row.items()
        if verdict.mark == "failed"
    ]
    return ["", "Failed:", *failed] if failed else []
