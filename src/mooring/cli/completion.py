"""`mooring completion`: the script that lets a shell complete commands, options and rule codes."""

from __future__ import annotations

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

__all__ = ["command"]

SHELLS: dict[str, type[ShellComplete]] = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}


@click.command("completion")
@click.argument("shell", type=click.Choice(list(SHELLS)))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print the completion script of a SHELL.

    For bash: eval "$(mooring completion bash)" in ~/.bashrc; for zsh the same in ~/.zshrc; for fish: mooring completion
    fish > ~/.config/fish/completions/mooring.fish
    """
    group = context.find_root().command
    click.echo(SHELLS[shell](group, {}, "mooring", "_MOORING_COMPLETE").source())
