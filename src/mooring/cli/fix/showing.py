"""What `mooring fix` prints, and the exit code that goes with it."""

from __future__ import annotations

from collections.abc import Iterable

import click

from mooring.audit.fixer import Execution, Fate, FixOutcome
from mooring.audit.surroundings import Notice
from mooring.report.characters import printable
from mooring.report.fixes import render, render_failure, render_intended
from mooring.report.redaction import Redactor
from mooring.report.tally import counted

__all__ = ["show_changes", "show_execution", "show_notices"]


def show_changes(outcome: FixOutcome, clean: Redactor, *, diff: bool) -> None:
    """What would change: as a diff, or in words."""
    if not diff:
        click.echo(render_intended(outcome, clean), nl=False)
        return
    masked = False
    for change in outcome.changes:
        exact = change.diff()
        shown = clean(exact)
        masked = masked or shown != exact
        click.echo(shown, nl=False)
    if masked:
        click.echo("mooring: passwords are masked, so this diff shows the change but does not apply.", err=True)
    files, left = counted(len(outcome.changes), "file"), counted(len(outcome.left), "finding")
    click.echo(f"mooring: would change {files}; {left} would be left.", err=True)


def show_execution(outcome: FixOutcome, done: Execution, clean: Redactor) -> int:
    """What was done; 2 where a change was given up for another reason than the user's check, 1 where for that."""
    click.echo(render(outcome, done, clean), nl=False)
    for failure in done.failures:
        if failure.fate is not Fate.WITHDRAWN:
            click.echo(f"mooring: error: {clean(render_failure(failure))}", err=True)
    failures = [one for one in done.failures if one.fate is not Fate.WITHDRAWN]
    turned_down = [one for one in failures if one.path in done.broken and one.fate is Fate.UNDONE]
    if len(turned_down) < len(failures):
        return 2
    return 1 if turned_down else 0


def show_notices(notices: Iterable[Notice]) -> None:
    """What only a person, or another tool, can do around the fixed code."""
    for notice in notices:
        command = f" ({notice.command})" if notice.command else ""
        click.echo(f"mooring: {printable(notice.path)}: {printable(notice.reason)}{command}", err=True)
