"""`mooring audit`: say what is wrong with the Redis connections of a tree."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from mooring.audit.engine import audit
from mooring.audit.fixer import replace_file
from mooring.report import json as json_report
from mooring.report import text as text_report

__all__ = ["command"]


def codes(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Rule codes from options that may be repeated and may hold several, separated by commas."""
    return tuple(code.strip().upper() for value in values for code in value.split(",") if code.strip())


@click.command("audit")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "form", "--format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="What to write."
)
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file, not to standard output."
)
@click.option("--include-tests", is_flag=True, help="Audit test files too.")
@click.option("--select", multiple=True, callback=codes, metavar="CODES", help="Only these rules: MR101,MR3.")
@click.option("--ignore", multiple=True, callback=codes, metavar="CODES", help="All rules but these.")
@click.pass_context
def command(
    context: click.Context,
    paths: tuple[Path, ...],
    form: str,
    output: Path | None,
    include_tests: bool,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
) -> None:
    """Report what is wrong with the Redis connections at or below each PATH.

    Exits with 0 where nothing is found, 1 where something is, 2 on wrong usage or where nothing at PATH can be read. A
    file that does not parse is listed and changes no exit code.
    """
    found = audit(paths, include_tests=include_tests, select=select, ignore=ignore)
    if form == "json":
        report = json_report.render(found)
    else:
        report = text_report.render(found, found.source, color=output is None and has_color())
    if output is None:
        click.echo(report, nl=False)
    else:
        replace_file(output, report.encode())
    context.exit(1 if found.findings else 0)


def has_color() -> bool:
    """Whether standard output is a terminal that may be written to in colour (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
