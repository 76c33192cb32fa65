"""Asks about each fix in turn, as `git add -p` does about each hunk."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable

import click

from mooring.audit.fixer import Proposal
from mooring.errors import UsageError

__all__ = ["Asking"]

QUESTION = "Make this fix [y,n,a,q,?]? "
HELP = """\
y - make this fix
n - do not make it
a - make it and all that follow
q - make neither it nor any that follows
? - show this help
"""


class Asking:
    """Answers for the user whether a fix is wanted; `clean` masks secrets in what is shown."""

    def __init__(self, clean: Callable[[str], str]) -> None:
        """Raises `UsageError` where there is nobody to ask, and no answers were piped in."""
        if not _answerable():
            raise UsageError("--interactive: standard input is no terminal, nor are there answers in it")
        self._clean = clean
        self._for_all: bool | None = None

    def __call__(self, proposal: Proposal) -> bool:
        """Whether to make this fix."""
        if self._for_all is None:
            self._show(proposal)
            answer = _answer()
            if answer in ("a", "q"):
                self._for_all = answer == "a"
            return answer in ("a", "y")
        return self._for_all

    def _show(self, proposal: Proposal) -> None:
        first, rules = proposal.findings[0].problem, dict.fromkeys(finding.rule for finding in proposal.findings)
        click.echo(self._clean("".join(change.diff() for change in proposal.preview())), nl=False)
        place = f"{first.path}:{first.span.line}"
        click.echo(self._clean(f"{place}: {proposal.fix.title} ({', '.join(rules)}; {proposal.fix.safety})"))


def _answer() -> str:
    """One of y, n, a and q; the end of the input counts as the last."""
    while True:
        click.echo(QUESTION, nl=False)
        line = sys.stdin.readline()
        if not line:
            click.echo()
        answer = line.strip().lower()[:1] if line else "q"
        if answer in ("y", "n", "a", "q"):
            return answer
        click.echo(HELP, nl=False)


def _answerable() -> bool:
    """Whether standard input is a terminal, or holds answers: the null device does not."""
    try:
        return sys.stdin.isatty() or not stat.S_ISCHR(os.fstat(sys.stdin.fileno()).st_mode)
    except (AttributeError, OSError, ValueError):
        return sys.stdin is not None and not sys.stdin.closed
