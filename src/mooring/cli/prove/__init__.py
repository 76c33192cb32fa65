"""`mooring prove`: run and measure a fleet before and after the fix."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import click

from mooring.audit.fixer import replace_file
from mooring.cli.audit import has_color
from mooring.cli.prove.fleet import check_faulted, prepare
from mooring.cli.prove.ground import ending_cleanly, private_redis, workspace
from mooring.errors import UsageError
from mooring.prove import FAULTS, Contact, Load, Plan, Scenario, State, dump, prove, read_plan, read_target
from mooring.report.html import page, require
from mooring.report.proof import render
from mooring.report.tally import counted

__all__ = ["command"]

_WIDEST = 120
_DEFAULT = Load()
LOADS = [one.value for one in (Scenario.HIT, Scenario.MISS, Scenario.BURST, Scenario.START)]
ALL = "all"
TARGETS = "Such as hit=10 (ms), failures=0.1, response=-30 (%)."


@click.command("prove", short_help="Run and measure every service before and after the fix.")
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
@click.option(
    "--scenario",
    "scenarios",
    type=click.Choice(LOADS),
    multiple=True,
    default=[scenario.value for scenario in _DEFAULT.scenarios],
    show_default=True,
    metavar="KIND",
    help="hit, miss, burst, cold start.",
)
@click.option(
    "--fault",
    "faults",
    type=click.Choice([*(fault.value for fault in FAULTS), ALL]),
    multiple=True,
    metavar="KIND",
    help="restart, failover, exhaustion, rotation or all.",
)
@click.option("--fault-on", multiple=True, metavar="NAME", help="Faults strike only this service; repeatable.")
@click.option("--target", "targets", multiple=True, metavar="AIM=BOUND", help=TARGETS)
@click.option("--plan", type=click.Path(dir_okay=False, path_type=Path), help="A TOML file: what services are asked.")
@click.option("--command", "run", metavar="LINE", help="Start the one service that is measured with this.")
@click.option("--service", "names", multiple=True, metavar="NAME", help="Measure only this one; repeatable.")
@click.option("--unsafe", is_flag=True, help="Also make the unsafe fixes in the fixed copy.")
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
    scenarios: tuple[str, ...],
    faults: tuple[str, ...],
    fault_on: tuple[str, ...],
    targets: tuple[str, ...],
    plan: Path | None,
    run: str | None,
    names: tuple[str, ...],
    unsafe: bool,
    keep: Path | None,
) -> None:
    """Run every service in PATH before and after the fix, and compare them.

    Works on copies. MCP servers are found, and their tool lookup(key) is called; --plan says how others are asked.
    Exits with 0 if each uses its Redis after the fix, 1 if one does not, 2 with nothing to measure.
    """
    chosen = [Scenario(name) for name in dict.fromkeys(scenarios)]
    struck = FAULTS if ALL in faults else [Scenario(name) for name in dict.fromkeys(faults)]
    levels = tuple(dict.fromkeys(concurrency))
    load = Load(calls, rounds, levels, scenarios=tuple(chosen), faults=tuple(struck), fault_on=fault_on)
    planned = read_plan(plan) if plan else Plan()
    # What the command line says of an aim comes before what the file says.
    aims = {target.aim: target for target in (*planned.targets, *map(read_target, targets))}
    for file in (output, samples):
        _check_folder(file)
    if output:
        require()
    progress = _Progress()
    with ending_cleanly(), workspace(keep) as folder:
        fleet = prepare(path.resolve(), folder, names, plan=planned, command=run, unsafe=unsafe)
        check_faulted(fleet, fault_on)
        progress.say(f"{counted(len(fleet.candidates), 'service')} in {path}: copied twice, and one copy fixed")
        with private_redis(len(fleet.candidates)) as (lanes, version):
            proof = prove(
                fleet.name,
                fleet.candidates,
                fleet.copies,
                lanes,
                version,
                load,
                progress,
                fleet.caveats,
                tuple(aims.values()),
            )
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

    def striking(self, service: str, fault: Scenario) -> None:
        """A fault begins to strike the Redis of a service."""
        self.say(f"  {service}: {fault}")


def _check_folder(file: Path | None) -> None:
    """Better said now than after a minute of measuring."""
    if file and not file.absolute().parent.is_dir():
        raise UsageError(f"{file}: its folder does not exist")
