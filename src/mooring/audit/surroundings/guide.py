"""`MIGRATION.md`: what each fixed service reads now, which address it used before, and what is left for a person.

Mooring's part stands between two marks; whatever else is in the file stays. Lines about files that an earlier run fixed
stay too, as long as the files do.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from mooring.audit.facts import Service, Unreadable, Workload
from mooring.audit.files import SourceFile, Undecodable
from mooring.audit.fixer import Change, Left
from mooring.audit.options import DEFAULT_TARGET, Target
from mooring.audit.project.services import with_services
from mooring.audit.surroundings.connections import Connection
from mooring.audit.surroundings.deployment import settings
from mooring.audit.surroundings.disk import Disk, changed
from mooring.audit.surroundings.markdown import code, text, uncode
from mooring.audit.surroundings.notice import Notice

__all__ = ["GUIDE", "Report", "guide"]

GUIDE = "MIGRATION.md"
BEGIN, END = "<!-- mooring:begin -->", "<!-- mooring:end -->"
MARK = re.compile(rf"^(?:{re.escape(BEGIN)}|{re.escape(END)})[ \t]*\r?$", re.MULTILINE)
CELL = re.compile(r"(?<!\\)\|")
# Found at nearly every site: counted, not listed.
LEAST = "MR5"
PYTHON = (".py", ".ipynb")
COLUMNS = 3
HEAD = ("| File | Reads | Used before |", "|---|---|---|")

PARTS = " or its parts"
INTRODUCTION = "What stands between these marks is written by `mooring fix`; the rest of this file is yours."
MOORING_READS = """\
Fixed code finds its Redis by `REDIS_URL`, else by its parts: `REDIS_HOST`, `REDIS_PORT`, `REDIS_USERNAME`,
`REDIS_PASSWORD`, `REDIS_DB` and others. A named connection asks for its own first, then for these. Where none is set,
the address in the code applies, else the default of the environment that it runs in."""
PLAIN_READS = "Fixed code reads these variables, and does not start without them."
HOUSE_READS = "Fixed code finds its Redis as {} does."

# The cells of a line: file, what it reads, the address used before.
Row = tuple[str, str, str]


@dataclass(frozen=True)
class Report:
    """What the guide tells of one run."""

    connections: Sequence[Connection]
    services: Sequence[Service]
    workloads: Sequence[Workload]
    left: Sequence[Left]
    notices: Sequence[Notice]
    unreadable: Sequence[Unreadable]
    target: Target


def guide(report: Report, disk: Disk) -> Change | Notice | None:
    """The change of the guide; None if it says all already, a notice if the marks in it are damaged."""
    try:
        source = disk.source(GUIDE)
    except Undecodable as error:
        return Notice(GUIDE, f"is no text: {error}")
    if source is None:
        if GUIDE in disk.names(""):
            return Notice(GUIDE, "cannot be read")
        empty = SourceFile(GUIDE, disk.root / GUIDE, "")
        return changed(empty, "# Migration\n\n" + "\n".join(_section(report, ())) + "\n", created=True)
    marks = list(MARK.finditer(source.text))
    if [mark.group().strip() for mark in marks] not in ([], [BEGIN, END]):
        return Notice(GUIDE, f"has no single pair of the marks {BEGIN} and {END}")
    begin, end = (marks[0].start(), marks[1].end()) if marks else (len(source.text), len(source.text))
    old = source.text[begin:end]
    section = source.newline.join(_section(report, _rows(old, disk)))
    if not marks:
        gap = source.newline * (2 if not source.text.endswith("\n") else 1) if source.text else ""
        section = f"{gap}{section}{source.newline}"
    elif old.endswith("\r"):
        section += "\r"
    after = replace(source, text=source.text[:begin] + section + source.text[end:])
    return None if after.text == source.text else changed(source, after.text)


def _rows(section: str, disk: Disk) -> Iterator[Row]:
    """The lines of an earlier section about files that there still are."""
    for line in section.splitlines():
        cells = [cell.strip() for cell in CELL.split(line)[1:-1]]
        path = uncode(cells[0]) if len(cells) == COLUMNS else None
        if path is not None and disk.read(path) is not None:
            yield cells[0], cells[1], cells[2]


def _section(report: Report, earlier: Iterable[Row]) -> Iterator[str]:
    rows = sorted({*earlier, *(_row(one, report.target) for one in report.connections)})
    paths = [*(uncode(row[0]) or "" for row in rows), *(one.finding.problem.path for one in report.left)]
    homes = dict(with_services(report.services, paths))
    own: dict[Service | None, tuple[list[Row], list[Left]]] = {home: ([], []) for home in homes.values()}
    for row in rows:
        own[homes[uncode(row[0]) or ""]][0].append(row)
    for one in report.left:
        own[homes[one.finding.problem.path]][1].append(one)
    yield BEGIN
    yield "## Where Redis is"
    yield ""
    yield INTRODUCTION
    yield from _introduction(report.target).split("\n")
    for service in sorted(own, key=lambda one: (one is None, one.path if one else "")):
        fixed, left = own[service]
        yield ""
        yield f"### {_title(service)}"
        yield from _service(service, fixed, report.workloads)
        yield from _left(left)
    yield from _files(report)
    yield END


def _title(service: Service | None) -> str:
    if service is None:
        return "Outside any service"
    return f"{text(service.name)} ({code(service.path)})" if service.path != "." else "The root"


def _introduction(target: Target) -> str:
    if target.plain:
        return PLAIN_READS
    return MOORING_READS if target.factory == DEFAULT_TARGET.factory else HOUSE_READS.format(code(target.factory))


def _row(one: Connection, target: Target) -> Row:
    reads = code(one.variable) + (PARTS if one.parts else "") if one.variable else f"what {code(target.factory)} reads"
    return code(one.path), reads, code(one.before) if one.before else ""


def _variables(cell: str) -> tuple[str, ...]:
    """What the second cell of a line stands for."""
    variable = uncode(cell.removesuffix(PARTS))
    return Connection("", variable, parts=cell.endswith(PARTS)).variables if variable else ()


def _service(service: Service | None, rows: Collection[Row], workloads: Sequence[Workload]) -> Iterator[str]:
    if not rows:
        return
    yield ""
    yield from HEAD
    for row in rows:
        yield f"| {' | '.join(row)} |"
    read = [_variables(row[1]) for row in rows]
    for lines in dict.fromkeys(tuple(_set(service, variables, workloads)) for variables in read if variables):
        yield ""
        yield from lines


def _set(service: Service | None, names: Sequence[str], workloads: Sequence[Workload]) -> Iterator[str]:
    """Where the variables of one connection are set."""
    found = settings(service, names, workloads)
    if found is None:
        yield f"No manifest in the tree runs it: set {code(names[0])} where it runs."
    elif not found:
        yield f"No manifest sets {code(names[0])}{PARTS if len(names) > 1 else ''}: set it where it runs."
    for one in found or ():
        origin = f", from {code(one.source)}" if one.source else ""
        yield f"- {code(one.name)} is set in {code(f'{one.path}:{one.span.line}')}{origin}."


def _left(left: Sequence[Left]) -> Iterator[str]:
    listed = [one for one in left if not one.finding.rule.startswith(LEAST)]
    least = len(left) - len(listed)
    if left:
        yield ""
        yield "Left for a person:"
        yield ""
    for one in sorted(listed, key=lambda one: (one.finding.problem.path, one.finding.problem.span, one.finding.rule)):
        problem = one.finding.problem
        where = code(f"{problem.path}:{problem.span.line}")
        yield f"- {where} {one.finding.rule} {one.finding.name}: {text(one.reason)}"
    if least:
        yield f"- {least} more of family {LEAST}, which `mooring audit` tells"


def _files(report: Report) -> Iterator[str]:
    if report.notices:
        yield ""
        yield "### Files to see to"
        yield ""
    for one in report.notices:
        yield f"- {code(one.path)} {text(one.reason)}{f': {code(one.command)}' if one.command else ''}"
    unreadable = [file for file in report.unreadable if file.path.endswith(PYTHON)]
    if unreadable:
        yield ""
        yield "### Files that could not be edited"
        yield ""
    for file in unreadable:
        where = file.path if file.line is None else f"{file.path}:{file.line}"
        yield f"- {code(where)} {text(file.reason)}"
