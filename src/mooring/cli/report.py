"""`mooring report`: what was claimed, found, fixed and left of a tree, and what was measured, in one file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from mooring.audit.claims import Claim, Ground, Validation, read_claims, validate
from mooring.audit.engine import Audit, examine
from mooring.audit.fixer import fix
from mooring.audit.options import Options
from mooring.audit.store import Store, cache_folder
from mooring.audit.walk import common_root, walk
from mooring.cli.audit import include_tests_option, options_for, write
from mooring.errors import UsageError
from mooring.prove import load
from mooring.report.dossier import Dossier, markdown, page

__all__ = ["command"]

_WRITERS = {".html": page, ".htm": page, ".md": markdown}


@click.command("report", short_help="Write one report: claimed, found, fixed, left and measured.")
@click.argument("path", metavar="PATH", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="Write to this file: HTML (.html, prints as PDF) or Markdown (.md).",
)
@click.option(
    "--claims", type=click.Path(dir_okay=False, path_type=Path), help="Claims to answer, as for `mooring validate`."
)
@click.option(
    "--proof", type=click.Path(dir_okay=False, path_type=Path), help="What `mooring prove --json` wrote of the tree."
)
@click.option("--unsafe", is_flag=True, help="Count the unsafe fixes of `mooring fix` as made.")
@include_tests_option
def command(
    path: Path, output: Path, claims: Path | None, proof: Path | None, unsafe: bool, include_tests: bool
) -> None:
    """Report on the tree at PATH in one file: what was claimed of it, found, fixed and left, and what was measured.

    PATH is the tree before it is fixed, and is not touched: what `mooring fix` makes of it is worked out in memory. The
    page needs no network and runs no script. Exits with 0, or with 2 on wrong usage or where nothing can be read.
    """
    writer = _WRITERS.get(output.suffix.lower())
    if writer is None:
        raise UsageError(f"--output {output}: name a file that ends in {', '.join(_WRITERS)}")
    if not output.absolute().parent.is_dir():
        raise UsageError(f"--output {output}: its folder does not exist")
    if not path.exists():
        raise UsageError(f"{path}: no such file or directory")
    told = read_claims(claims) if claims else None
    measured = load(proof) if proof else None
    located = path.resolve()
    root = common_root([located])
    # All rules, as the report is about the tree and not about what somebody chose to see.
    options = replace(options_for(root, include_tests=include_tests), select=(), ignore=(), per_file_ignores={})
    listing = list(walk(root, [located], options.exclude, options.base))
    if not listing:
        raise UsageError(f"{path}: no Python file or manifest to report on")
    store = Store(cache_folder())
    try:

        def look(overlay: Mapping[str, bytes]) -> Audit:
            whole = sorted({*listing, *overlay})
            return examine(root, whole, options=options, overlay=overlay, store=store)

        found = look({})
        outcome = fix(found, look, unsafe=unsafe)
        validation = None
        if told:
            mended = look({change.path: change.after for change in outcome.changes})
            validation = _answered(told.claims, found, mended, listing, options)
        dossier = Dossier(
            located.name,
            datetime.now(UTC).isoformat(timespec="minutes"),
            found,
            outcome,
            validation,
            measured,
            Path(os.path.relpath(proof, output.parent)).as_posix() if proof else None,
            unsafe,
        )
        text = writer(dossier)
    finally:
        store.close()
    write(text, output)
    click.echo(f"report: {output}")


def _answered(claims: Iterable[Claim], found: Audit, mended: Audit, listing: list[str], options: Options) -> Validation:
    before = Ground(found, listing, options.include_tests)
    return validate(claims, before, Ground(mended, listing, options.include_tests))
