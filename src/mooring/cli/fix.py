"""`mooring fix`: rewrite what is wrong and can be mended."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from mooring.audit.engine import Audit, audit
from mooring.audit.fixer import FixOutcome, fix, write
from mooring.audit.store import Store, cache_folder
from mooring.audit.walk import common_root
from mooring.cli.audit import ignore_option, include_tests_option, options_for, paths_argument, select_option
from mooring.report.fixes import render
from mooring.report.redaction import Redactor
from mooring.report.tally import counted

__all__ = ["command"]


@click.command("fix")
@paths_argument
@click.option("--diff", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--unsafe", is_flag=True, help="Also make fixes that may change what the program does.")
@include_tests_option
@select_option
@ignore_option
@click.pass_context
def command(
    context: click.Context,
    paths: tuple[Path, ...],
    diff: bool,
    unsafe: bool,
    include_tests: bool,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
) -> None:
    """Fix the Redis connections at or below each PATH, and tell what was done, what was left and why.

    Exits with 0 where everything that can be fixed is fixed (`mooring audit` tells what is left), 2 on wrong usage or
    where a file cannot be written. With --diff it exits with 1 if it would change anything.
    """
    root = common_root([path.absolute() for path in paths])
    options = options_for(root, select=select, ignore=ignore, include_tests=include_tests)
    store = Store(cache_folder())

    def look(overlay: Mapping[str, bytes]) -> Audit:
        return audit(paths, root=root, options=options, overlay=overlay, store=store)

    first = look({})
    outcome = fix(first, look, unsafe=unsafe)
    redact = Redactor.of(first.sites)
    if diff:
        _show(outcome, redact)
        context.exit(1 if outcome.changes else 0)
    failures = write(outcome.changes)
    click.echo(render(outcome, failures, redact), nl=False)
    for failure in failures:
        click.echo(f"mooring: error: {failure.path}: {failure.reason}", err=True)
    context.exit(2 if failures else 0)


def _show(outcome: FixOutcome, redact: Redactor) -> None:
    masked = False
    for change in outcome.changes:
        exact = change.diff()
        shown = redact(exact)
        masked = masked or shown != exact
        click.echo(shown, nl=False)
    if masked:
        click.echo("mooring: passwords are masked, so this diff shows the change but does not apply.", err=True)
    files, left = counted(len(outcome.changes), "file"), counted(len(outcome.left), "finding")
    click.echo(f"mooring: would change {files}; {left} would be left.", err=True)
