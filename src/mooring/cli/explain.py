"""`mooring explain`: what a rule finds, what comes of it and what to do."""

from __future__ import annotations

import click

from mooring.audit.catalogue import catalogue
from mooring.audit.rule import Rule
from mooring.cli.audit import complete_codes
from mooring.errors import UsageError

__all__ = ["command"]


@click.command("explain", short_help="Print the manual of a rule, or list all rules.")
@click.argument("names", metavar="[RULE]...", nargs=-1, shell_complete=complete_codes)
def command(names: tuple[str, ...]) -> None:
    """Print the manual of each RULE (MR301, client-per-call), or list all rules."""
    if names:
        click.echo("\n\n".join(_manual(_rule(name)) for name in names))
        return
    width = max(len(rule.name) for rule in catalogue())
    for rule in catalogue():
        click.echo(f"{rule.code}  {rule.name:<{width}}  {rule.severity:<7}  {rule.manual.splitlines()[0]}")


def _rule(name: str) -> Rule:
    found = next((rule for rule in catalogue() if name.lower() in (rule.code.lower(), rule.name)), None)
    if found is None:
        raise UsageError(f"no rule is called {name!r}; mooring explain lists them all")
    return found


def _manual(rule: Rule) -> str:
    return f"{rule.code} {rule.name} ({rule.severity})\n\n{rule.manual}"
