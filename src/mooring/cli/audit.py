"""`mooring audit`: say what is wrong with the Redis connections of a tree."""

from __future__ import annotations

import importlib
import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from mooring.audit.answers import Answer, Question
from mooring.audit.options import Options, configuration, read_options
from mooring.audit.store import Store, cache_folder
from mooring.audit.walk import common_root, walk
from mooring.errors import UsageError

__all__ = [
    "command",
    "has_color",
    "ignore_option",
    "include_tests_option",
    "options_for",
    "paths_argument",
    "select_option",
    "write",
]

# These are read by others, who know the files by their paths from where the command was called.
FROM_HERE = frozenset({"sarif", "github"})
FORMATS = ("text", "json", "sarif", "github", "junit", "markdown")
STDIN = Path("-")


def codes(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Rule codes from options that may be repeated and may hold several, separated by commas."""
    return tuple(code.strip().upper() for value in values for code in value.split(",") if code.strip())


def complete_codes(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """The codes that begin as typed, for a shell that completes; also the last of several."""
    from mooring.audit.catalogue import catalogue  # noqa: PLC0415  # the command line must stay quick to load

    head, comma, last = typed.rpartition(",")
    return [
        CompletionItem(f"{head}{comma}{rule.code}", help=rule.name)
        for rule in catalogue()
        if rule.code.startswith(last.upper())
    ]


paths_argument = click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path))
include_tests_option = click.option("--include-tests", is_flag=True, help="Look at test files too.")
select_option = click.option(
    "--select",
    multiple=True,
    callback=codes,
    shell_complete=complete_codes,
    metavar="CODES",
    help="Only these rules: MR101,MR3.",
)
ignore_option = click.option(
    "--ignore",
    multiple=True,
    callback=codes,
    shell_complete=complete_codes,
    metavar="CODES",
    help="All rules but these.",
)


def options_for(
    folder: Path, *, select: tuple[str, ...] = (), ignore: tuple[str, ...] = (), include_tests: bool = False
) -> Options:
    """What the nearest `pyproject.toml` asks for, and what the command line says otherwise."""
    file = configuration(folder)
    options = read_options(file) if file else Options()
    return replace(
        options,
        select=select or options.select,
        ignore=ignore or options.ignore,
        include_tests=include_tests or options.include_tests,
    )


@dataclass(frozen=True)
class Asked:
    """What the command line asks for, of which files."""

    root: Path
    listing: list[str]
    options: Options
    form: str
    color: bool
    baseline: Path | None
    revision: str | None
    stdin: bytes | None

    def words(self) -> list[str]:
        """All that decides what the report says, the files apart."""
        return [str(self.options), self.form, str(self.color), str(self.baseline), str(Path.cwd())]

    def consulted(self) -> list[str]:
        """Files besides the audited ones that decide what the report says."""
        told = (self.options.file, self.baseline)
        return [str(file.absolute()) for file in told if file is not None]


@click.command("audit", short_help="Report what is wrong with the Redis connections of a tree.")
@paths_argument
@click.option("form", "--format", type=click.Choice(FORMATS), default="text", show_default=True, help="What to write.")
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file, not to standard output."
)
@include_tests_option
@select_option
@ignore_option
@click.option(
    "--baseline",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Leave out the findings in this file, an earlier report of --format json.",
)
@click.option(
    "revision", "--changed-since", metavar="REV", help="Only findings in files that differ from this revision."
)
@click.option("name", "--stdin-filename", metavar="PATH", help="Where the text of PATH - belongs.")
@click.option("--no-cache", is_flag=True, help="Read everything anew, and keep nothing.")
@click.pass_context
def command(
    context: click.Context,
    paths: tuple[Path, ...],
    form: str,
    output: Path | None,
    include_tests: bool,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    baseline: Path | None,
    revision: str | None,
    name: str | None,
    no_cache: bool,
) -> None:
    """Report what is wrong with the Redis connections at or below each PATH (- is standard input).

    Exits with 0 where nothing is found, 1 where something is, 2 on wrong usage or where nothing at PATH can be read. A
    file that does not parse is listed and changes no exit code. [tool.mooring] in pyproject.toml sets defaults.
    """
    stdin = sys.stdin.buffer.read() if paths == (STDIN,) else None
    root, listing, options = _located(paths, form, name, select=select, ignore=ignore, include_tests=include_tests)
    color = output is None and has_color()
    asked = Asked(root, listing, options, form, color, baseline, revision, stdin)
    store = Store(None if no_cache else cache_folder())
    try:
        answer = _answer(asked, store)
    finally:
        store.close()
    write(answer.text, output)
    context.exit(1 if answer.found else 0)


def write(report: str, output: Path | None) -> None:
    """Put a report where it was asked for."""
    if output is None:
        click.echo(report, nl=False)
    else:
        from mooring.audit.fixer import replace_file  # noqa: PLC0415  # only where it is needed: it takes its time

        replace_file(output, report.encode())


def has_color() -> bool:
    """Whether standard output is a terminal that may be written to in colour (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _located(
    paths: tuple[Path, ...],
    form: str,
    name: str | None,
    *,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    include_tests: bool,
) -> tuple[Path, list[str], Options]:
    """The root, the files below it and the options."""
    if STDIN in paths:
        if len(paths) > 1:
            raise UsageError("PATH -: standard input is audited alone; leave the other paths out")
        file = Path(name or "stdin.py").absolute()
        root = Path.cwd() if file.is_relative_to(Path.cwd()) else file.parent
        listing = [file.relative_to(root).as_posix()]
        return root, listing, options_for(root, select=select, ignore=ignore, include_tests=include_tests)
    if name is not None:
        raise UsageError("--stdin-filename: goes with PATH - only")
    located = [path.absolute() for path in paths]
    for path, given in zip(located, paths, strict=True):
        if not path.exists():
            raise UsageError(f"{given}: no such file or directory")
    root = common_root(located)
    if form in FROM_HERE and root.is_relative_to(Path.cwd()):
        root = Path.cwd()
    options = options_for(root, select=select, ignore=ignore, include_tests=include_tests)
    listing = list(walk(root, located, options.exclude, options.base))
    if not listing:
        raise UsageError(f"{', '.join(map(str, paths))}: no Python file or manifest to audit")
    return root, listing, options


def _answer(asked: Asked, store: Store) -> Answer:
    """The report: that of last time if nothing has changed, else a new one."""
    if asked.stdin is not None or asked.revision is not None:
        return _new_answer(asked, store)[0]
    question = Question(store, asked.words(), asked.root, asked.listing)
    answer = question.answer()
    if answer is None:
        answer, consulted = _new_answer(asked, store)
        question.keep(answer, consulted)
    return answer


def _new_answer(asked: Asked, store: Store) -> tuple[Answer, list[str]]:
    # Here, because a report of last time needs none of it.
    from mooring.audit.baseline import new_findings, read_baseline  # noqa: PLC0415
    from mooring.audit.changes import changed_since  # noqa: PLC0415
    from mooring.audit.engine import examine  # noqa: PLC0415

    baseline = read_baseline(asked.baseline) if asked.baseline else None
    changed = changed_since(asked.root, asked.revision) if asked.revision else None
    overlay = {} if asked.stdin is None else {asked.listing[0]: asked.stdin}
    found = examine(asked.root, asked.listing, options=asked.options, overlay=overlay, store=store)
    findings = found.findings
    if changed is not None:
        findings = tuple(finding for finding in findings if finding.problem.path in changed)
    if baseline is not None:
        findings = tuple(new_findings(findings, baseline))
    found = replace(found, findings=findings)
    report = importlib.import_module(f"mooring.report.{asked.form}")
    text = report.render(found, color=asked.color) if asked.form == "text" else report.render(found)
    return Answer(text, bool(findings)), [*asked.consulted(), *found.project.releases.consulted, *found.consulted]
