"""`mooring map`: draw which service reaches which Redis, by its code and by its manifests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from mooring.audit.engine import examine
from mooring.audit.store import Store, cache_folder
from mooring.audit.walk import common_root, walk
from mooring.cli.audit import include_tests_option, options_for, write
from mooring.errors import UsageError
from mooring.report import map_mermaid, map_svg, map_text
from mooring.report.map import chart

__all__ = ["command"]

FORMATS = {"text": map_text.render, "mermaid": map_mermaid.render, "svg": map_svg.render}
DEPLOYMENT = ("MR6",)


@click.command("map", short_help="Draw which service of a tree reaches which Redis.")
@click.argument("path", metavar="PATH", type=click.Path(path_type=Path))
@click.option("form", "--format", type=click.Choice(list(FORMATS)), default="text", show_default=True)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file.")
@include_tests_option
def command(path: Path, form: str, output: Path | None, include_tests: bool) -> None:
    """Draw which service of the tree at PATH reaches which Redis: by its code, by its manifests, where they disagree.

    The tree of lines names each place; the Mermaid text goes into a Markdown page, the SVG into any page. Exits with 0,
    also where they disagree (that is what `mooring audit` is for), and with 2 where nothing at PATH can be read.
    """
    if not path.exists():
        raise UsageError(f"{path}: no such file or directory")
    located = path.absolute()
    root = common_root([located])
    options = replace(options_for(root, include_tests=include_tests), select=DEPLOYMENT, ignore=(), per_file_ignores={})
    listing = list(walk(root, [located], options.exclude, options.base))
    if not listing:
        raise UsageError(f"{path}: no Python file or manifest to draw a map of")
    store = Store(cache_folder())
    try:
        found = examine(root, listing, options=options, store=store)
    finally:
        store.close()
    write(FORMATS[form](chart(found)), output)
