"""What `mooring watch` saw, for people (text) and for programs (JSON). Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from mooring.doctor.roundtrip import histogram, percentile
from mooring.report.characters import plain

__all__ = ["SCHEMA", "ClientGroup", "PoolLine", "Sight", "group_clients", "render_json", "render_text"]

SCHEMA = 1
_BAR = 40
_UNNAMED = "(no name)"


@dataclass(frozen=True, slots=True)
class ClientGroup:
    """Connections at the server that are alike; ages in seconds. `library` is empty where the server does not tell."""

    name: str
    library: str
    host: str
    connections: int
    blocked: int
    subscribed: int
    oldest: int
    quietest: int


@dataclass(frozen=True, slots=True)
class PoolLine:
    """A pool of one service, as its metrics tell it."""

    source: str
    endpoint: str
    in_use: int
    idle: int
    waiting: int
    max_connections: int
    breaker: str


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen at one moment, a Unix time; round trips in milliseconds. `problems` are told in words."""

    name: str
    endpoint: str
    at: float
    round_trips: tuple[float, ...] = ()
    server: Mapping[str, str | int] = field(default_factory=dict)
    clients: tuple[ClientGroup, ...] = ()
    pools: tuple[PoolLine, ...] = ()
    problems: tuple[str, ...] = ()


def group_clients(listed: Iterable[Mapping[str, Any]]) -> tuple[ClientGroup, ...]:
    """Add up what CLIENT LIST tells, by name, library and host, the most connections first."""
    groups: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for client in listed:
        library = " ".join(filter(None, (str(client.get("lib-name", "")), str(client.get("lib-ver", "")))))
        host = str(client.get("addr", "")).rpartition(":")[0]
        groups.setdefault((str(client.get("name", "")), library, host), []).append(client)
    found = (
        ClientGroup(
            *key,
            connections=len(members),
            blocked=sum("b" in str(member.get("flags", "")) for member in members),
            subscribed=sum("P" in str(member.get("flags", "")) for member in members),
            oldest=max(int(member.get("age", 0)) for member in members),
            quietest=max(int(member.get("idle", 0)) for member in members),
        )
        for key, members in groups.items()
    )
    return tuple(sorted(found, key=lambda group: (-group.connections, group.name, group.host)))


def render_json(sight: Sight) -> str:
    """One line of JSON (docs/schema/watch-1.json)."""
    document = asdict(sight)
    trips = document.pop("round_trips")
    return json.dumps({"schema": SCHEMA, **document, "round_trips": _figures(trips)}) + "\n"


def render_text(sight: Sight) -> str:
    """The whole of it for a terminal, without colours."""
    state = "answers" if sight.round_trips else "does not answer"
    lines = [f"{sight.name} ({sight.endpoint}) {state}", *(f"! {problem}" for problem in sight.problems)]
    if sight.round_trips:
        lines += ["", *_trips(sight.round_trips)]
    if sight.server:
        lines += ["", "server", "  " + ", ".join(f"{key} {value}" for key, value in sight.server.items())]
    if sight.clients:
        rows = (
            (
                *(group.name or _UNNAMED, group.library, group.host, f"{group.connections:,}", f"{group.blocked:,}"),
                *(f"{group.subscribed:,}", _lasting(group.oldest), _lasting(group.quietest)),
            )
            for group in sight.clients
        )
        heads = ("clients", "library", "host", "connections", "blocked", "subscribed", "oldest", "quietest")
        lines += ["", *_table(heads, rows)]
    if sight.pools:
        pools = (
            (
                *(pool.source, pool.endpoint, f"{pool.in_use:,}", f"{pool.idle:,}", f"{pool.waiting:,}"),
                *(f"{pool.max_connections:,}", pool.breaker),
            )
            for pool in sight.pools
        )
        lines += ["", *_table(("pools", "of", "in use", "idle", "waiting", "at most", "breaker"), pools)]
    # Names are what clients have called themselves.
    return plain("\n".join(line.rstrip() for line in lines)) + "\n"


def _figures(trips: Sequence[float]) -> dict[str, Any]:
    if not trips:
        return {"pings": 0}
    figures = {"min_ms": min(trips), "p50_ms": percentile(trips, 50), "p99_ms": percentile(trips, 99)}
    rounded = {name: round(value, 3) for name, value in (figures | {"max_ms": max(trips)}).items()}
    return {"pings": len(trips), **rounded, "histogram": histogram(trips)}


def _trips(trips: Sequence[float]) -> Iterator[str]:
    figures = _figures(trips)
    times = ", ".join(f"{name} {figures[f'{name}_ms']:.2f}" for name in ("min", "p50", "p99", "max"))
    yield f"round trips: {len(trips):,} pings, ms: {times}"
    for bound, count in figures["histogram"].items():
        label = bound if bound == "more" else f"≤ {bound}"
        yield f"  {label:>6} {'█' * max(1, round(_BAR * count / len(trips)))} {count:,}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    table = [heads, *([plain(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    numeric = {column for column, head in enumerate(heads) if head not in {"clients", "library", "host", "pools", "of"}}
    for row in table:
        cells = (
            cell.rjust(width) if column in numeric else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells)


def _lasting(seconds: int) -> str:
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
