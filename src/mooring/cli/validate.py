"""`mooring validate`: say which of somebody's claims about a tree are true."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from mooring.audit.claims import Ground, Validation, read_claims, validate
from mooring.audit.engine import examine
from mooring.audit.store import Store, cache_folder
from mooring.audit.walk import common_root, walk
from mooring.cli.audit import has_color, include_tests_option, options_for, write
from mooring.errors import UsageError
from mooring.report.claims import render_json, render_markdown, render_text
from mooring.report.redaction import Redactor

__all__ = ["command"]

FORMATS = ("text", "json", "markdown")


@click.command("validate", short_help="Answer claims about a tree from its code.")
@click.argument("file", metavar="CLAIMS", type=click.Path(path_type=Path))
@click.argument("path", metavar="[PATH]", required=False, type=click.Path(path_type=Path))
@click.option("form", "--format", type=click.Choice(FORMATS), default="text", show_default=True, help="What to write.")
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file, not to standard output."
)
@click.option(
    "--after", type=click.Path(path_type=Path), help="The tree once it is fixed: tells what of the found is gone."
)
@include_tests_option
@click.pass_context
def command(
    context: click.Context,
    file: Path,
    path: Path | None,
    form: str,
    output: Path | None,
    after: Path | None,
    include_tests: bool,
) -> None:
    """Answer each claim about the tree at PATH: confirmed, refuted, under- or over-counted, or true in part.

    CLAIMS is TOML. Each [[claim]] has text, the claim in words, and what can be checked: rules or family, endpoint,
    count with unit (findings, sites, files, services), all, quotes, libraries, credentials; paths, services and kind
    say where. PATH is what CLAIMS calls its tree, or else the current folder.

    All rules are looked at, also those that pyproject.toml leaves out. Exits with 0 if every claim is confirmed, 1 if
    one is not, 2 on wrong usage or where nothing at PATH can be read.
    """
    claims = read_claims(file)
    tree = path or claims.tree or Path()
    named = f"{file}: tree: {tree}" if tree is claims.tree else str(tree)
    store = Store(cache_folder())
    try:
        ground = _look(tree, named, store, include_tests=include_tests)
        fixed = _look(after, f"--after {after}", store, include_tests=include_tests) if after else None
    finally:
        store.close()
    if fixed and not {*ground.listing} & {*fixed.listing}:
        raise UsageError(f"--after {after}: has no file in common with {tree}; name the same folder of a fixed copy")
    validation = validate(claims.claims, ground, fixed)
    clean = Redactor.of(ground.audit.sites, ground.audit.secrets)
    write(_report(validation, clean, form, color=output is None and has_color()), output)
    context.exit(0 if validation.confirmed == len(validation.answers) else 1)


def _look(path: Path, named: str, store: Store, *, include_tests: bool) -> Ground:
    """Audit a tree by all rules; `named` is what the user knows it by."""
    if not path.exists():
        raise UsageError(f"{named}: no such file or directory")
    located = path.absolute()
    root = common_root([located])
    options = replace(options_for(root, include_tests=include_tests), select=(), ignore=(), per_file_ignores={})
    listing = list(walk(root, [located], options.exclude, options.base))
    if not listing:
        raise UsageError(f"{named}: no Python file or manifest to audit")
    return Ground(examine(root, listing, options=options, store=store), listing, options.include_tests)


def _report(validation: Validation, clean: Redactor, form: str, *, color: bool) -> str:
    match form:
        case "json":
            return render_json(validation, clean)
        case "markdown":
            return render_markdown(validation, clean)
        case _:
            return render_text(validation, clean, color=color)
