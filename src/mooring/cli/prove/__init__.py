"""`mooring prove`: run and measure a fleet before and after the fix."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import click

from mooring.audit.fixer import replace_file
from mooring.cli.audit import has_color
from mooring.cli.prove.fleet import prepare
from mooring.cli.prove.ground import ending_cleanly, private_redis, workspace
from mooring.errors import UsageError
from mooring.prove import Contact, Load, State, dump, prove
from mooring.report.html import page, require
from mooring.report.proof import render
from mooring.report.tally import counted

__all__ = ["command"]

_WIDEST = 120
_DEFAULT = Load()


@click.command("prove")
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write the HTML report here.")
@click.option("--json", "samples", type=click.Path(dir_okay=False, path_type=Path), help="Write the raw samples here.")
@click.option("--calls", type=int, default=_DEFAULT.calls, show_default=True, help="Calls a block.")
@click.option("--rounds", type=int, default=_DEFAULT.rounds, show_default=True, help="Rounds, both sides in each.")
@click.option(
    "--concurrency",
    type=int,
    multiple=True,
    default=_DEFAULT.concurrency,
    show_default=True,
    help="Callers at once; repeatable.",
)
@click.option("--service", "names", multiple=True, metavar="NAME", help="Measure only this one; repeatable.")
@click.option("--unsafe", is_flag=True, help="Also make the unsafe fixes of `mooring fix` in the fixed copy.")
@click.option("--keep", type=click.Path(file_okay=False, path_type=Path), help="Keep both copies in this new folder.")
@click.pass_context
def command(
    context: click.Context,
    path: Path,
    output: Path | None,
    samples: Path | None,
    calls: int,
    rounds: int,
    concurrency: tuple[int, ...],
    names: tuple[str, ...],
    unsafe: bool,
    keep: Path | None,
) -> None:
    """Prove what the fix does: run every MCP server in PATH before and after it, under the same load.

    Works on copies and on a private Redis with a password; PATH is never touched. Each server gets the environment of
    its Kubernetes or Compose manifest. Exits with 0 if every server that can be measured uses its Redis after the fix,
    1 if one does not, 2 if there is nothing to measure.
    """
    load = Load(calls, rounds, tuple(dict.fromkeys(concurrency)))
    for file in (output, samples):
        _check_folder(file)
    if output:
        require()
    progress = _Progress()
    with ending_cleanly(), workspace(keep) as folder:
        fleet = prepare(path.resolve(), folder, names, unsafe=unsafe)
        progress.say(f"{counted(len(fleet.candidates), 'MCP server')} in {path}: copied twice, and one copy fixed")
        with private_redis(len(fleet.candidates)) as (lanes, version):
            proof = prove(fleet.name, fleet.candidates, fleet.copies, lanes, version, load, progress, fleet.caveats)
    width = min(shutil.get_terminal_size().columns, _WIDEST)
    click.echo(render(proof, color=has_color(), width=width), nl=False)
    if samples:
        replace_file(samples, dump(proof).encode())
        click.echo(f"raw samples: {samples}")
    if output:
        beside = Path(os.path.relpath(samples, output.parent)).as_posix() if samples else None
        replace_file(output, page(proof, beside).encode())
        click.echo(f"report: {output}")
    context.exit(1 if proof.broken else 0)


class _Progress:
    """Tells on standard error what is being done."""

    def say(self, text: str) -> None:
        """Print a line."""
        click.echo(text, err=True)

    def contacted(self, contact: Contact) -> None:
        """One side of a service was started and asked for a key."""
        reason = f": {contact.reason}" if contact.reason else ""
        state = click.style(contact.state, fg="green" if contact.state is State.CONNECTS else "red")
        self.say(f"  {contact.service}, {contact.side}: {state}{reason}")

    def loading(self, service: str) -> None:
        """The load on a service begins."""
        self.say(f"  {service}: measuring")


def _check_folder(file: Path | None) -> None:
    """Better said now than after a minute of measuring."""
    if file and not file.absolute().parent.is_dir():
        raise UsageError(f"{file}: its folder does not exist")
