"""The command line: each command is a module here with a `command`, imported when it is called for.

Exit codes: 0 all is well, 1 the command found what it looks for, 2 wrong usage or an error, 130 interrupted.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import pkgutil
import sys
import traceback
from collections.abc import Sequence
from typing import cast

import click

from mooring import __version__
from mooring.errors import MooringError

__all__ = ["main"]

ERROR = 2
INTERRUPTED = 130


class LazyGroup(click.Group):
    """Commands found by the names of this package's modules, so that one command does not pay for the others."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the commands, in order."""
        del ctx
        return sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(__path__))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"{__name__}.{cmd_name.replace('-', '_')}")
        return cast(click.Command, module.command)


@click.group(cls=LazyGroup, name="mooring", context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mooring")
def group() -> None:
    """Tie a fleet of Python services to Redis and keep it tied."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line (that of this process unless `arguments` are given) and return the exit code.

    Whatever goes wrong is one line on standard error; no traceback reaches a user.
    """
    code = _run(arguments)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has left. Python would complain once more on its way out.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def _run(arguments: Sequence[str] | None) -> int:
    try:
        result = group.main(arguments, prog_name="mooring", standalone_mode=False)
    except SystemExit as exit_:  # click's answer to a broken pipe and to shell completion
        return exit_.code if isinstance(exit_.code, int) else 0
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
        return ERROR
    except MooringError as error:
        return _failed(str(error))
    except OSError as error:
        return _failed(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except Exception as error:  # noqa: BLE001  # the border to the user, who must see no traceback
        place = traceback.extract_tb(error.__traceback__)[-1]
        # Not the message: it may quote what it was about, and that may be a secret.
        return _failed(f"internal error: {type(error).__name__} at {place.filename}:{place.lineno}; please report it")
    return result if isinstance(result, int) else 0


def _failed(message: str) -> int:
    click.echo(f"mooring: error: {message}", err=True)
    return ERROR
