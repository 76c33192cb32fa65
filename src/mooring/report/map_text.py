"""The map as a tree of lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mooring.report.characters import printable
from mooring.report.map import Map, RedisServer, Subject
from mooring.report.tally import counted

__all__ = ["render"]

STATES = {True: "asks for a password", False: "open to everybody", None: "its configuration is not in the tree"}
BRANCH, LAST = "├──", "└──"


def render(drawn: Map) -> str:
    """The map as text that ends in a newline."""
    lines: list[str] = []
    for subject in drawn.subjects:
        lines += [*_subject(subject), ""]
    if drawn.servers:
        lines += ["Redis servers", *_tree([_server(server) for server in drawn.servers]), ""]
    lines.append(_total(drawn))
    return "\n".join(map(printable, lines)) + "\n"


def _subject(subject: Subject) -> Iterator[str]:
    yield f"{subject.name}  {subject.path}"
    width = max(len(reach.target) for reach in subject.reaches)
    rows = [f"run by {link}" for link in subject.links]
    for reach in subject.reaches:
        trouble = f"  !! {reach.trouble}" if reach.trouble else ""
        where = f"{reach.place.path}:{reach.place.span.line}"
        rows.append(f"{reach.source:<8}  {reach.target:<{width}}  {where}  {reach.how}{trouble}")
    yield from _tree(rows)


def _server(server: RedisServer) -> str:
    return f"{server.name}  {server.place.path}:{server.place.span.line}  {STATES[server.closed]}"


def _tree(rows: Sequence[str]) -> Iterator[str]:
    for number, row in enumerate(rows, start=1):
        yield f"{LAST if number == len(rows) else BRANCH} {row}"


def _total(drawn: Map) -> str:
    troubled = sum(any(reach.trouble for reach in subject.reaches) for subject in drawn.subjects)
    open_ = sum(server.closed is False for server in drawn.servers)
    return (
        f"{counted(len(drawn.subjects), 'service')} with a way to a Redis, {troubled} of them in disagreement; "
        f"{counted(len(drawn.servers), 'Redis server')}, {open_} of them open."
    )
