"""`mooring fix`: rewrite what is wrong and can be mended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import click

from mooring.audit.engine import Audit, audit
from mooring.audit.fixer import Trial, execute, fix, undo
from mooring.audit.options import REDIS_PY
from mooring.audit.store import Store, cache_folder
from mooring.audit.surroundings import Disk, Notice, surroundings
from mooring.audit.walk import common_root, walk
from mooring.cli.audit import ignore_option, include_tests_option, options_for, select_option
from mooring.cli.fix.asking import Asking
from mooring.cli.fix.showing import show_changes, show_execution, show_notices
from mooring.cli.fix.usage import project_root, refuse_together, refuse_uncommitted, refuse_uncommitted_fixable
from mooring.report.fixes import render_undone
from mooring.report.redaction import Redactor

__all__ = ["command"]


@click.command("fix", short_help="Fix the Redis connections of a tree; tell what is left.")
@click.argument("paths", metavar="PATH...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--diff", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--check", is_flag=True, help="Say what would be fixed, and change nothing.")
@click.option("-i", "--interactive", is_flag=True, help="Ask about each fix.")
@click.option("--unsafe", is_flag=True, help="Also make fixes that may change what the code does.")
@click.option("--force", is_flag=True, help="Also change files with uncommitted changes.")
@click.option("--verify", metavar="COMMAND", help="Undo fixes with which COMMAND (no shell) fails.")
@click.option("--undo", "undoing", is_flag=True, help="Undo the last run that changed anything at PATH.")
@click.option("--code-only", is_flag=True, help="Leave dependencies, .env samples and MIGRATION.md.")
@click.option(
    "--target",
    metavar="LIBRARY",
    type=click.Choice(["mooring", REDIS_PY]),
    help="Call mooring, or redis-py (which needs --unsafe).",
)
@include_tests_option
@select_option
@ignore_option
@click.pass_context
def command(
    context: click.Context,
    paths: tuple[Path, ...],
    diff: bool,
    check: bool,
    interactive: bool,
    unsafe: bool,
    force: bool,
    verify: str | None,
    undoing: bool,
    code_only: bool,
    target: str | None,
    include_tests: bool,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
) -> None:
    """Fix the Redis connections below each PATH; tell what is done, left and why.

    Nothing is written where a file to change has uncommitted changes in git.

    Exits with 0 where all that can be fixed is fixed; 1 where --diff or --check would change anything, --verify turned
    a fix down or --undo left a file; 2 on wrong usage, or where a file could not be written or was put back.
    """
    refuse_together({"--diff": diff, "--check": check, "--interactive": interactive, "--undo": undoing})
    refuse_together({"--verify": verify is not None, "--diff": diff, "--check": check, "--undo": undoing})
    if undoing:
        undone = undo(paths or (Path(),))
        click.echo(render_undone(undone), nl=False)
        context.exit(1 if undone.left else 0)
    if not paths:
        raise click.MissingParameter(ctx=context, param=context.command.params[0])
    root = project_root(common_root([path.absolute() for path in paths]))
    trial = None if verify is None else Trial(verify, root)
    options = options_for(root, select=select, ignore=ignore, include_tests=include_tests)
    if target is not None:
        options = replace(options, target=replace(options.target, plain=target == REDIS_PY))
    store = Store(cache_folder())

    def look(overlay: Mapping[str, bytes]) -> Audit:
        return audit(paths, root=root, options=options, overlay=overlay, store=store)

    try:
        first = look({})
        clean = Redactor.of(first.sites, first.secrets)
        if interactive:
            refuse_uncommitted_fixable(first, unsafe=unsafe, force=force)
        outcome = fix(first, look, unsafe=unsafe, accept=Asking(clean) if interactive else None)
        notices: tuple[Notice, ...] = ()
        if not code_only:
            files = list(walk(root, [root], options.exclude, options.base))
            around, notices = surroundings(first, outcome, Disk.at(root), files, clean)
            outcome = replace(outcome, changes=(*outcome.changes, *around))
        if diff or check:
            show_changes(outcome, clean, diff=diff)
            show_notices(notices)
            context.exit(1 if outcome.changes else 0)
        refuse_uncommitted(root, [change.path for change in outcome.changes], force=force)

        def say(text: str) -> None:
            click.echo(f"mooring: {clean(text)}", err=True)

        done = execute(outcome, root, lambda: look({}), unsafe=unsafe, trial=trial, say=say)
    finally:
        store.close()
    code = show_execution(outcome, done, clean)
    if len(done.failures) < len(outcome.changes):
        show_notices(notices)
    context.exit(code)
